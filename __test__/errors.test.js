'use strict'

// Promise: each way a call can fail rejects with an error of its class, with the documented fields,
// and the client works afterwards. Which failure gets which code is proved in crates/client.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
  createPlaidClient,
} = require('../index.js')
const { INPUT, PASSWORD, SECRET, clientOf, works } = require('./support/client.js')
const { failure, refusal } = require('./support/failure.js')
const { good, json, raw, reset, silent, startServer } = require('./support/server.js')

/** Makes a call that fails with `fields`, then one that works. Returns the error. */
async function check(t, replies, Class, fields, options) {
  const server = await startServer(t, { replies })
  const client = clientOf(server)
  const error = await failure(client, Class, fields, INPUT, options)
  assert.equal(server.requests.length, replies.length)
  await works(client)
  return error
}

test('a refused connection is a PlaidConnectionError that names the address and its cause', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, { maxRetries: 1 })
  await server.stop()
  const fields = { code: 'ECONNREFUSED', attempts: 2, retryable: true }
  const error = await failure(client, PlaidConnectionError, fields)
  assert.match(error.message, new RegExp(`127.0.0.1:${server.port}`))
  assert.ok(error.cause instanceof Error)
  assert.equal(error.cause.stack, `Error: ${error.cause.message}`)
  await server.restart()
  await works(client)
})

test('a reset connection counts every attempt', (t) =>
  check(t, [reset, reset, reset], PlaidConnectionError, {
    code: 'ECONNRESET',
    attempts: 3,
    retryable: true,
  }))

test('a call without a reply is a PlaidTimeoutError without a cause', (t) => {
  const fields = { code: 'TIMEOUT', attempts: 1, retryable: true, cause: undefined }
  return check(t, [silent], PlaidTimeoutError, fields, { timeoutMs: 200 })
})

test('the cause of a PlaidTimeoutError is the error of the attempt before', async (t) => {
  const busy = json(503, { error_code: 'BUSY' }, { 'retry-after': '0' })
  const fields = { code: 'TIMEOUT', attempts: 2 }
  const error = await check(t, [busy, silent], PlaidTimeoutError, fields, { timeoutMs: 1500 })
  assert.ok(error.cause instanceof PlaidApiError)
  assert.equal(error.cause.code, 'BUSY')
})

test('a reply that is not JSON is a PlaidResponseError that shows nothing of it', (t) => {
  const page = raw(200, `<!doctype html><title>${SECRET}</title>`)
  const fields = { code: 'UNEXPECTED_RESPONSE', status: 200, attempts: 1, retryable: false }
  return check(t, [page], PlaidResponseError, { ...fields, message: /line 1 column 1/ })
})

test('a PlaidResponseError keeps the HTTP status, and says whether to retry', (t) => {
  const page = raw(502, '<p>Bad gateway')
  const fields = { status: 502, attempts: 2, retryable: true }
  return check(t, [page, page], PlaidResponseError, fields, { maxRetries: 1 })
})

test('maxRetries of the call wins over that of the client', async (t) => {
  const busy = json(503, { error_code: 'BUSY' }, { 'retry-after': '0' })
  const server = await startServer(t, { replies: Array(7).fill(busy) })
  const client = clientOf(server, { maxRetries: 4 })
  await failure(client, PlaidApiError, { attempts: 5 })
  await failure(client, PlaidApiError, { attempts: 2 }, INPUT, { maxRetries: 1 })
  await works(client)
})

test('timeoutMs of the call wins over that of the client', async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, { timeoutMs: 600_000 })
  await failure(client, PlaidTimeoutError, { code: 'TIMEOUT' }, INPUT, { timeoutMs: 100 })
})

const REFUSED_URLS = [
  ['https://production.plaid.com', 'NOT_SANDBOX'],
  [`https://user:${PASSWORD}@sandbox.plaid.com`, 'INVALID_BASE_URL'],
  [`https://sandbox.plaid.com?secret=${SECRET}`, 'INVALID_BASE_URL'],
  [`https://sandbox.plaid.com#${SECRET}`, 'INVALID_BASE_URL'],
  [SECRET, 'INVALID_BASE_URL'],
  ['http://sandbox.plaid.com', 'INSECURE_URL'],
  ['', 'INVALID_OPTION'],
]

test('createPlaidClient throws for a base URL that is refused, without showing it', () => {
  for (const [baseUrl, code] of REFUSED_URLS) {
    refusal(() => createPlaidClient({ baseUrl }), PlaidUsageError, { code, field: 'baseUrl' })
  }
})
test('attemptTimeoutMs ends an attempt without a reply, and the next one is answered', async (t) => {
  const server = await startServer(t, { replies: [silent] })
  await works(clientOf(server, { attemptTimeoutMs: 200 }))
  assert.equal(server.requests.length, 2)
})

test('connectTimeoutMs ends a TLS handshake that stops', async (t) => {
  const server = await startServer(t, { connections: [(socket) => socket.resume()] })
  const options = { connectTimeoutMs: 200, maxRetries: 0, timeoutMs: 60_000 }
  const client = clientOf({ url: `https://localhost:${server.port}` }, options)
  const started = performance.now()
  await failure(client, PlaidConnectionError, { attempts: 1, retryable: true })
  assert.ok(performance.now() - started < 30_000)
})

test('maxConnections limits the calls that are in flight at once', async (t) => {
  let open = 0
  let most = 0
  const slow = (request, response) => {
    most = Math.max(most, ++open)
    setTimeout(() => {
      open--
      good(request, response)
    }, 5)
  }
  const server = await startServer(t, { replies: Array(20).fill(slow) })
  const client = clientOf(server, { maxConnections: 2 })
  await Promise.all(Array.from({ length: 20 }, () => works(client)))
  assert.equal(server.requests.length, 20)
  assert.equal(most, 2)
})
