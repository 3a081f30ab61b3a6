'use strict'

// Many calls, and many workers that are terminated in the middle of one.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { run } = require('./child.js')
const { ACCESS_TOKEN, clientOf, works } = require('./client.js')
const { GOOD_REPLY, silent, startServer } = require('./server.js')

const MIB = 1024 * 1024

/** Starts a server that answers with an error where `isErrorAt` says so of a request's number. */
async function startQuickServer(t, isErrorAt) {
  let count = 0
  const good = JSON.stringify(GOOD_REPLY)
  const server = http.createServer((request, response) => {
    request.resume()
    const isError = isErrorAt(++count)
    response.statusCode = isError ? 400 : 200
    response.end(isError ? '{"error_code":"A_CODE"}' : good)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 })
  await once(server, 'listening')
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  return `http://127.0.0.1:${server.address().port}`
}

/** Asserts that `calls` calls all settle, and that memory stays flat after the first third. */
async function checkCalls(t, calls, { growthMib, limitMs }) {
  const env = {
    TEST_ACCESS_TOKEN: ACCESS_TOKEN,
    TEST_CALLS: String(calls),
    TEST_URL: await startQuickServer(t, (number) => number % 3 === 0),
  }
  const { code, stdout, stderr, ms } = await run('flood.js', { env, limitMs })
  assert.deepEqual([code, stderr], [0, ''])
  const { answered, failed, aborted, other, rssBytes } = JSON.parse(stdout)
  assert.equal(answered + failed + aborted, calls)
  assert.equal(other, 0)
  assert.ok(failed > calls / 5 && aborted >= calls / 20, stdout)
  const [early, late] = [rssBytes[Math.floor(rssBytes.length / 3)], rssBytes.at(-1)]
  const rss = rssBytes.map((bytes) => Math.round(bytes / MIB))
  t.diagnostic(`${calls} calls in ${Math.round(ms / 1000)} s, resident MiB: ${rss.join(' ')}`)
  assert.ok(late - early <= growthMib * MIB, `resident memory grew: ${rss.join(' ')} MiB`)
  return { answered, failed, aborted, rss }
}

/** Asserts that `calls` calls at once are all answered where 1 024 files can be open. */
async function checkCrowd(t, calls, { limitMs }) {
  const env = {
    TEST_ACCESS_TOKEN: ACCESS_TOKEN,
    TEST_CALLS: String(calls),
    TEST_URL: await startQuickServer(t, () => false),
  }
  const { code, stdout, stderr } = await run('crowd.js', { env, limitMs, mostFiles: 1024 })
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(JSON.parse(stdout), { answered: calls, codes: [] })
}

/** Asserts that `count` workers that are terminated in the middle of a call leave nothing behind. */
async function checkWorkers(t, count) {
  const server = await startServer(t, { replies: Array(count).fill(silent) })
  const program = path.join(__dirname, '../programs/worker.js')
  const workerData = { url: server.url, access_token: ACCESS_TOKEN }
  const threadsBefore = threadCount()
  for (let i = 0; i < count; i++) {
    const arrived = once(server, 'request')
    const worker = new Worker(program, { workerData })
    await arrived
    await worker.terminate()
  }
  while (server.sockets.size > 0) await once(server, 'close')
  assert.equal(server.requests.length, count)
  const left = threadCount() - threadsBefore
  assert.ok(left <= 2, `${left} threads are left`)
  t.diagnostic(`${left} threads more than before ${count} workers`)
  await works(clientOf(server))
  return { left }
}

function threadCount() {
  return process.platform === 'linux' ? fs.readdirSync('/proc/self/task').length : 0
}

module.exports = { checkCalls, checkCrowd, checkWorkers }
