'use strict'

// Promise: each method of the Sandbox takes its arguments to Rust and brings the answer back, with
// the documented types and defaults. The Rust tests prove what the Sandbox does with them.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { inspect } = require('node:util')
const { PlaidError, PlaidTimeoutError } = require('../index.js')
const {
  DAY,
  MINUTE,
  NOWHERE,
  brokenItem,
  call,
  itemError,
  linkToken,
  ownClient,
  post,
  resetLogin,
  start,
  verified,
} = require('./support/sandbox.js')
const { json, silent, startServer } = require('./support/server.js')

/** Ends a test that would hang. */
const BOUND = { timeout: 20_000 }

/** How late a slow machine may be, in milliseconds. */
const SLOW_MS = 10_000

const NEW_YEAR = '2030-01-01T00:00:00.000Z'
const DELIVERED = { kind: 'delivered', status: 200 }
const BROKEN = 'ITEM_LOGIN_REQUIRED'

function assertAbout(date, ms) {
  assert.ok(date instanceof Date)
  const late = date.getTime() - ms
  assert.ok(late >= 0 && late < SLOW_MS, `${date.toISOString()} is ${late} ms late`)
}

/** The HTTP statuses of `count` calls of a route, one after the other. */
async function statuses(sandbox, count, route = '/item/get') {
  const seen = []
  for (let i = 0; i < count; i++) {
    const response = await post(sandbox, route, { access_token: 'access-sandbox-x' })
    await response.arrayBuffer()
    seen.push(response.status)
  }
  return seen
}

test('createItem() creates an Item with its options, and items() lists it without its token', async (t) => {
  const sandbox = await start(t)
  assert.deepEqual(await sandbox.items(), [])
  const options = {
    webhook: NOWHERE,
    products: ['auth', 'identity'],
    institution_id: 'ins_109511',
    user_id: 'usr_one',
  }
  const plain = await sandbox.createItem()
  const broken = await sandbox.createItem(options)
  assert.deepEqual(Object.keys(broken).sort(), ['access_token', 'item_id'])
  assert.match(broken.access_token, /^access-sandbox-[0-9a-f-]{36}$/)
  await resetLogin(sandbox, broken)
  const removed = await sandbox.createItem()
  await call(sandbox, '/item/remove', { access_token: removed.access_token })
  const defaults = {
    institution_id: 'ins_109508',
    products: ['transactions'],
    user_id: null,
    webhook: null,
  }
  assert.deepEqual(await sandbox.items(), [
    { ...defaults, item_id: plain.item_id, state: 'healthy' },
    { ...options, item_id: broken.item_id, state: 'login_required' },
    { ...defaults, item_id: removed.item_id, state: 'removed' },
  ])
})

test("createItem() rejects with Plaid's own code for a field that Plaid refuses", async (t) => {
  const sandbox = await start(t)
  for (const [field, value, code] of [
    ['webhook', 'no URL', 'INVALID_FIELD'],
    ['products', [], 'INVALID_FIELD'],
    ['products', ['loans'], 'INVALID_PRODUCT'],
    ['institution_id', 'ins_0', 'INVALID_INSTITUTION'],
  ]) {
    const refusal = { name: 'PlaidUsageError', code, field }
    await assert.rejects(sandbox.createItem({ [field]: value }), refusal)
  }
  assert.deepEqual(await sandbox.items(), [])
})

test('repairItem() repairs an Item and fires LOGIN_REPAIRED', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const item = await brokenItem(sandbox, receiver.url)
  const { item_id } = item
  assert.equal(await sandbox.repairItem(item_id), undefined)
  assert.equal(await itemError(sandbox, item), null)
  const { outcome, webhook_type } = await sandbox.nextWebhook({
    item_id,
    webhook_code: 'LOGIN_REPAIRED',
  })
  assert.deepEqual([webhook_type, outcome], ['ITEM', DELIVERED])
})

