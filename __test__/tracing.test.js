'use strict'

// Promise: each call is published on the tracing channel `utdk.plaid.request`, in the async context
// of its caller.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const diagnostics_channel = require('node:diagnostics_channel')
const { test } = require('node:test')
const { PlaidApiError, PlaidConnectionError, PlaidUsageError } = require('../index.js')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, CLIENT_ID, INPUT, SECRET, clientOf, works } = require('./support/client.js')
const { recordEvents } = require('./support/events.js')
const { assertNoSecret, failure } = require('./support/failure.js')
const { GOOD_REPLY, good, json, reset, startServer } = require('./support/server.js')

const REFUSED = json(400, { error_code: 'INVALID_ACCESS_TOKEN', request_id: 'of-the-error' })

/** The events of one call, which may fail. */
async function eventsOf(t, client, input = INPUT) {
  const events = recordEvents()
  t.after(events.stop)
  await client.sandboxitemresetlogin(input).catch(() => {})
  events.stop()
  for (const { text } of events) assertNoSecret(text, 'an event')
  return events
}

function names(events) {
  return events.map(({ name }) => name)
}

test('a successful call publishes start, end, asyncStart, asyncEnd', async (t) => {
  const server = await startServer(t)
  const events = await eventsOf(t, clientOf(server))
  assert.deepEqual(names(events), ['start', 'end', 'asyncStart', 'asyncEnd'])
  const { context } = events.at(-1)
  assert.equal(context.operation, 'sandboxitemresetlogin')
  assert.equal(context.host, `127.0.0.1:${server.port}`)
  assert.equal(context.attempt, 1)
  assert.equal(context.status, 200)
  assert.equal(context.request_id, GOOD_REPLY.request_id)
  assert.ok(context.duration > 0 && context.duration < 60_000)
  assert.deepEqual(context.result, GOOD_REPLY)
  assert.equal(context.error, undefined)
})

test('the start event has the operation and the host', async (t) => {
  const server = await startServer(t)
  const [{ name, context }] = await eventsOf(t, clientOf(server))
  assert.equal(name, 'start')
  assert.equal(context.operation, 'sandboxitemresetlogin')
  assert.equal(context.host, `127.0.0.1:${server.port}`)
})

test('all events of a call share one object, as a key for a subscriber’s span', async (t) => {
  const seen = new Set()
  const events = recordEvents((_, context) => seen.add(context))
  t.after(events.stop)
  await works(clientOf(await startServer(t)))
  assert.equal(seen.size, 1)
})

