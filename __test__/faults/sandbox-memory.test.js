'use strict'

// Promise: a Sandbox cannot be used up. After a million requests, 10 000 Items that are each broken and
// repaired a hundred times, 150 000 link tokens, 10 000 requests of 1 MB and 200 event readers that
// never read, its process has at most 100 MB.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')

const BOUND = { timeout: 30 * 60_000 }
const CONNECTIONS = 8
/** Requests that one connection sends before it waits for their responses. */
const BATCH = 50
const LIMIT_MIB = 100

const PACKAGE = path.join(__dirname, '../..')

/** A Sandbox in a process of its own. */
const PROGRAM = `
  const { startSandbox } = require(process.argv[1] + '/sandbox.js')
  startSandbox({ seed: 1 }).then(({ url, clientId, secret }) => {
    process.stdout.write(JSON.stringify({ url, clientId, secret }))
    process.stdin.resume()
  })
`

function message(path, body, headers = '') {
  const length = Buffer.byteLength(body)
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${headers}\r\n${body}`
}

/** Sends what `next(index)` returns, `count` times, and waits for a response to each. */
async function flood(port, count, next, { batch = BATCH } = {}) {
  let sent = 0
  await Promise.all(Array.from({ length: CONNECTIONS }, () => run()))

  async function run() {
    const socket = net.connect(port, '127.0.0.1')
    try {
      while (sent < count) {
        const size = Math.min(batch, count - sent)
        let text = ''
        for (let i = 0; i < size; i++) text += next(sent++)
        socket.write(text)
        await responses(socket, size)
      }
    } finally {
      socket.destroy()
    }
  }
}

function responses(socket, count) {
  return new Promise((resolve, reject) => {
    let left = count
    let end = ''
    const onData = (data) => {
      // A status line may be split over two chunks.
      const text = end + data.toString('latin1')
      left -= text.split('HTTP/1.1 ').length - 1
      end = text.slice(text.lastIndexOf('\n') + 1).slice(-8)
      if (left > 0) return
      socket.off('data', onData)
      socket.off('close', onClose)
      resolve()
    }
    const onClose = () => reject(new Error('the connection was closed'))
    socket.on('data', onData)
    socket.on('close', onClose)
  })
}

function memoryMib(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) / 1024
}

test('memory stays below 100 MiB, whatever is asked', BOUND, async (t) => {
  const sandbox = spawn(process.execPath, ['-e', PROGRAM, PACKAGE], { stdio: 'pipe' })
  t.after(() => sandbox.kill('SIGKILL'))
  const [line] = await once(sandbox.stdout, 'data')
  const { url, clientId, secret } = JSON.parse(line)
  const port = new URL(url).port
  const credentials = `plaid-client-id: ${clientId}\r\nplaid-secret: ${secret}\r\n`
  const plaid = (path, body) => message(path, JSON.stringify(body), credentials)
  const control = async (path, body) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${url}/_sandbox/${path}`, { ...init, body: JSON.stringify(body) })
    return response.json()
  }
  const seen = {}
  const measure = (what) => {
    seen[what] = Math.round(memoryMib(sandbox.pid))
    t.diagnostic(`${what}: ${seen[what]} MiB`)
  }
  measure('at the start')

  const readers = Array.from({ length: 200 }, () => {
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /_sandbox/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    return socket.pause()
  })
  t.after(() => {
    for (const reader of readers) reader.destroy()
  })

  const items = []
  for (let i = 0; i < 10_000; i++) items.push(await control('items', {}))
  measure('with 10 000 Items')
  await flood(port, 2_000_000, (index) => {
    const item = items[(index >> 1) % items.length]
    return index % 2 === 0
      ? plaid('/sandbox/item/reset_login', { access_token: item.access_token })
      : message(`/_sandbox/items/${item.item_id}/repair`, '{}')
  })
  measure('after 1 000 000 resets and repairs')

  const link = {
    client_name: 'Your app',
    language: 'en',
    country_codes: ['US'],
    user: { client_user_id: 'user-1' },
    products: ['transactions'],
  }
  await flood(port, 150_000, () => plaid('/link/token/create', link))
  measure('after 150 000 link tokens')

  const large = JSON.stringify({ access_token: 'x'.repeat((1 << 20) - 100) })
  await flood(port, 10_000, () => message('/item/get', large), { batch: 1 })
  measure('after 10 000 requests of 1 MB')

  for (const [what, mib] of Object.entries(seen)) {
    assert.ok(mib <= LIMIT_MIB, `${what}: ${mib} MiB, of ${LIMIT_MIB}`)
  }
  const health = await (await fetch(`${url}/_sandbox/health`)).json()
  assert.ok(health.dropped.requests > 1_000_000 && health.dropped.link_tokens > 100_000)
})