test('an id of no Item is refused, also if it looks like a path', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id } = await sandbox.createItem()
  await call(sandbox, '/item/remove', { access_token })
  const refusal = { name: 'PlaidUsageError', code: 'ITEM_NOT_FOUND' }
  for (const id of [item_id, 'no-such-item', 'a/repair', '../items', '..', '?', 'null']) {
    await assert.rejects(sandbox.repairItem(id), refusal, id)
    await assert.rejects(sandbox.createUpdateLink(id), refusal, id)
  }
})

test('completeLink() in update mode repairs the Item and fires nothing', async (t) => {
  const sandbox = await start(t)
  const item = await brokenItem(sandbox, NOWHERE)
  const link_token = await linkToken(sandbox, { access_token: item.access_token })
  const { public_token, metadata } = await sandbox.completeLink(link_token)
  assert.equal(public_token, null)
  const { accounts } = await call(sandbox, '/accounts/get', { access_token: item.access_token })
  assert.deepEqual(
    metadata.accounts.map(({ id }) => id),
    accounts.map(({ account_id }) => account_id),
  )
  assert.equal(await itemError(sandbox, item), null)
  assert.equal((await sandbox.webhooks()).length, 1)
})

test('completeLink() for a new Item resolves with what onSuccess gets', async (t) => {
  const sandbox = await start(t)
  const link_token = await linkToken(sandbox, { products: ['auth'], user_id: 'usr_one' })
  const completed = await sandbox.completeLink(link_token)
  const { public_token, metadata, events } = completed
  assert.deepEqual(Object.keys(completed), ['events', 'metadata', 'public_token'])
  const names = events.map(({ eventName }) => eventName)
  assert.deepEqual(names, ['OPEN', 'HANDOFF'])
  for (const event of events) assert.equal(event.metadata.link_session_id, metadata.link_session_id)
  const { accounts, institution, link_session_id, transfer_status } = metadata
  assert.deepEqual(institution, { institution_id: 'ins_109508', name: 'First Platypus Bank' })
  assert.equal(transfer_status, null)
  const { link_sessions } = await call(sandbox, '/link/token/get', { link_token })
  assert.equal(link_sessions[0].link_session_id, link_session_id)
  assert.deepEqual(link_sessions[0].results.item_add_results[0].accounts, accounts)
  assert.deepEqual(await sandbox.completeLink(link_token), completed)
  const { item_id } = await call(sandbox, '/item/public_token/exchange', { public_token })
  const [{ products, user_id, ...item }] = await sandbox.items()
  assert.deepEqual([item.item_id, products, user_id], [item_id, ['auth'], 'usr_one'])
})

test('a hosted session fires LINK webhooks about no Item', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const fields = { products: ['auth'], hosted_link: {}, webhook: receiver.url }
  const link_token = await linkToken(sandbox, fields)
  await sandbox.exitLink(link_token)
  const exited = await sandbox.nextWebhook({ webhook_code: 'SESSION_FINISHED' })
  assert.deepEqual([exited.item_id, exited.outcome], [null, DELIVERED])
  assert.equal(exited.body.status, 'EXITED')
  const { public_token } = await sandbox.completeLink(link_token)
  const finished = await sandbox.nextWebhook({ webhook_code: 'SESSION_FINISHED' })
  assert.deepEqual([finished.body.status, finished.body.public_tokens], ['SUCCESS', [public_token]])
})

test('exitLink() leaves Link and changes nothing', async (t) => {
  const sandbox = await start(t)
  const item = await brokenItem(sandbox)
  const link_token = await linkToken(sandbox, { access_token: item.access_token })
  assert.equal(await sandbox.exitLink(link_token), undefined)
  assert.equal(await itemError(sandbox, item), BROKEN)
  const { link_sessions } = await call(sandbox, '/link/token/get', { link_token })
  assert.equal(link_sessions[0].exit.metadata.status, 'requires_credentials')
})

test('completeLink() and exitLink() refuse an unknown link token', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  const refusal = { name: 'PlaidUsageError', code: 'INVALID_LINK_TOKEN' }
  for (const token of [access_token, 'x', '../reset', '\u0000']) {
    await assert.rejects(sandbox.completeLink(token), refusal)
    await assert.rejects(sandbox.exitLink(token), refusal)
  }
})