test('a failed call also publishes error, with the error that the caller gets', async (t) => {
  const server = await startServer(t, { replies: [REFUSED, REFUSED] })
  const client = clientOf(server)
  const events = await eventsOf(t, client)
  assert.deepEqual(names(events), ['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
  const { context } = events.at(-1)
  assert.ok(context.error instanceof PlaidApiError)
  assert.equal(context.attempt, 1)
  assert.equal(context.status, 400)
  assert.equal(context.request_id, 'of-the-error')
  assert.ok(context.duration > 0)
  await failure(client, PlaidApiError, { request_id: 'of-the-error' })
})

test('the published result has no credential that the reply echoes', async (t) => {
  const hex = Buffer.from(CLIENT_ID).toString('hex')
  const echo = [SECRET, { [hex]: Buffer.from(`:${SECRET}:`).toString('base64') }]
  const server = await startServer(t, { replies: [json(200, { ...GOOD_REPLY, echo })] })
  const events = await eventsOf(t, clientOf(server))
  const { result } = events.at(-1).context
  assert.deepEqual(result.echo[0], '[redacted]')
  assert.deepEqual(Object.keys(result.echo[1]), ['[redacted]'])
  assert.match(result.echo[1]['[redacted]'], /^.{1,3}\[redacted\].{1,4}$/)
})

test('attempt is the number of the last attempt', async (t) => {
  const busy = json(503, { error_code: 'BUSY' }, { 'retry-after': '0' })
  const client = clientOf(await startServer(t, { replies: [busy, busy, good] }))
  const { context } = (await eventsOf(t, client)).at(-1)
  assert.equal(context.attempt, 3)
  assert.equal(context.status, 200)
})

test('a call without a reply has no status', async (t) => {
  const client = clientOf(await startServer(t, { replies: [reset] }), { maxRetries: 0 })
  const { context } = (await eventsOf(t, client)).at(-1)
  assert.ok(context.error instanceof PlaidConnectionError)
  assert.equal(context.attempt, 1)
  assert.equal(context.status ?? undefined, undefined)
  assert.equal(context.request_id ?? undefined, undefined)
})

test('a call refused before it is sent is published with attempt 0', async (t) => {
  const server = await startServer(t)
  const events = await eventsOf(t, clientOf(server), {})
  assert.deepEqual(names(events), ['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
  const { context } = events.at(-1)
  assert.ok(context.error instanceof PlaidUsageError)
  assert.equal(context.attempt, 0)
  assert.equal(server.connectionCount(), 0)
})

test('the events of concurrent calls are not mixed up', async (t) => {
  const byToken = (_, response) => response.end(JSON.stringify(GOOD_REPLY))
  const server = await startServer(t, { replies: [byToken, REFUSED, byToken, REFUSED] })
  const client = clientOf(server)
  const contexts = new Set()
  const events = recordEvents((_, context) => contexts.add(context))
  t.after(events.stop)
  await Promise.allSettled(Array.from({ length: 4 }, () => client.sandboxitemresetlogin(INPUT)))
  assert.equal(contexts.size, 4)
  const statuses = [...contexts].map(({ status, error }) => [status, error?.code])
  assert.deepEqual(statuses.sort(), [
    [200, undefined],
    [200, undefined],
    [400, 'INVALID_ACCESS_TOKEN'],
    [400, 'INVALID_ACCESS_TOKEN'],
  ])
})

test('without a subscriber nothing is published', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  const events = recordEvents()
  await works(client)
  const published = events.length
  assert.ok(published > 0)
  events.stop()
  const channel = diagnostics_channel.tracingChannel('utdk.plaid.request')
  assert.ok(!channel.hasSubscribers)
  await works(client)
  assert.equal(events.length, published)
})

test('a subscriber to only one of the channels gets its events', async (t) => {
  const channel = diagnostics_channel.channel('tracing:utdk.plaid.request:asyncEnd')
  const contexts = []
  const onEvent = (context) => contexts.push(context)
  channel.subscribe(onEvent)
  t.after(() => channel.unsubscribe(onEvent))
  await works(clientOf(await startServer(t)))
  assert.equal(contexts.length, 1)
  assert.equal(contexts[0].status, 200)
})

test('the caller’s async context is kept across the call and in every event', async (t) => {
  const store = new AsyncLocalStorage()
  const client = clientOf(await startServer(t, { replies: [good, good, REFUSED] }))
  await store.run('untraced', async () => {
    await works(client)
    assert.equal(store.getStore(), 'untraced')
  })
  const stores = []
  const events = recordEvents(() => stores.push(store.getStore()))
  t.after(events.stop)
  await store.run('traced', async () => {
    await works(client)
    assert.equal(store.getStore(), 'traced')
    await client.sandboxitemresetlogin(INPUT).catch(() => {})
    assert.equal(store.getStore(), 'traced')
  })
  assert.equal(stores.length, 9)
  assert.deepEqual([...new Set(stores)], ['traced'])
})

test('concurrent calls keep their own async contexts', async (t) => {
  const store = new AsyncLocalStorage()
  const client = clientOf(await startServer(t))
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      store.run(i, async () => {
        await works(client)
        assert.equal(store.getStore(), i)
      }),
    ),
  )
})

test('a store bound to the start channel, as APM agents do, is set during the call', async (t) => {
  const span = new AsyncLocalStorage()
  const { start, asyncEnd } = diagnostics_channel.tracingChannel('utdk.plaid.request')
  start.bindStore(span, ({ operation }) => ({ operation }))
  const ended = []
  const onEnd = () => ended.push(span.getStore())
  asyncEnd.subscribe(onEnd)
  t.after(() => start.unbindStore(span))
  t.after(() => asyncEnd.unsubscribe(onEnd))
  await works(clientOf(await startServer(t)))
  assert.deepEqual(ended, [{ operation: 'sandboxitemresetlogin' }])
})

test('a subscriber of start adds headers to the request, and the caller’s own win', async (t) => {
  const server = await startServer(t)
  const events = recordEvents((name, context) => {
    if (name === 'start') Object.assign(context.headers, { traceparent: 'of-the-span', 'x-a': '1' })
  })
  t.after(events.stop)
  const client = clientOf(server)
  await client.sandboxitemresetlogin(INPUT)
  await client.sandboxitemresetlogin(INPUT, { headers: { Traceparent: 'of-the-caller' } })
  const sent = server.requests.map(({ headers }) => [headers.traceparent, headers['x-a']])
  assert.deepEqual(sent, [
    ['of-the-span', '1'],
    ['of-the-caller', '1'],
  ])
  for (const { context } of events) assert.ok(!('Traceparent' in context.headers))
})

test('calls are traced where tracing channels have no hasSubscribers, as in Bun', async (t) => {
  const server = await startServer(t)
  const env = { TEST_ACCESS_TOKEN: ACCESS_TOKEN, TEST_URL: server.url }
  const { code, stdout, stderr } = await run('traced.js', { env })
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(stdout, 'start asyncEnd')
})
