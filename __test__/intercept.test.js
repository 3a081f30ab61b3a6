'use strict'

// Promise: the preload sends exactly sandbox.plaid.com:443 to the local Sandbox and touches no other
// connection. If it cannot, it ends the process with one clear error; nothing reaches the real host.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { test } = require('node:test')
const { PRELOAD, runIntercepted, startedSandbox } = require('./support/intercept.js')

const NAME = '@utdk/plaid/intercept'
const REAL = 'https://sandbox.plaid.com/'

/** Asserts that the process ended before the app started, with one line that matches. */
async function checkRefused(env, expected) {
  const ended = await runIntercepted('requests.mjs', { args: [REAL], env })
  assert.deepEqual([ended.code, ended.stdout], [1, ''], ended.stderr)
  const lines = ended.stderr.trimEnd().split('\n')
  assert.equal(lines.length, 1, ended.stderr)
  assert.ok(lines[0].startsWith(`${NAME}: `), lines[0])
  assert.match(lines[0], expected)
}

/** A server that answers every request with this status and body. */
async function answering(t, status, body) {
  const server = http.createServer((_, response) => response.writeHead(status).end(body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${server.address().port}`
}

test('it says that it is on, and where connections go', async (t) => {
  const { sandbox, env } = await startedSandbox(t)
  const { code, stdout, stderr } = await runIntercepted('requests.mjs', { args: [REAL], env })
  assert.deepEqual([code, stdout], [0, '404\n'])
  const said = `connections to sandbox.plaid.com:443 go to the local Sandbox at ${sandbox.url}`
  assert.equal(stderr, `${NAME}: ${said}\n`)
})

test('it takes a Sandbox that was started with or without tls', async (t) => {
  const { sandbox, env } = await startedSandbox(t, { tls: true })
  const { stdout } = await runIntercepted('requests.mjs', { args: [REAL], env })
  assert.equal(stdout, '404\n')
  assert.equal((await sandbox.requests()).length, 1)
})

test('it ends the process without a Sandbox', async (t) => {
  const { env } = await startedSandbox(t)
  await checkRefused({ ...env, PLAID_SANDBOX_URL: '' }, /is not set.*npx @utdk\/plaid run/)
  const gone = net.createServer()
  gone.listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address()
  gone.close()
  await once(gone, 'close')
  const url = `http://127.0.0.1:${port}`
  await checkRefused({ ...env, PLAID_SANDBOX_URL: url }, /no Sandbox answers.*\(ECONNREFUSED\)/)
})

test('it ends the process for a URL that is not that of a Sandbox', async (t) => {
  const { env } = await startedSandbox(t)
  for (const url of [
    'sandbox',
    '127.0.0.1:8321',
    'https://127.0.0.1:8321',
    'http://sandbox.plaid.com',
    'https://sandbox.plaid.com',
    'http://user:secret@127.0.0.1:8321',
    'http://127.0.0.1:8321/path',
    'file:///etc/hosts',
  ]) {
    await checkRefused({ ...env, PLAID_SANDBOX_URL: url }, /must be the http URL/)
  }
})

test('it ends the process if something else answers', async (t) => {
  const { env } = await startedSandbox(t)
  const json = (value) => JSON.stringify(value)
  for (const [status, body, expected] of [
    [200, '<html>', /of this version\?/],
    [200, 'null', /of this version\?/],
    [200, json({ port: '1', ca: '-----BEGIN' }), /of this version\?/],
    [200, json({ port: 1, ca: 1 }), /of this version\?/],
    [404, json({ error_code: 'NOT_FOUND' }), /of this version\?/],
    [403, json({ error_message: 'only this machine' }), /: only this machine$/],
    [200, 'x'.repeat(100_000), /too long/],
  ]) {
    const url = await answering(t, status, body)
    await checkRefused({ ...env, PLAID_SANDBOX_URL: url }, expected)
  }
})

test('it refuses NODE_ENV=production, at the start and later', async (t) => {
  const { sandbox, env } = await startedSandbox(t)
  await checkRefused({ ...env, NODE_ENV: 'production' }, /NODE_ENV=production$/)
  const args = ['NODE_ENV=production', REAL, 'NODE_ENV=test', REAL]
  const { stdout } = await runIntercepted('requests.mjs', { args, env })
  assert.equal(stdout, `${NAME} refuses to run with NODE_ENV=production\n404\n`)
  assert.equal((await sandbox.requests()).length, 1)
})

test('a Sandbox that stops is a refused connection, not a call to the real host', async (t) => {
  const { sandbox, env } = await startedSandbox(t)
  const tls = await (await fetch(`${sandbox.url}/_sandbox/tls`)).json()
  const url = await answering(t, 200, JSON.stringify(tls))
  await sandbox.close()
  const gone = { ...env, PLAID_SANDBOX_URL: url }
  const { stdout } = await runIntercepted('requests.mjs', { args: [REAL], env: gone })
  assert.equal(stdout, 'ECONNREFUSED\n')
})

test('other hosts and ports are not touched', async (t) => {
  const { sandbox, env } = await startedSandbox(t)
  const others = [
    'https://sandbox.plaid.com:8443/',
    'https://production.plaid.com/',
    'https://cdn.plaid.com/',
    'https://a.sandbox.plaid.com/',
    'https://sandbox.plaid.com.example/',
  ]
  const { stdout } = await runIntercepted('requests.mjs', { args: others, env })
  const hosts = others.map((url) => new URL(url).hostname)
  assert.equal(stdout, hosts.map((host) => `not loopback: ${host}\n`).join(''))
  assert.deepEqual(await sandbox.requests(), [])
})

test('its authority is trusted for that host only', async (t) => {
  const { env } = await startedSandbox(t, { tls: 0 })
  const tls = await (await fetch(`${env.PLAID_SANDBOX_URL}/_sandbox/tls`)).json()
  const args = [`https://localhost:${tls.port}/`, REAL]
  const { stdout } = await runIntercepted('requests.mjs', { args, env })
  assert.match(stdout, /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)\n404\n$/)
})

test('no other authority is trusted for that host', async (t) => {
  const { sandbox, env } = await startedSandbox(t, { tls: true })
  const other = await startedSandbox(t, { tls: true })
  const tls = await (await fetch(`${sandbox.url}/_sandbox/tls`)).json()
  const url = await answering(t, 200, JSON.stringify({ ...tls, ca: other.sandbox.ca }))
  const wrong = { ...env, PLAID_SANDBOX_URL: url }
  const { stdout } = await runIntercepted('requests.mjs', { args: [REAL], env: wrong })
  assert.match(stdout, /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+)\n$/)
})

test('it needs no native binary', async (t) => {
  const { env } = await startedSandbox(t)
  const options = ['--no-addons', PRELOAD]
  const { stdout } = await runIntercepted('requests.mjs', { args: [REAL], env, options })
  assert.equal(stdout, '404\n')
})