test('createUpdateLink() makes a hosted page, and a token, that repair the Item', async (t) => {
  const sandbox = await start(t, { now: NEW_YEAR })
  const item = await brokenItem(sandbox)
  const { link_token, hosted_link_url, expiration, ...rest } = await sandbox.createUpdateLink(
    item.item_id,
  )
  assert.deepEqual(rest, {})
  assert.match(expiration, /^2030-01-01T00:(29|30):\d\dZ$/)
  assert.ok(hosted_link_url.startsWith(`${sandbox.url}/hl/`))
  assert.equal((await fetch(hosted_link_url)).status, 200)
  assert.equal((await sandbox.completeLink(link_token)).public_token, null)
  assert.equal(await itemError(sandbox, item), null)
})

test('nextWebhook() resolves with the webhook as its receiver got it', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const url = `${receiver.url}/plaid/webhook?from=plaid`
  const { item_id } = await brokenItem(sandbox, url)
  const webhook = await sandbox.nextWebhook({ item_id, webhook_code: 'ERROR' })

  const { body, rawBody, verification, outcome, attempts, firedAt, ...rest } = webhook
  const kind = { webhook_type: 'ITEM', webhook_code: 'ERROR' }
  assert.deepEqual(rest, { ...kind, id: 1, item_id, nextAttemptAt: null, url })
  assert.deepEqual(outcome, DELIVERED)
  assert.deepEqual(attempts, [{ at: attempts[0].at, outcome, verification }])
  assert.ok(Date.parse(firedAt) <= Date.parse(attempts[0].at))
  assert.deepEqual(body, JSON.parse(rawBody))
  assert.equal(body.error.error_code, BROKEN)

  const [request, ...more] = receiver.requests
  assert.deepEqual(more, [])
  assert.equal(request.url, '/plaid/webhook?from=plaid')
  assert.equal(request.headers['plaid-verification'], verification)
  assert.equal(request.body.toString(), rawBody)
  await verified(sandbox, webhook)
  assert.deepEqual(await sandbox.webhooks(), [webhook])
})

test('webhooks() lists a webhook without an outcome while its receiver has not answered', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: [silent] })
  await brokenItem(sandbox, receiver.url)
  const [{ verification, outcome, attempts, nextAttemptAt }] = await sandbox.webhooks()
  assert.deepEqual([verification, outcome, attempts, nextAttemptAt], [null, null, [], null])
})

test('nextWebhook() rejects when no webhook comes, with the stack of its caller', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await brokenItem(sandbox, NOWHERE)
  await assert.rejects(
    async function inTheTest() {
      await sandbox.nextWebhook({ item_id, webhook_code: 'DEFAULT_UPDATE', timeoutMs: 30 })
    },
    (error) => {
      assert.ok(error instanceof PlaidTimeoutError && error instanceof PlaidError)
      assert.equal(error.code, 'WEBHOOK_TIMEOUT')
      assert.match(error.message, new RegExp(`DEFAULT_UPDATE.*${item_id}.*30ms`))
      assert.match(error.stack, /inTheTest/)
      assert.doesNotMatch(error.stack, /at outcome /)
      return true
    },
  )
})

test('nextWebhook() rejects at once for an Item without a webhook URL', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await brokenItem(sandbox)
  const before = performance.now()
  await assert.rejects(sandbox.nextWebhook({ item_id, timeoutMs: 60_000 }), {
    name: 'PlaidUsageError',
    code: 'NO_WEBHOOK_URL',
    message: /has no webhook URL/,
  })
  assert.ok(performance.now() - before < 30_000)
})

test('several calls of nextWebhook() wait at once, and each gets the webhook of its Item', async (t) => {
  const sandbox = await start(t)
  const items = []
  for (let i = 0; i < 3; i++) items.push(await sandbox.createItem({ webhook: NOWHERE }))
  const waiting = items.map(({ item_id }) => sandbox.nextWebhook({ item_id }))
  for (const item of items.toReversed()) await resetLogin(sandbox, item)
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ item_id }) => item_id),
    items.map(({ item_id }) => item_id),
  )
})

