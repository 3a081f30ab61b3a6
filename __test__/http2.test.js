'use strict'

// Promise: a server that offers HTTP/2 is spoken to in HTTP/2, and everything else stays as it is.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidApiError, PlaidConnectionError, PlaidResponseError } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, INPUT, SECRET, clientOf, works } = require('./support/client.js')
const { createAuthority } = require('./support/certificates.js')
const { failure } = require('./support/failure.js')
const { json, raw, silent, startServer } = require('./support/server.js')

const authority = createAuthority()
const BOUND = { timeout: 15_000 }

async function start(t, ...replies) {
  const server = await startServer(t, { tls: authority.issue(), http2: true, replies })
  return { server, client: clientOf(server, { ca: authority.pem, timeoutMs: 60_000 }) }
}

test('HTTP/2 is chosen where the server offers it, with the same request', async (t) => {
  const { server, client } = await start(t)
  await works(client)
  const [{ httpVersion, method, url, headers, body }] = server.requests
  assert.equal(httpVersion, '2.0')
  assert.equal(method, 'POST')
  assert.equal(url, '/sandbox/item/reset_login')
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['plaid-version'], '2020-09-14')
  assert.equal(headers['plaid-client-id'], CLIENT_ID)
  assert.equal(headers['plaid-secret'], SECRET)
  assert.equal(headers[':authority'], `localhost:${server.port}`)
  assert.equal(body.toString(), `{"access_token":"${ACCESS_TOKEN}"}`)
})

test('many calls at once share one connection, once it is open', async (t) => {
  const { server, client } = await start(t)
  await works(client)
  await Promise.all(Array.from({ length: 50 }, () => works(client)))
  assert.equal(server.requests.length, 51)
  assert.equal(server.connectionCount(), 1)
})

test('an error reply and a page are told as over HTTP/1.1', async (t) => {
  const refused = json(400, { error_code: 'INVALID_ACCESS_TOKEN', error_message: SECRET })
  const { client } = await start(t, refused, raw(200, `<p>${SECRET}`))
  await failure(client, PlaidApiError, { status: 400, code: 'INVALID_ACCESS_TOKEN' })
  await failure(client, PlaidResponseError, { status: 200 })
  await works(client)
})

test('aborting a call resets its stream and leaves the others alone', BOUND, async (t) => {
  const { server, client } = await start(t, silent)
  const controller = new AbortController()
  const arrived = once(server, 'request')
  const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  const [request] = await arrived
  const closed = once(request.stream, 'close')
  const other = works(client)
  controller.abort('enough')
  await assert.rejects(call, (reason) => reason === 'enough')
  await closed
  await other
  assert.equal(server.connectionCount(), 1)
})

test('a stream that the server resets is a connection error', async (t) => {
  const { server, client } = await start(t, ({ stream }) => stream.close(2))
  const fields = { attempts: 1, retryable: true }
  await failure(client, PlaidConnectionError, fields, INPUT, { maxRetries: 0 })
  await works(client)
  assert.equal(server.requests.length, 2)
})

test('a session that the server ends is followed by a new one', BOUND, async (t) => {
  const { server, client } = await start(t, (request, response) => {
    response.end(JSON.stringify({ reset_login: true, request_id: 'q' }))
    request.stream.session.close()
  })
  await client.sandboxitemresetlogin(INPUT)
  if (server.sockets.size > 0) await once(server, 'close')
  await works(client)
  assert.equal(server.connectionCount(), 2)
})
