'use strict'

// Promise: closing a Sandbox ends whatever it is in the middle of, at once, and leaves nothing
// behind; a closed one says so.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const { test } = require('node:test')
const { PlaidConnectionError, PlaidUsageError } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const {
  DAY,
  MINUTE,
  assertFree,
  brokenItem,
  linkToken,
  ownClient,
  portOf,
  post,
  resetLogin,
} = require('./support/sandbox.js')
const { json, silent, startServer } = require('./support/server.js')

/** Less than the ten seconds after which a delivery gives up by itself. */
const BOUND = { timeout: 8_000 }

const CLOSED = { name: 'PlaidUsageError', code: 'CLOSED', message: 'the Sandbox is closed' }

test('closing frees the port, also while a connection is open', BOUND, async () => {
  const sandbox = await startSandbox()
  const socket = net.connect(portOf(sandbox), '127.0.0.1')
  await once(socket, 'connect')
  const ended = once(socket.resume(), 'close')
  assert.equal(await sandbox.close(), undefined)
  await assertFree(portOf(sandbox))
  await ended
})

test('closing ends the waiting for a webhook', BOUND, async () => {
  const sandbox = await startSandbox()
  const waiting = [
    sandbox.nextWebhook({ timeoutMs: 60_000 }),
    sandbox.nextWebhook(),
    sandbox.nextWebhook({ webhook_code: 'ERROR', timeoutMs: 60_000 }),
  ]
  const ended = waiting.map((promise) => assert.rejects(promise, CLOSED))
  await sandbox.close()
  await Promise.all(ended)
})

test('closing does not wait for a receiver that never answers', BOUND, async (t) => {
  const sandbox = await startSandbox()
  const receiver = await startServer(t, { replies: [silent] })
  const [arrived, closed] = [once(receiver, 'request'), once(receiver, 'close')]
  await brokenItem(sandbox, receiver.url)
  await arrived
  await sandbox.close()
  await closed
})

test('closing ends a redelivery that is under way', BOUND, async (t) => {
  const sandbox = await startSandbox()
  const receiver = await startServer(t, { replies: [json(200, {}), silent] })
  await brokenItem(sandbox, receiver.url)
  const { id } = await sandbox.nextWebhook()
  const arrived = once(receiver, 'request')
  const ended = assert.rejects(sandbox.redeliverWebhook(id), CLOSED)
  await arrived
  await sandbox.close()
  await ended
})

test('closing ends requests that hang or are late', BOUND, async () => {
  const sandbox = await startSandbox()
  const item = await sandbox.createItem()
  await sandbox.failNext({ kind: 'hang', times: 2 })
  await sandbox.delay({ ms: 3_600_000 })
  const { access_token } = item
  const client = ownClient(sandbox, { maxRetries: 0 })
  const ended = [
    assert.rejects(client.sandboxitemresetlogin({ access_token }), PlaidConnectionError),
    assert.rejects(post(sandbox, '/item/get', { access_token }), TypeError),
    assert.rejects(post(sandbox, '/accounts/get', { access_token }), TypeError),
  ]
  // One that is answered tells that the three before it have arrived.
  while ((await sandbox.faults()).some(({ kind }) => kind === 'hang')) await null
  await sandbox.close()
  await Promise.all(ended)
  await assertFree(portOf(sandbox))
})

test('closing ends an advance of the clock that waits for a receiver', BOUND, async (t) => {
  const sandbox = await startSandbox()
  const receiver = await startServer(t, { replies: Array(20).fill(silent) })
  const arrived = once(receiver, 'request')
  await brokenItem(sandbox, receiver.url)
  await arrived
  const ended = [sandbox.advanceClock(DAY), sandbox.advanceClock(MINUTE)].map((promise) =>
    assert.rejects(promise, CLOSED),
  )
  await sandbox.close()
  await Promise.all(ended)
})

test('closing twice does no harm, and each time the port is free afterwards', BOUND, async () => {
  const sandbox = await startSandbox()
  const first = sandbox.close()
  await sandbox.close()
  await assertFree(portOf(sandbox))
  await first
  await sandbox.close()
})

test('a closed Sandbox says that it is closed, whatever it is asked for', BOUND, async () => {
  const sandbox = await startSandbox()
  const item = await sandbox.createItem()
  const { access_token, item_id } = item
  const link_token = await linkToken(sandbox, { access_token })
  await resetLogin(sandbox, item)
  await sandbox.close()
  const asked = {
    advanceClock: sandbox.advanceClock(0),
    clearFaults: sandbox.clearFaults(),
    completeLink: sandbox.completeLink(link_token),
    createItem: sandbox.createItem(),
    createUpdateLink: sandbox.createUpdateLink(item_id),
    delay: sandbox.delay({ ms: 1 }),
    exitLink: sandbox.exitLink(link_token),
    failNext: sandbox.failNext({ status: 500 }),
    faults: sandbox.faults(),
    items: sandbox.items(),
    nextWebhook: sandbox.nextWebhook(),
    now: sandbox.now(),
    redeliverWebhook: sandbox.redeliverWebhook(1),
    repairItem: sandbox.repairItem(item_id),
    requests: sandbox.requests(),
    reset: sandbox.reset(),
    rotateWebhookKey: sandbox.rotateWebhookKey(),
    webhooks: sandbox.webhooks(),
  }
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(sandbox))
  const others = ['close', 'constructor']
  assert.deepEqual([...Object.keys(asked), ...others].sort(), methods.sort())
  for (const [method, promise] of Object.entries(asked)) {
    await assert.rejects(promise, CLOSED, method)
    await assert.rejects(promise, PlaidUsageError)
  }
})

test('a Sandbox is closed by Symbol.asyncDispose', BOUND, async () => {
  const sandbox = await startSandbox()
  assert.equal(await sandbox[Symbol.asyncDispose](), undefined)
  await assertFree(portOf(sandbox))
  await assert.rejects(sandbox.createItem(), CLOSED)
})