test('redeliverWebhook() resolves with the webhook and its new attempt', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: [json(500, {})] })
  await brokenItem(sandbox, receiver.url)
  const first = await sandbox.nextWebhook()
  assert.deepEqual(first.outcome, { kind: 'refused', status: 500 })
  const again = await sandbox.redeliverWebhook(first.id)
  assert.deepEqual([again.id, again.rawBody, again.attempts.length], [1, first.rawBody, 2])
  assert.deepEqual(again.outcome, DELIVERED)
  assert.equal(again.verification, again.attempts[1].verification)
  await verified(sandbox, again)
  const refusal = { name: 'PlaidUsageError', code: 'WEBHOOK_NOT_FOUND' }
  await assert.rejects(sandbox.redeliverWebhook(2), refusal)
})

test('rotateWebhookKey() resolves with the id of the key that signs from now on', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  await brokenItem(sandbox, receiver.url)
  const { id } = await sandbox.nextWebhook()
  const kid = await sandbox.rotateWebhookKey()
  const { key } = await verified(sandbox, await sandbox.redeliverWebhook(id))
  assert.deepEqual([key.kid, key.expired_at], [kid, null])
})

test("requests() lists requests to Plaid's routes without secrets, and no call of a method", async (t) => {
  const sandbox = await start(t)
  assert.deepEqual(await sandbox.requests(), [])
  const { access_token, item_id } = await sandbox.createItem()
  const { request_id } = await ownClient(sandbox).sandboxitemresetlogin({ access_token })
  await sandbox.failNext({ kind: 'reset' })
  await post(sandbox, '/accounts/get', { access_token }).catch(() => {})
  await sandbox.repairItem(item_id)
  const [reset, broken, ...more] = await sandbox.requests()
  assert.deepEqual(more, [])
  assert.deepEqual(reset, {
    at: reset.at,
    error_code: null,
    fault: null,
    fields: { access_token: `access-sandbox-…${access_token.slice(-4)}` },
    item_id,
    method: 'POST',
    not_emulated: false,
    path: '/sandbox/item/reset_login',
    request_id,
    status: 200,
    took_ms: reset.took_ms,
  })
  assert.ok(reset.took_ms > 0 && reset.took_ms < 10_000, String(reset.took_ms))
  const { fault, status, error_code } = broken
  assert.deepEqual([fault, status, error_code, broken.item_id], ['reset', null, null, null])
})

const STARTS = {
  'a Date': new Date(NEW_YEAR),
  'a string': NEW_YEAR,
  'a string with an offset': '2030-01-01T09:00:00+09:00',
  milliseconds: Date.parse(NEW_YEAR),
}

for (const [what, now] of Object.entries(STARTS)) {
  test(`the clock starts at ${what}, and now() and advanceClock() resolve with a Date`, async (t) => {
    const sandbox = await start(t, { now })
    assertAbout(await sandbox.now(), Date.parse(NEW_YEAR))
    assertAbout(await sandbox.advanceClock(0.5), Date.parse(NEW_YEAR))
    assertAbout(await sandbox.advanceClock(DAY), Date.parse(NEW_YEAR) + DAY)
    assertAbout(await sandbox.now(), Date.parse(NEW_YEAR) + DAY)
  })
}

test('the clock starts anywhere from 1970 to 9999, and goes no further', async (t) => {
  for (const now of [0, -0, 0.5, '1970-01-01', '9999-12-31']) {
    const sandbox = await start(t, { now })
    assertAbout(await sandbox.now(), Math.trunc(new Date(now).getTime()))
  }
  const sandbox = await start(t, { now: '9999-12-31' })
  const refusal = { name: 'PlaidUsageError', code: 'INVALID_OPTION', field: 'ms' }
  await assert.rejects(sandbox.advanceClock(DAY), refusal)
})

