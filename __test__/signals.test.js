'use strict'

// Promise: an aborted call rejects with the signal's reason, its connection is closed, and no
// listener stays on the signal.

const assert = require('node:assert/strict')
const { getEventListeners, once } = require('node:events')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { PlaidApiError, PlaidUsageError } = require('../index.js')
const { INPUT, clientOf, works } = require('./support/client.js')
const { recordEvents } = require('./support/events.js')
const { assertNoSecret, assertNoSecretShown, failure } = require('./support/failure.js')
const { good, json, silent, startServer } = require('./support/server.js')

/** A call that is not cancelled would outlive its test by far. */
const PATIENT = { timeoutMs: 60_000 }
const BOUND = { timeout: 15_000 }

/** Asserts that a promise rejects with exactly `reason`. */
async function rejectsWith(promise, reason) {
  const error = await promise.then(
    () => assert.fail('the call resolved'),
    (error) => error,
  )
  assert.equal(error, reason)
}

function listeners(signal) {
  return getEventListeners(signal, 'abort').length
}

test('a signal that is already aborted sends nothing', BOUND, async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, PATIENT)
  const signal = AbortSignal.abort()
  await rejectsWith(client.sandboxitemresetlogin(INPUT, { signal }), signal.reason)
  assert.equal(signal.reason.name, 'AbortError')
  assert.equal(server.connectionCount(), 0)
  await works(client)
})

test('aborting a call in flight closes its connection', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, PATIENT)
  const controller = new AbortController()
  const [arrived, closed] = [once(server, 'request'), once(server, 'close')]
  const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  await arrived
  controller.abort()
  await rejectsWith(call, controller.signal.reason)
  await closed
  await works(client)
})

test('aborting in the middle of a reply closes its connection', BOUND, async (t) => {
  const half = (_, response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('{"reset_login":', () => server.emit('half'))
  }
  const server = await startServer(t, { replies: [half] })
  const client = clientOf(server, PATIENT)
  const controller = new AbortController()
  const [written, closed] = [once(server, 'half'), once(server, 'close')]
  const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  await written
  controller.abort()
  await rejectsWith(call, controller.signal.reason)
  await closed
  await works(client)
})

for (const scheme of ['http', 'https']) {
  test(`aborting while an ${scheme} connection is opened closes it`, BOUND, async (t) => {
    const server = await startServer(t, { connections: [silent] })
    const client = clientOf({ url: `${scheme}://localhost:${server.port}` }, PATIENT)
    const controller = new AbortController()
    const [connected, closed] = [once(server, 'connection'), once(server, 'close')]
    const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
    const [socket] = await connected
    socket.resume()
    controller.abort()
    await rejectsWith(call, controller.signal.reason)
    await closed
  })
}

test('aborting in the same tick rejects the call', BOUND, async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, PATIENT)
  const controller = new AbortController()
  const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  controller.abort()
  await rejectsWith(call, controller.signal.reason)
  await works(client)
})

test(
  'aborting during the wait before a retry ends the call without another request',
  BOUND,
  async (t) => {
    const busy = json(503, { error_code: 'INTERNAL_SERVER_ERROR' }, { 'retry-after': '30' })
    const server = await startServer(t, { replies: [busy, good] })
    const client = clientOf(server, PATIENT)
    const controller = new AbortController()
    const arrived = once(server, 'request')
    const call = client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
    await arrived
    // Time for the reply to be read. Aborting earlier must end the same way.
    await wait(100)
    controller.abort()
    await rejectsWith(call, controller.signal.reason)
    assert.equal(server.requests.length, 1)
    await works(client)
  },
)

test('AbortSignal.timeout rejects with its TimeoutError', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server, PATIENT)
  const signal = AbortSignal.timeout(50)
  const closed = once(server, 'close')
  await rejectsWith(client.sandboxitemresetlogin(INPUT, { signal }), await reasonOf(signal))
  assert.equal(signal.reason.name, 'TimeoutError')
  await closed
  await works(client)
})

async function reasonOf(signal) {
  if (!signal.aborted) await once(signal, 'abort')
  return signal.reason
}

test('the call rejects with the very object that is the reason', BOUND, async (t) => {
  const client = clientOf(await startServer(t, { replies: [silent, silent, silent, silent] }))
  for (const reason of [
    new Error('shutting down'),
    { why: 'no longer needed' },
    'a string',
    null,
  ]) {
    const controller = new AbortController()
    const { signal } = controller
    const call = client.sandboxitemresetlogin(INPUT, { signal })
    controller.abort(reason)
    await rejectsWith(call, reason)
    await rejectsWith(client.sandboxitemresetlogin(INPUT, { signal }), reason)
  }
})

test('AbortSignal.any aborts a call with the reason of the signal that fired', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const controller = new AbortController()
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)])
  const arrived = once(server, 'request')
  const call = clientOf(server, PATIENT).sandboxitemresetlogin(INPUT, { signal })
  await arrived
  controller.abort('enough')
  await rejectsWith(call, 'enough')
})

test('no listener stays on a signal after the call', BOUND, async (t) => {
  const refused = json(400, { error_code: 'INVALID_ACCESS_TOKEN' })
  const server = await startServer(t, { replies: [good, refused, silent] })
  const client = clientOf(server, PATIENT)
  const controller = new AbortController()
  const { signal } = controller
  await client.sandboxitemresetlogin(INPUT, { signal })
  assert.equal(listeners(signal), 0)
  await failure(client, PlaidApiError, {}, INPUT, { signal })
  assert.equal(listeners(signal), 0)
  await failure(client, PlaidUsageError, {}, { access_token: '' }, { signal })
  assert.equal(listeners(signal), 0)
  const call = client.sandboxitemresetlogin(INPUT, { signal })
  assert.equal(listeners(signal), 1)
  controller.abort()
  await rejectsWith(call, signal.reason)
  assert.equal(listeners(signal), 0)
})

test('aborting after a call does not affect the next one', BOUND, async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, PATIENT)
  const controller = new AbortController()
  await client.sandboxitemresetlogin(INPUT, { signal: controller.signal })
  const next = works(client)
  controller.abort()
  await next
})

test('one signal aborts many calls without a warning', BOUND, async (t) => {
  const server = await startServer(t, { replies: Array(50).fill(silent) })
  const client = clientOf(server, PATIENT)
  const warnings = []
  const warned = (warning) => warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const controller = new AbortController()
  const { signal } = controller
  const calls = Array.from({ length: 50 }, () => client.sandboxitemresetlogin(INPUT, { signal }))
  while (server.requests.length < 50) await once(server, 'request')
  controller.abort()
  for (const call of calls) await rejectsWith(call, signal.reason)
  while (server.sockets.size > 0) await once(server, 'close')
  assert.equal(listeners(signal), 0)
  assert.deepEqual(warnings, [])
  await works(client)
})

test('an aborted call shows no secret, and its error event has the reason', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const events = recordEvents()
  t.after(events.stop)
  const controller = new AbortController()
  const arrived = once(server, 'request')
  const call = clientOf(server, PATIENT).sandboxitemresetlogin(INPUT, { signal: controller.signal })
  await arrived
  controller.abort()
  await rejectsWith(call, controller.signal.reason)
  assertNoSecretShown(controller.signal.reason)
  for (const { text } of events) assertNoSecret(text, 'an event')
  const { context } = events.find(({ name }) => name === 'error')
  assert.equal(context.error, controller.signal.reason)
})
