'use strict'

// Promise: a Sandbox has its own clock, which starts where it is told and can be moved ahead; what
// is due on the way is done, each thing at its time, before the move ends.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  NOWHERE,
  brokenItem,
  call,
  itemError,
  start,
  verified,
} = require('./support/sandbox.js')
const { json, silent, startServer } = require('./support/server.js')

/** For what would hang, if it failed. */
const BOUND = { timeout: 20_000 }

/** How long a test may take between two of its lines. */
const SLOW_MS = 10_000

const NEW_YEAR = '2030-01-01T00:00:00.000Z'

/** Asserts that `date` is `ms`, or what a slow machine makes of it. */
function assertAbout(date, ms) {
  assert.ok(date instanceof Date)
  const late = date.getTime() - ms
  assert.ok(late >= 0 && late < SLOW_MS, `${date.toISOString()} is ${late} ms late`)
}

/** Seconds between an attempt to deliver a webhook and the one before it. */
function waits({ attempts }) {
  const times = attempts.map(({ at }) => Date.parse(at))
  return times.slice(1).map((time, i) => Math.round((time - times[i]) / SECOND))
}

test('the clock of a Sandbox shows real time, unless it is told otherwise', async (t) => {
  const before = Date.now()
  const sandbox = await start(t)
  assertAbout(await sandbox.now(), before)
})

const STARTS = {
  'a Date': new Date(NEW_YEAR),
  'a text': NEW_YEAR,
  'a text with an offset': '2030-01-01T09:00:00+09:00',
  'a number of milliseconds': Date.parse(NEW_YEAR),
}

for (const [what, now] of Object.entries(STARTS)) {
  test(`the clock starts at ${what}, and runs on from there`, async (t) => {
    const sandbox = await start(t, { now })
    const first = await sandbox.now()
    assertAbout(first, Date.parse(NEW_YEAR))
    let later = first
    while (later <= first) later = await sandbox.now()
    assertAbout(later, Date.parse(NEW_YEAR))
  })
}

test('the clock starts anywhere from 1970 to 9999', async (t) => {
  for (const now of [0, -0, 0.5, '1970-01-01', '9999-12-31']) {
    const sandbox = await start(t, { now })
    assertAbout(await sandbox.now(), Math.trunc(new Date(now).getTime()))
    assert.equal(await itemError(sandbox, await sandbox.createItem()), null)
  }
})

test('what the Sandbox dates is dated by its clock, but for a signature', async (t) => {
  const sandbox = await start(t, { now: NEW_YEAR })
  const { access_token } = await brokenItem(sandbox, NOWHERE)
  const { item, status } = await call(sandbox, '/item/get', { access_token })
  const webhook = await sandbox.nextWebhook()
  const { key, payload } = await verified(sandbox, webhook)
  const requests = await sandbox.requests()
  for (const date of [
    item.created_at,
    status.last_webhook.sent_at,
    webhook.firedAt,
    webhook.attempts[0].at,
    requests[0].at,
    key.created_at * 1000,
  ]) {
    assertAbout(new Date(date), Date.parse(NEW_YEAR))
  }
  // A receiver compares it with its own clock.
  assert.ok(Math.abs(Date.now() / 1000 - payload.iat) < 60)
})

test('the clock is moved by any number of milliseconds, and shows the sum', BOUND, async (t) => {
  const sandbox = await start(t, { now: NEW_YEAR })
  assertAbout(await sandbox.advanceClock(0), Date.parse(NEW_YEAR))
  assertAbout(await sandbox.advanceClock(0.5), Date.parse(NEW_YEAR))
  assertAbout(await sandbox.advanceClock(DAY), Date.parse(NEW_YEAR) + DAY)
  const together = await Promise.all([HOUR, HOUR, HOUR].map((ms) => sandbox.advanceClock(ms)))
  const end = Date.parse(NEW_YEAR) + DAY + 3 * HOUR
  assertAbout(new Date(Math.max(...together)), end)
  assertAbout(await sandbox.now(), end)
})

test(
  'a webhook is delivered again as Plaid does, until it is answered with 200',
  BOUND,
  async (t) => {
    const sandbox = await start(t)
    const receiver = await startServer(t, { replies: Array(4).fill(json(500, {})) })
    await brokenItem(sandbox, receiver.url)
    const first = await sandbox.nextWebhook()
    const due = Date.parse(first.nextAttemptAt) - Date.parse(first.attempts[0].at)
    assert.ok(due >= 30 * SECOND && due < 30 * SECOND + SLOW_MS)
    await sandbox.advanceClock(29 * SECOND)
    // On a machine so slow that its time has come already, this says nothing.
    if ((await sandbox.now()) < new Date(first.nextAttemptAt)) {
      assert.equal(receiver.requests.length, 1)
    }
    await sandbox.advanceClock(DAY)

    const [webhook, ...more] = await sandbox.webhooks()
    assert.deepEqual(more, [])
    assert.deepEqual(
      webhook.attempts.map(({ outcome }) => outcome.status),
      [500, 500, 500, 500, 200],
    )
    for (const [i, wait] of [30, 120, 480, 1920].entries()) {
      const actual = waits(webhook)[i]
      assert.ok(actual >= wait && actual < wait + 10, `${actual} s instead of ${wait} s`)
    }
    assert.deepEqual(webhook.outcome, { kind: 'delivered', status: 200 })
    assert.equal(webhook.verification, webhook.attempts.at(-1).verification)
    assert.equal(webhook.nextAttemptAt, null)
    const signatures = webhook.attempts.map(({ verification }) => verification)
      assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['plaid-verification']),
      signatures,
    )
    for (const verification of signatures) await verified(sandbox, { ...webhook, verification })
  },
)

