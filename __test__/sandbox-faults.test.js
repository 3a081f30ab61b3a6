'use strict'

// Promise: a test says what goes wrong, for which requests and how often, sees what is still to
// come, and can take it back; under a seed chance repeats itself.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { call, post, start } = require('./support/sandbox.js')

/** For what would hang, if it failed. */
const BOUND = { timeout: 20_000 }

/** The HTTP statuses of so many calls of a route, one after the other. */
async function statuses(sandbox, count, route = '/item/get') {
  const seen = []
  for (let i = 0; i < count; i++) {
    const response = await post(sandbox, route, { access_token: 'access-sandbox-x' })
    await response.arrayBuffer()
    seen.push(response.status)
  }
  return seen
}

/** For how long a call takes, in milliseconds. */
async function duration(sandbox, route) {
  const started = performance.now()
  await statuses(sandbox, 1, route)
  return performance.now() - started
}

test('a failure hits the next request, and no more', async (t) => {
  const sandbox = await start(t)
  assert.equal(await sandbox.failNext({ status: 503 }), undefined)
  assert.deepEqual(await statuses(sandbox, 3), [503, 400, 400])
  assert.deepEqual(await sandbox.faults(), [])
})

test('a failure hits as many requests as it is told, or all', async (t) => {
  const sandbox = await start(t)
  await sandbox.failNext({ status: 503, times: 2 })
  assert.deepEqual(await statuses(sandbox, 4), [503, 503, 400, 400])
  await sandbox.failNext({ status: 503, times: Infinity })
  assert.deepEqual(await statuses(sandbox, 30), Array(30).fill(503))
})

test('a failure hits its route alone, and never the Sandbox’s own routes', async (t) => {
  const sandbox = await start(t)
  await sandbox.failNext({ status: 503, path: '/accounts/get', times: Infinity })
  assert.deepEqual(await statuses(sandbox, 2), [400, 400])
  assert.deepEqual(await statuses(sandbox, 2, '/accounts/get'), [503, 503])
  await sandbox.clearFaults()
  await sandbox.failNext({ status: 503, times: Infinity })
  assert.equal((await fetch(`${sandbox.url}/_sandbox/health`)).status, 200)
  assert.equal((await fetch(`${sandbox.url}/hl/unknown`)).status, 404)
  await sandbox.createItem()
})

test('of several failures the older one comes first', async (t) => {
  const sandbox = await start(t)
  await sandbox.failNext({ status: 500 })
  await sandbox.failNext({ status: 503, times: 2 })
  await sandbox.failNext({ status: 429 })
  assert.deepEqual(await statuses(sandbox, 5), [500, 503, 503, 429, 400])
})

test('without another word a failure by probability has no end, and hits about that often', async (t) => {
  const sandbox = await start(t, { seed: 7 })
  await sandbox.failNext({ status: 503, probability: 0.3 })
  const hits = (await statuses(sandbox, 100)).filter((status) => status === 503).length
  assert.ok(hits > 15 && hits < 45, `${hits} of 100 requests failed`)
  const [{ times, probability }] = await sandbox.faults()
  assert.deepEqual([times, probability], [null, 0.3])
})

test('by probability and times a failure hits so many requests, at chance', async (t) => {
  const sandbox = await start(t, { seed: 7 })
  await sandbox.failNext({ status: 503, probability: 0.5, times: 3 })
  const seen = await statuses(sandbox, 60)
  assert.equal(seen.filter((status) => status === 503).length, 3)
  assert.notDeepEqual(seen.slice(0, 3), [503, 503, 503])
  await sandbox.failNext({ status: 503, probability: 1, times: 2 })
  assert.deepEqual(await statuses(sandbox, 3), [503, 503, 400])
})

test(
  'under a seed chance repeats itself, also after a reset, and without one it does not',
  BOUND,
  async (t) => {
    const drawn = async (sandbox) => {
      await sandbox.failNext({ status: 503, probability: 0.5 })
      return (await statuses(sandbox, 64)).join()
    }
    const [one, same] = [await start(t, { seed: 42 }), await start(t, { seed: 42 })]
    const first = await drawn(one)
    // How many Items there are says nothing about it.
    await same.createItem()
    assert.equal(await drawn(same), first)
    await one.reset()
    assert.equal(await drawn(one), first)
    assert.notEqual(await drawn(await start(t, { seed: 43 })), first)
    assert.notEqual(await drawn(await start(t)), await drawn(await start(t)))
  },
)

