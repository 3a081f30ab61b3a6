'use strict'

// Promise: a test gets the webhooks that its Items fire, each once and in order, with what their
// receiver answered, and can prove that they are genuine.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { PlaidError, PlaidTimeoutError } = require('../index.js')
const {
  NOWHERE,
  brokenItem,
  call,
  itemError,
  refusingPort,
  resetLogin,
  start,
  verified,
} = require('./support/sandbox.js')
const { good, json, startServer } = require('./support/server.js')

test('the webhook of a broken login is posted to its receiver, and its signature proves it', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const url = `${receiver.url}/plaid/webhook?from=plaid`
  const item = await brokenItem(sandbox, url)
  const { item_id } = item
  const webhook = await sandbox.nextWebhook()

  const { body, rawBody, verification, outcome, attempts, firedAt, ...rest } = webhook
  assert.deepEqual(rest, {
    id: 1,
    item_id,
    nextAttemptAt: null,
    url,
    webhook_code: 'ERROR',
    webhook_type: 'ITEM',
  })
  assert.deepEqual(outcome, { kind: 'delivered', status: 200 })
  assert.deepEqual(attempts, [{ at: attempts[0].at, outcome, verification }])
  assert.ok(Date.parse(firedAt) <= Date.parse(attempts[0].at))
  assert.deepEqual(body, JSON.parse(rawBody))
  const { error, ...fields } = body
  assert.deepEqual(fields, {
    environment: 'sandbox',
    item_id,
    webhook_code: 'ERROR',
    webhook_type: 'ITEM',
  })
  assert.equal(error.error_code, 'ITEM_LOGIN_REQUIRED')
  assert.equal(error.error_type, 'ITEM_ERROR')
  assert.equal(error.status, 400)

  const [request, ...more] = receiver.requests
  assert.deepEqual(more, [])
  assert.deepEqual([request.method, request.url], ['POST', '/plaid/webhook?from=plaid'])
  assert.equal(request.headers['content-type'], 'application/json')
  assert.equal(request.headers['plaid-verification'], verification)
  assert.equal(request.body.toString(), rawBody)

  const { key, header, payload } = await verified(sandbox, webhook)
  assert.deepEqual(header, { alg: 'ES256', kid: key.kid, typ: 'JWT' })
  assert.equal(key.expired_at, null)
  assert.ok(Math.abs(Date.now() / 1000 - payload.iat) < 300)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
})

test('a webhook is handed out once its receiver has answered, with what it answered', async (t) => {
  const sandbox = await start(t)
  let answered = false
  const late = async (request, response) => {
    await wait(100)
    answered = true
    json(503, {})(request, response)
  }
  const receiver = await startServer(t, { replies: [late] })
  await brokenItem(sandbox, receiver.url)
  const [unanswered] = await sandbox.webhooks()
  assert.deepEqual([unanswered.verification, unanswered.outcome], [null, null])
  assert.deepEqual([unanswered.attempts, unanswered.nextAttemptAt], [[], null])
  const { outcome } = await sandbox.nextWebhook()
  assert.equal(answered, true)
  assert.deepEqual(outcome, { kind: 'refused', status: 503 })
})

test('an answer counts as a delivery with the status 200 alone', async (t) => {
  const sandbox = await start(t)
  for (const status of [201, 204, 302, 400, 410, 500]) {
    const reply = (_, response) => response.writeHead(status).end()
    const receiver = await startServer(t, { replies: [reply] })
    const { item_id } = await brokenItem(sandbox, receiver.url)
    const webhook = await sandbox.nextWebhook({ item_id })
    assert.deepEqual(webhook.outcome, { kind: 'refused', status })
    assert.notEqual(webhook.nextAttemptAt, null)
  }
})

