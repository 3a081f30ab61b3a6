'use strict'

// Promise: a server that offers HTTP/2 gets the same request over HTTP/2.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidConnectionError } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, INPUT, SECRET, clientOf, works } = require('./support/client.js')
const { createAuthority } = require('./support/certificates.js')
const { failure } = require('./support/failure.js')
const { startServer } = require('./support/server.js')

const authority = createAuthority()

async function start(t, ...replies) {
  const server = await startServer(t, { tls: authority.issue(), http2: true, replies })
  return { server, client: clientOf(server, { ca: authority.pem, timeoutMs: 60_000 }) }
}

test('HTTP/2 is used where the server offers it, with the same request', async (t) => {
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

test('a stream that the server resets is a connection error', async (t) => {
  const { server, client } = await start(t, ({ stream }) => stream.close(2))
  const fields = { attempts: 1, retryable: true }
  await failure(client, PlaidConnectionError, fields, INPUT, { maxRetries: 0 })
  await works(client)
  assert.equal(server.requests.length, 2)
})

test('a session that the server ends is followed by a new one', { timeout: 15_000 }, async (t) => {
  const { server, client } = await start(t, (request, response) => {
    response.end(JSON.stringify({ reset_login: true, request_id: 'q' }))
    request.stream.session.close()
  })
  await client.sandboxitemresetlogin(INPUT)
  if (server.sockets.size > 0) await once(server, 'close')
  await works(client)
  assert.equal(server.connectionCount(), 2)
})