test('advanceClock() delivers a missed webhook again before it resolves', BOUND, async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: [json(500, {})] })
  await brokenItem(sandbox, receiver.url)
  const first = await sandbox.nextWebhook()
  assert.notEqual(first.nextAttemptAt, null)
  await sandbox.advanceClock(MINUTE)
  const [{ attempts, outcome, nextAttemptAt }] = await sandbox.webhooks()
  assert.deepEqual([attempts.length, outcome, nextAttemptAt], [2, DELIVERED, null])
})

test('failNext() hits one request, `times` requests, or all with Infinity', async (t) => {
  const sandbox = await start(t)
  assert.equal(await sandbox.failNext({ status: 503 }), undefined)
  assert.deepEqual(await statuses(sandbox, 2), [503, 400])
  await sandbox.failNext({ status: 503, times: 2 })
  assert.deepEqual(await statuses(sandbox, 3), [503, 503, 400])
  await sandbox.failNext({ status: 503, path: '/accounts/get', times: Infinity })
  assert.deepEqual(await statuses(sandbox, 12, '/accounts/get'), Array(12).fill(503))
  assert.deepEqual(await statuses(sandbox, 1), [400])
})

test('failNext() with a probability has no end unless `times` gives one', async (t) => {
  const sandbox = await start(t, { seed: 7 })
  await sandbox.failNext({ status: 503, probability: 0.5, times: 3 })
  const seen = await statuses(sandbox, 60)
  assert.equal(seen.filter((status) => status === 503).length, 3)
  await sandbox.failNext({ status: 503, probability: 0.3 })
  const [{ times, probability }] = await sandbox.faults()
  assert.deepEqual([times, probability], [null, 0.3])
})

test("each kind of failure gives this package's client an error of its own", BOUND, async (t) => {
  const sandbox = await start(t)
  const item = await sandbox.createItem()
  const { access_token } = item
  const client = ownClient(sandbox, { maxRetries: 0, timeoutMs: 2_000 })
  for (const [failure, name, code] of [
    [{ error_code: 'RATE_LIMIT' }, 'PlaidApiError', 'RATE_LIMIT'],
    [{ kind: 'html', status: 504 }, 'PlaidResponseError', 'UNEXPECTED_RESPONSE'],
    [{ kind: 'reset' }, 'PlaidConnectionError', 'ECONNRESET'],
    [{ kind: 'hang' }, 'PlaidTimeoutError', 'TIMEOUT'],
    [{ kind: 'cut_short' }, 'PlaidConnectionError', 'ECONNRESET'],
  ]) {
    assert.equal(await itemError(sandbox, item), null)
    await sandbox.failNext(failure)
    await assert.rejects(client.sandboxitemresetlogin({ access_token }), { name, code })
  }
  // Only `cut_short` carries the request out.
  assert.equal(await itemError(sandbox, item), BROKEN)
})

test('delay() holds back the replies of a route, and no others', BOUND, async (t) => {
  const sandbox = await start(t)
  assert.equal(await sandbox.delay({ ms: 500, path: '/item/get' }), undefined)
  const started = performance.now()
  const late = statuses(sandbox, 1).then(() => performance.now() - started)
  await statuses(sandbox, 1, '/accounts/get')
  assert.equal((await sandbox.faults()).length, 1)
  const first = await Promise.race([late, 'the other route'])
  assert.equal(first, 'the other route')
  assert.ok((await late) >= 499)
})

test('faults() lists each fault that is left, and clearFaults() removes all', async (t) => {
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
  const error = { ...common, kind: 'error', status: null, error_code: null, retryAfter: null }
  assert.deepEqual(await sandbox.faults(), [
    { ...error, status: 503 },
    { ...error, error_code: 'RATE_LIMIT', retryAfter: 3, path: '/item/get' },
    { ...common, kind: 'html', status: null, times: null },
    { ...common, kind: 'html', status: 504 },
    { ...common, kind: 'reset' },
    { ...common, kind: 'cut_short' },
    { ...common, kind: 'hang' },
    { ...common, kind: 'delay', ms: 5, probability: 0.25, times: null },
  ])
  assert.equal(await sandbox.clearFaults(), undefined)
  assert.deepEqual(await sandbox.faults(), [])
})