test('webhooks are handed out in the order of being fired, each once', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  // The oldest webhook is the last one to be answered.
  const slow = async (request, response) => {
    while (receiver.requests.length < 2) await once(receiver, 'request')
    good(request, response)
  }
  const slowReceiver = await startServer(t, { replies: [slow] })
  const items = []
  for (const { url } of [slowReceiver, receiver, receiver]) {
    items.push((await brokenItem(sandbox, url)).item_id)
  }
  const webhooks = []
  for (const _ of items) webhooks.push(await sandbox.nextWebhook())
  assert.deepEqual(
    webhooks.map(({ id, item_id }) => [id, item_id]),
    items.map((item_id, i) => [i + 1, item_id]),
  )
  await assert.rejects(sandbox.nextWebhook({ timeoutMs: 20 }), { code: 'WEBHOOK_TIMEOUT' })
  assert.deepEqual(await sandbox.webhooks(), webhooks)
})

test('a filter hands out the webhook of its Item and its code, and leaves the others', async (t) => {
  const sandbox = await start(t)
  const [one, other] = [
    await sandbox.createItem({ webhook: NOWHERE }),
    await sandbox.createItem({ webhook: NOWHERE }),
  ]
  await resetLogin(sandbox, one)
  await resetLogin(sandbox, other)
  const byItem = await sandbox.nextWebhook({ item_id: other.item_id })
  assert.equal(byItem.item_id, other.item_id)
  const anotherCode = sandbox.nextWebhook({ webhook_code: 'LOGIN_REPAIRED', timeoutMs: 20 })
  await assert.rejects(anotherCode, { code: 'WEBHOOK_TIMEOUT' })
  const byCode = await sandbox.nextWebhook({ webhook_code: 'ERROR' })
  assert.equal(byCode.item_id, one.item_id)
})

test('of several that wait, whoever asked first gets the older webhook', async (t) => {
  const sandbox = await start(t)
  const items = []
  for (let i = 0; i < 3; i++) items.push(await sandbox.createItem({ webhook: NOWHERE }))
  const waiting = items.map(() => sandbox.nextWebhook())
  for (const item of items) await resetLogin(sandbox, item)
  const webhooks = await Promise.all(waiting)
  assert.deepEqual(
    webhooks.map(({ item_id }) => item_id),
    items.map(({ item_id }) => item_id),
  )
})

test('of several that wait, each gets the webhook of its own Item', async (t) => {
  const sandbox = await start(t)
  const items = []
  for (let i = 0; i < 3; i++) items.push(await sandbox.createItem({ webhook: NOWHERE }))
  const waiting = items.map(({ item_id }) => sandbox.nextWebhook({ item_id }))
  for (const item of items.toReversed()) await resetLogin(sandbox, item)
  const webhooks = await Promise.all(waiting)
  assert.deepEqual(
    webhooks.map(({ item_id }) => item_id),
    items.map(({ item_id }) => item_id),
  )
})

test('waiting for a webhook that does not come ends with an error that says so', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await brokenItem(sandbox)
  await assert.rejects(
    async function inTheTest() {
      await sandbox.nextWebhook({ item_id, webhook_code: 'ERROR', timeoutMs: 30 })
    },
    (error) => {
      assert.ok(error instanceof PlaidTimeoutError && error instanceof PlaidError)
      assert.equal(error.code, 'WEBHOOK_TIMEOUT')
      assert.match(error.message, new RegExp(`no ERROR webhook of Item ${item_id} within 30ms`))
      assert.match(error.message, /so far: 0$/)
      assert.match(error.stack, /inTheTest/)
      return true
    },
  )
})

test('a webhook to another machine is not sent, and handed out as not allowed', async (t) => {
  const sandbox = await start(t)
  for (const url of ['http://plaid-receiver.invalid/', NOWHERE, 'https://192.0.2.1:1/webhook']) {
    await brokenItem(sandbox, url)
    const { outcome, nextAttemptAt, ...webhook } = await sandbox.nextWebhook()
    assert.equal(webhook.url, url)
    assert.equal(nextAttemptAt, null)
    assert.equal(outcome.kind, 'not_allowed')
    assert.match(outcome.reason, /this webhook was not sent/)
  }
})