test('a webhook is given up after seven attempts in 24 hours', BOUND, async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: Array(20).fill(json(500, {})) })
  await brokenItem(sandbox, receiver.url)
  await sandbox.nextWebhook()
  await sandbox.advanceClock(3 * DAY)
  const [webhook] = await sandbox.webhooks()
  assert.equal(webhook.attempts.length, 7)
  assert.equal(webhook.nextAttemptAt, null)
  assert.deepEqual(webhook.outcome, { kind: 'refused', status: 500 })
  assert.equal(receiver.requests.length, 7)
})

test('a receiver that asks for a pause with 429 is left alone for so long', BOUND, async (t) => {
  const sandbox = await start(t)
  const busy = json(429, {}, { 'retry-after': '3600' })
  const receiver = await startServer(t, { replies: [busy] })
  await brokenItem(sandbox, receiver.url)
  await sandbox.nextWebhook()
  await sandbox.advanceClock(59 * MINUTE)
  assert.equal(receiver.requests.length, 1)
  await sandbox.advanceClock(2 * MINUTE)
  const [webhook] = await sandbox.webhooks()
  assert.deepEqual(webhook.outcome, { kind: 'delivered', status: 200 })
})

test(
  'a receiver that never answers has failed after ten seconds of that clock',
  BOUND,
  async (t) => {
    const sandbox = await start(t)
    const receiver = await startServer(t, { replies: [silent] })
    await brokenItem(sandbox, receiver.url)
    const next = sandbox.nextWebhook()
    await sandbox.advanceClock(MINUTE)
    const { attempts, outcome } = await next
    assert.equal(attempts.length, 1)
    assert.deepEqual(outcome, { kind: 'failed', reason: 'no answer within 10 seconds' })
    const [webhook] = await sandbox.webhooks()
    assert.deepEqual(webhook.outcome, { kind: 'delivered', status: 200 })
    const [wait] = waits(webhook)
    assert.ok(wait >= 40 && wait < 50, `the second attempt came after ${wait} s`)
  },
)

test('a public token expires after 30 minutes', async (t) => {
  const sandbox = await start(t)
  const { public_token } = await call(sandbox, '/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
  })
  const exchange = () => call(sandbox, '/item/public_token/exchange', { public_token })
  await sandbox.advanceClock(29 * MINUTE)
  assert.equal((await exchange()).httpStatus, 200)
  await sandbox.advanceClock(MINUTE)
  const { httpStatus, error_code } = await exchange()
  assert.deepEqual([httpStatus, error_code], [400, 'INVALID_PUBLIC_TOKEN'])
})

test(
  'an Item breaks by itself after 30 days, and fires its webhook at that time',
  BOUND,
  async (t) => {
    const sandbox = await start(t, { now: NEW_YEAR })
    const receiver = await startServer(t)
    const item = await sandbox.createItem({ webhook: receiver.url })
    await sandbox.advanceClock(29 * DAY)
    assert.equal(await itemError(sandbox, item), null)
    await sandbox.advanceClock(11 * DAY)
    assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
    const { body, firedAt, outcome } = await sandbox.nextWebhook()
    assert.equal(body.error.error_code, 'ITEM_LOGIN_REQUIRED')
    assertAbout(new Date(firedAt), Date.parse(NEW_YEAR) + 30 * DAY)
    assert.deepEqual(outcome, { kind: 'delivered', status: 200 })

    // A repair begins the 30 days anew.
    await sandbox.repairItem(item.item_id)
    await sandbox.advanceClock(29 * DAY)
    assert.equal(await itemError(sandbox, item), null)
    await sandbox.advanceClock(DAY)
    assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  },
)

test('everything that is due on the way is done when the move has ended', BOUND, async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: Array(10).fill(json(500, {})) })
  const items = []
  for (let i = 0; i < 10; i++) items.push(await sandbox.createItem({ webhook: receiver.url }))
  await sandbox.advanceClock(31 * DAY)
  const webhooks = await sandbox.webhooks()
  assert.deepEqual(
    webhooks.map(({ item_id, outcome }) => [item_id, outcome?.kind]),
    items.map(({ item_id }) => [item_id, 'delivered']),
  )
  assert.equal(receiver.requests.length, 20)
})

test('the clock is not moved past the year 9999', async (t) => {
  const sandbox = await start(t, { now: '9999-12-31T00:00:00Z' })
  const refusal = { name: 'PlaidUsageError', code: 'INVALID_OPTION', field: 'ms', message: /9999/ }
  await assert.rejects(sandbox.advanceClock(DAY), refusal)
  assertAbout(await sandbox.advanceClock(HOUR), Date.parse('9999-12-31T01:00:00Z'))
})