test('reset() starts over at the same URL; with a seed, the same ids come again', async (t) => {
  const sandbox = await start(t, { seed: 42, now: NEW_YEAR })
  const { url, clientId, secret } = sandbox
  const first = await brokenItem(sandbox, NOWHERE)
  await sandbox.advanceClock(DAY)
  await sandbox.failNext({ status: 500 })

  assert.equal(await sandbox.reset(), undefined)

  assert.deepEqual([await sandbox.items(), await sandbox.webhooks()], [[], []])
  assert.deepEqual([await sandbox.requests(), await sandbox.faults()], [[], []])
  assertAbout(await sandbox.now(), Date.parse(NEW_YEAR))
  assert.deepEqual(await brokenItem(sandbox, NOWHERE), first)
  assert.deepEqual([sandbox.url, sandbox.clientId, sandbox.secret], [url, clientId, secret])
})

test('a seed up to the largest safe integer makes ids and credentials repeatable', async (t) => {
  for (const seed of [0, Number.MAX_SAFE_INTEGER]) {
    const [one, same] = [await start(t, { seed }), await start(t, { seed })]
    const other = await start(t, { seed: Math.floor(seed / 2) + 1 })
    assert.deepEqual([one.clientId, one.secret], [same.clientId, same.secret])
    assert.deepEqual(await one.createItem(), await same.createItem())
    assert.notEqual(one.secret, other.secret)
  }
})

test('allowWebhookHosts names receivers that are called, by name or with a port', async (t) => {
  const receiver = await startServer(t)
  // Reaches this machine, but is not a loopback address.
  const url = `http://0.0.0.0:${receiver.port}/webhook`
  const kinds = {}
  for (const host of ['0.0.0.0', `0.0.0.0:${receiver.port}`, '0.0.0.0:1', 'backend']) {
    const sandbox = await start(t, { allowWebhookHosts: ['another', host] })
    await brokenItem(sandbox, url)
    kinds[host] = (await sandbox.nextWebhook()).outcome.kind
  }
  assert.deepEqual(kinds, {
    '0.0.0.0': 'delivered',
    [`0.0.0.0:${receiver.port}`]: 'delivered',
    '0.0.0.0:1': 'not_allowed',
    backend: 'not_allowed',
  })
})

test('no error quotes a token or a secret that was passed in the wrong place', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  for (const hidden of [access_token, sandbox.secret]) {
    for (const ask of [
      () => sandbox.repairItem(hidden),
      () => sandbox.createUpdateLink(hidden),
      () => sandbox.nextWebhook({ item_id: hidden, webhook_code: hidden, timeoutMs: 1 }),
      () => sandbox.completeLink(hidden),
      () => sandbox.createItem({ webhook: hidden }),
      () => sandbox.createItem({ institution_id: hidden }),
      () => sandbox.createItem({ products: [hidden] }),
      () => sandbox.createItem({ [hidden]: hidden }),
      () => sandbox.failNext({ kind: hidden }),
    ]) {
      await assert.rejects(ask(), (error) => {
        assert.ok(!inspect(error, { showHidden: true }).includes(hidden), error.message)
        return true
      })
    }
  }
})

test('startSandbox({ transactions }) lets them arrive at once or as Plaid plays it', async (t) => {
  const status = async (options) => {
    const sandbox = await start(t, options)
    const { access_token } = await sandbox.createItem()
    const body = await call(sandbox, '/transactions/sync', { access_token })
    return body.transactions_update_status
  }
  assert.equal(await status({}), 'HISTORICAL_UPDATE_COMPLETE')
  assert.equal(await status({ transactions: 'ready' }), 'HISTORICAL_UPDATE_COMPLETE')
  assert.equal(await status({ transactions: 'as_plaid' }), 'NOT_READY')
})
