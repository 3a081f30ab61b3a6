'use strict'

// Promise: what goes wrong below HTTP is a PlaidConnectionError with a code, a deadline that
// passes a PlaidTimeoutError; both say how many attempts there were.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidConnectionError, PlaidTimeoutError } = require('../index.js')
const { INPUT, clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { good, raw, reset, silent, startServer } = require('./support/server.js')

const BOUND = { timeout: 20_000 }

/** Asserts the error of a single attempt at `script`, and that the client goes on. */
async function check(t, script, fields) {
  const server = await startServer(t, script)
  const client = clientOf(server, { maxRetries: 0 })
  const common = { attempts: 1, retryable: true }
  const error = await failure(client, PlaidConnectionError, { ...common, ...fields })
  await works(client)
  return error
}

test('a connection that is refused is ECONNREFUSED, after every attempt', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, { maxRetries: 1 })
  await server.stop()
  const fields = { code: 'ECONNREFUSED', attempts: 2, retryable: true }
  const error = await failure(client, PlaidConnectionError, fields)
  assert.match(error.message, new RegExp(`127.0.0.1:${server.port}`))
  assert.ok(error.cause instanceof Error)
  await server.restart()
  await works(client)
})

test('a host that does not exist is ENOTFOUND', async () => {
  const client = clientOf({ url: 'https://plaid-sandbox.invalid' }, { maxRetries: 1 })
  const fields = { code: 'ENOTFOUND', attempts: 2, message: /plaid-sandbox\.invalid/ }
  await failure(client, PlaidConnectionError, fields)
})

test('a reset in place of a reply is ECONNRESET, after every attempt', async (t) => {
  const server = await startServer(t, { replies: [reset, reset, reset] })
  const client = clientOf(server)
  const fields = { code: 'ECONNRESET', attempts: 3, retryable: true }
  await failure(client, PlaidConnectionError, fields)
  assert.equal(server.requests.length, 3)
  await works(client)
})

test('a connection closed in place of a reply is ECONNRESET', (t) =>
  check(t, { replies: [({ socket }) => socket.end()] }, { code: 'ECONNRESET' }))

/** Sends the head and half a body, and closes the connection once that is written. */
function breakingOff(headers, close) {
  return ({ socket }, response) => {
    response.writeHead(200, headers)
    response.write('{"reset_login":true,', () => close(socket))
  }
}

const HALVES = [
  ['a reset in the middle of a body', { 'content-length': 1000 }, (s) => s.resetAndDestroy()],
  ['a close in the middle of a body', { 'content-length': 1000 }, (s) => s.end()],
  ['a reset in the middle of a chunked body', {}, (s) => s.resetAndDestroy()],
  ['a close in the middle of a chunked body', {}, (s) => s.end()],
]

for (const [what, headers, close] of HALVES) {
  test(`${what} is ECONNRESET`, (t) =>
    check(t, { replies: [breakingOff(headers, close)] }, { code: 'ECONNRESET' }))
}

test('a reply that broke off is tried again', async (t) => {
  const half = breakingOff({ 'content-length': 1000 }, (socket) => socket.resetAndDestroy())
  const server = await startServer(t, { replies: [half, good] })
  await works(clientOf(server))
  assert.equal(server.requests.length, 2)
})

test('what is not HTTP is EPROTO', (t) => {
  const garbage = (socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n'))
  return check(t, { connections: [garbage] }, { code: 'EPROTO' })
})

test('a head without end is refused', (t) => {
  const endless = (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nx-one: ${'a'.repeat(2_000_000)}`)
    socket.resume()
  }
  return check(t, { connections: [endless] }, {})
})

test('a connection that is closed at once is a connection error', (t) =>
  check(t, { connections: [(socket) => socket.destroy()] }, { code: /^(ECONNRESET|EPIPE)$/ }))

test('a server that never answers is a timeout, and its connection is closed', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, { timeoutMs: 200 })
  const closed = once(server, 'close')
  const fields = { code: 'TIMEOUT', attempts: 1, retryable: true, cause: undefined }
  const started = performance.now()
  await failure(client, PlaidTimeoutError, fields)
  assert.ok(performance.now() - started >= 195)
  await closed
  assert.equal(server.requests.length, 1)
  await works(client)
})

test(
  'a server that never finishes the TLS handshake is a timeout, its connection closed',
  BOUND,
  async (t) => {
    const server = await startServer(t, { connections: [(socket) => socket.resume()] })
    const client = clientOf({ url: `https://localhost:${server.port}` }, { timeoutMs: 200 })
    const closed = once(server, 'close')
    await failure(client, PlaidTimeoutError, { code: 'TIMEOUT', attempts: 1 })
    await closed
  },
)

test('the timeoutMs of a call goes before the client’s', async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, { timeoutMs: 600_000 })
  await failure(client, PlaidTimeoutError, { code: 'TIMEOUT' }, INPUT, { timeoutMs: 100 })
  await works(client)
})

test('a body that never ends in time is a timeout', BOUND, async (t) => {
  const half = (_, response) => response.writeHead(200, { 'content-length': 1000 }).write('{')
  const server = await startServer(t, { replies: [half] })
  const client = clientOf(server, { timeoutMs: 200 })
  const closed = once(server, 'close')
  await failure(client, PlaidTimeoutError, { code: 'TIMEOUT', attempts: 1 })
  await closed
  await works(client)
})

test('a server that closed an idle connection is called over a new one', BOUND, async (t) => {
  const closing = raw(200, '{"reset_login":true,"request_id":"q"}', { connection: 'close' })
  const server = await startServer(t, { replies: [closing] })
  const client = clientOf(server, { maxRetries: 0 })
  await client.sandboxitemresetlogin(INPUT)
  await works(client)
  const closed = once(server, 'close')
  for (const socket of server.sockets) socket.end()
  await closed
  await works(client)
  assert.equal(server.connectionCount(), 3)
})
