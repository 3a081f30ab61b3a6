'use strict'

// Promise: client.close() lets calls in flight finish, closes the connections, and refuses later calls.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidUsageError } = require('../index.js')
const { INPUT, clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, holding, silent, startServer } = require('./support/server.js')

const BOUND = { timeout: 20_000 }

async function allClosed(server) {
  while (server.sockets.size > 0) await once(server, 'close')
}

test('close() closes idle connections', BOUND, async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  await works(client)
  assert.equal(server.sockets.size, 1)
  await client.close()
  await allClosed(server)
})

test('close() waits for the calls in flight', BOUND, async (t) => {
  const server = await startServer(t, { replies: [holding] })
  const client = clientOf(server)
  const arrived = once(server, 'request')
  const call = client.sandboxitemresetlogin(INPUT)
  const [request] = await arrived
  let isClosed = false
  const closed = client.close().then(() => {
    isClosed = true
  })
  await works(clientOf(server))
  assert.equal(isClosed, false)
  request.answer()
  assert.deepEqual(await call, GOOD_REPLY)
  await closed
})

test('calls of the tick that closes the client are answered', BOUND, async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  const calls = Array.from({ length: 20 }, () => client.sandboxitemresetlogin(INPUT))
  await client.close()
  assert.deepEqual(await Promise.all(calls), Array(20).fill(GOOD_REPLY))
})

test('an aborted call does not delay close()', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, { timeoutMs: 600_000 })
  const controller = new AbortController()
  const arrived = once(server, 'request')
  const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  await arrived
  const closed = client.close()
  controller.abort('no longer needed')
  await assert.rejects(call, (reason) => reason === 'no longer needed')
  await closed
  await allClosed(server)
})

test('a call after close() is refused as CLOSED, with or without options', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  await client.close()
  const fields = { code: 'CLOSED', attempts: 0, field: undefined, retryable: false }
  await failure(client, PlaidUsageError, fields)
  await failure(client, PlaidUsageError, fields, INPUT, { maxRetries: 0 })
  assert.equal(server.connectionCount(), 0)
})

test('close() may be called again, and other clients go on', BOUND, async (t) => {
  const server = await startServer(t)
  const [client, other] = [clientOf(server), clientOf(server)]
  await works(other)
  const closed = client.close()
  assert.equal(client.close(), closed)
  await client[Symbol.asyncDispose]()
  await works(other)
})