test('a receiver is called that allowWebhookHosts names, by name or with its port', async (t) => {
  const receiver = await startServer(t)
  // Leads to this machine, too, but is not known to: it is no loopback address.
  const url = `http://0.0.0.0:${receiver.port}/webhook`
  const kinds = {}
  for (const host of ['0.0.0.0', `0.0.0.0:${receiver.port}`, '0.0.0.0:1', '0.0.0', 'backend']) {
    const sandbox = await start(t, { allowWebhookHosts: ['another', host] })
    await brokenItem(sandbox, url)
    kinds[host] = (await sandbox.nextWebhook()).outcome.kind
  }
  assert.deepEqual(kinds, {
    '0.0.0.0': 'delivered',
    [`0.0.0.0:${receiver.port}`]: 'delivered',
    '0.0.0.0:1': 'not_allowed',
    '0.0.0': 'not_allowed',
    backend: 'not_allowed',
  })
  assert.equal(receiver.requests.length, 2)
})

test('a webhook whose receiver refuses it, or hangs up, is handed out as failed', async (t) => {
  const sandbox = await start(t)
  const hangUp = await startServer(t, { connections: [(socket) => socket.destroy()] })
  for (const url of [`http://127.0.0.1:${await refusingPort()}/`, hangUp.url]) {
    await brokenItem(sandbox, url)
    const { outcome, nextAttemptAt } = await sandbox.nextWebhook()
    assert.equal(outcome.kind, 'failed')
    assert.match(outcome.reason, /could not connect|no answer/)
    assert.notEqual(nextAttemptAt, null)
  }
})

test('a webhook is delivered again on demand, as it was, and signed anew', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t, { replies: [json(500, {})] })
  await brokenItem(sandbox, receiver.url)
  const first = await sandbox.nextWebhook()
  const again = await sandbox.redeliverWebhook(first.id)
  assert.deepEqual([again.id, again.rawBody, again.firedAt], [1, first.rawBody, first.firedAt])
  assert.deepEqual(
    again.attempts.map(({ outcome }) => outcome),
    [
      { kind: 'refused', status: 500 },
      { kind: 'delivered', status: 200 },
    ],
  )
  assert.deepEqual(again.outcome, { kind: 'delivered', status: 200 })
  assert.equal(again.verification, again.attempts[1].verification)
  // Delivered is delivered: what was planned is not needed any more.
  assert.notEqual(first.nextAttemptAt, null)
  assert.equal(again.nextAttemptAt, null)
  await verified(sandbox, again)
  const bodies = receiver.requests.map(({ body }) => body.toString())
  assert.deepEqual(bodies, [first.rawBody, first.rawBody])
  // It is the same webhook, which was handed out.
  await assert.rejects(sandbox.nextWebhook({ timeoutMs: 20 }), { code: 'WEBHOOK_TIMEOUT' })
  assert.deepEqual(await sandbox.webhooks(), [again])
})

test('a webhook that is not there is not delivered again', async (t) => {
  const sandbox = await start(t)
  await brokenItem(sandbox, NOWHERE)
  for (const id of [2, Number.MAX_SAFE_INTEGER]) {
    const refusal = { name: 'PlaidUsageError', code: 'WEBHOOK_NOT_FOUND' }
    await assert.rejects(sandbox.redeliverWebhook(id), refusal)
  }
})

test('after a rotation webhooks are signed by the new key, and the old one has expired', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const item = await brokenItem(sandbox, receiver.url)
  const before = await sandbox.nextWebhook()
  const { key: old } = await verified(sandbox, before)
  assert.equal(old.expired_at, null)

  const kid = await sandbox.rotateWebhookKey()

  const { key: expired } = await verified(sandbox, before)
  const now = (await sandbox.now()).getTime() / 1000
  assert.ok(expired.expired_at >= old.created_at && expired.expired_at <= now)
  assert.deepEqual({ ...expired, expired_at: null }, old)
  await resetLogin(sandbox, item)
  const after = await sandbox.nextWebhook()
  const { key } = await verified(sandbox, after)
  assert.deepEqual([key.kid, key.expired_at], [kid, null])
  assert.notEqual(kid, old.kid)
  const again = await sandbox.redeliverWebhook(before.id)
  assert.equal((await verified(sandbox, again)).key.kid, kid)
  const { error_code } = await call(sandbox, '/webhook_verification_key/get', { key_id: 'x' })
  assert.equal(error_code, 'INVALID_WEBHOOK_VERIFICATION_KEY_ID')
})