test('a delay holds replies back by so much, each of them', BOUND, async (t) => {
  const sandbox = await start(t)
  assert.equal(await sandbox.delay({ ms: 150, path: '/item/get' }), undefined)
  for (let i = 0; i < 3; i++) assert.ok((await duration(sandbox, '/item/get')) >= 150)
  await sandbox.delay({ ms: 150, times: 1 })
  assert.ok((await duration(sandbox, '/item/get')) >= 300, 'delays add up')
  assert.deepEqual(
    (await sandbox.faults()).map(({ kind }) => kind),
    ['delay'],
  )
})

test('a delay says nothing about what comes in the end', BOUND, async (t) => {
  const sandbox = await start(t)
  await sandbox.delay({ ms: 100 })
  await sandbox.failNext({ status: 503 })
  const started = performance.now()
  assert.deepEqual(await statuses(sandbox, 2), [503, 400])
  assert.ok(performance.now() - started >= 200)
})

test('a late reply holds up nobody else', BOUND, async (t) => {
  const sandbox = await start(t)
  await sandbox.delay({ ms: 1_000, path: '/item/get' })
  const late = duration(sandbox, '/item/get')
  assert.ok((await duration(sandbox, '/accounts/get')) < 900)
  assert.ok((await late) >= 1_000)
})

test('a delay by probability hits some requests, a delay of 0 none that one could tell', async (t) => {
  const sandbox = await start(t, { seed: 1 })
  await sandbox.delay({ ms: 0 })
  await sandbox.delay({ ms: 60, probability: 0.5 })
  const late = []
  for (let i = 0; i < 20; i++) late.push((await duration(sandbox, '/item/get')) >= 60)
  assert.ok(late.includes(true) && late.includes(false), late.join())
})

test('faults() shows each fault that is not spent, as it was asked for', async (t) => {
  const sandbox = await start(t)
  assert.deepEqual(await sandbox.faults(), [])
  await sandbox.failNext({ status: 503, times: 2 })
  await sandbox.failNext({ error_code: 'RATE_LIMIT', retryAfter: 3, path: '/item/get' })
  await sandbox.failNext({ kind: 'html', times: Infinity })
  await sandbox.failNext({ kind: 'html', status: 504 })
  for (const kind of ['reset', 'cut_short', 'hang']) await sandbox.failNext({ kind })
  await sandbox.delay({ ms: 5, probability: 0.25 })
  await statuses(sandbox, 1, '/accounts/get')
  const common = { path: null, probability: null, times: 1 }
  assert.deepEqual(await sandbox.faults(), [
    { ...common, kind: 'error', status: 503, error_code: null, retryAfter: null },
    {
      ...common,
      kind: 'error',
      path: '/item/get',
      status: null,
      error_code: 'RATE_LIMIT',
      retryAfter: 3,
    },
    { ...common, kind: 'html', status: null, times: null },
    { ...common, kind: 'html', status: 504 },
    { ...common, kind: 'reset' },
    { ...common, kind: 'cut_short' },
    { ...common, kind: 'hang' },
    { ...common, kind: 'delay', ms: 5, probability: 0.25, times: null },
  ])
})

test('clearFaults() takes failures and delays back', async (t) => {
  const sandbox = await start(t)
  await sandbox.failNext({ kind: 'hang', times: Infinity })
  await sandbox.delay({ ms: 3_600_000 })
  assert.equal(await sandbox.clearFaults(), undefined)
  assert.deepEqual(await sandbox.faults(), [])
  assert.deepEqual(await statuses(sandbox, 2), [400, 400])
})

test('a failure comes before the checks of a request, and touches no webhook', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  await sandbox.failNext({ error_code: 'ITEM_LOCKED' })
  const stranger = { ...sandbox, secret: 'another' }
  const { error_code } = await call(stranger, '/item/get', { access_token })
  assert.equal(error_code, 'ITEM_LOCKED')
})
