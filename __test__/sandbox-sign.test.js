'use strict'

// Promise: a test can sign any body, and fire any webhook of `/sandbox/item/fire_webhook`, in
// JavaScript and over HTTP.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { NOWHERE, brokenItem, start, verified } = require('./support/sandbox.js')
const { partsOf } = require('./support/webhooks.js')
require('./support/client.js')

/** A request to a control route; resolves with the status and the response. */
async function control({ url }, route, options) {
  const response = await fetch(`${url}/_sandbox/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(options),
  })
  return [response.status, await response.json()]
}

test('signWebhook() signs text and bytes, now or at another time', async (t) => {
  const sandbox = await start(t)
  const body = '{"text":"é"}'
  const bytes = Buffer.from(`-${body}`)
  const inside = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1)
  for (const given of [body, Buffer.from(body), inside]) {
    const verification = await sandbox.signWebhook(given)
    const { payload } = await verified(sandbox, { verification, rawBody: body })
    assert.ok(Math.abs(payload.iat - Date.now() / 1000) < 10)
  }
  const old = await sandbox.signWebhook(body, { iat: 1_600_000_000 })
  assert.equal(partsOf(old)[1].iat, 1_600_000_000)
})

test('signWebhook() signs with the key of the Sandbox', async (t) => {
  const sandbox = await start(t)
  const kid = await sandbox.rotateWebhookKey()
  assert.equal(partsOf(await sandbox.signWebhook('{}'))[0].kid, kid)
})

test('signWebhook() names the argument that is wrong', async (t) => {
  const sandbox = await start(t)
  const bad = (field) => ({ name: 'PlaidUsageError', code: 'INVALID_OPTION', field })
  for (const body of [undefined, null, {}, 7, '', '\ud800', Buffer.from([0xff])]) {
    await assert.rejects(sandbox.signWebhook(body), bad('body'))
  }
  for (const iat of [-1, 1.5, '0', Number.NaN, Infinity]) {
    await assert.rejects(sandbox.signWebhook('{}', { iat }), bad('iat'))
  }
  const unknown = { code: 'UNKNOWN_OPTION', field: 'kid' }
  await assert.rejects(sandbox.signWebhook('{}', { kid: 'x' }), unknown)
})

test('fireWebhook() fires a webhook without a token, also for a broken Item', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await brokenItem(sandbox, NOWHERE)
  await sandbox.nextWebhook({ item_id })
  assert.equal(
    await sandbox.fireWebhook({ item_id, webhook_code: 'PENDING_DISCONNECT' }),
    undefined,
  )
  const fired = { item_id, webhook_type: 'TRANSACTIONS', webhook_code: 'DEFAULT_UPDATE' }
  await sandbox.fireWebhook(fired)
  const webhooks = await sandbox.webhooks()
  const codes = webhooks.map(({ webhook_code }) => webhook_code)
  assert.deepEqual(codes, ['ERROR', 'PENDING_DISCONNECT', 'DEFAULT_UPDATE'])
  assert.equal(webhooks[1].body.reason, 'INSTITUTION_MIGRATION')
  const [{ state }] = await sandbox.items()
  assert.equal(state, 'login_required')
})

test('fireWebhook() rejects with the code and the field', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await sandbox.createItem({ webhook: NOWHERE })
  const without = await sandbox.createItem()
  const code = 'DEFAULT_UPDATE'
  const cases = [
    [{ item_id: 'x', webhook_code: code }, 'ITEM_NOT_FOUND', undefined],
    [{ item_id: without.item_id, webhook_code: code }, 'NO_WEBHOOK_URL', undefined],
    [{ item_id, webhook_code: 'NO_SUCH_CODE' }, 'INVALID_FIELD', 'webhook_code'],
    [{ item_id, webhook_code: code, webhook_type: 'X' }, 'INVALID_FIELD', 'webhook_type'],
    [
      { item_id, webhook_code: code, webhook_type: 'AUTH' },
      'SANDBOX_PRODUCT_NOT_ENABLED',
      'webhook_code',
    ],
    [{ webhook_code: code }, 'INVALID_OPTION', 'item_id'],
    [{ item_id }, 'INVALID_OPTION', 'webhook_code'],
    [{ item_id, webhook_code: 7 }, 'INVALID_OPTION', 'webhook_code'],
    [{ item_id, webhook_code: code, times: 2 }, 'UNKNOWN_OPTION', 'times'],
  ]
  for (const [webhook, code, field] of cases) {
    const expected = { name: 'PlaidUsageError', code, field }
    await assert.rejects(sandbox.fireWebhook(webhook), expected)
  }
  assert.deepEqual(await sandbox.webhooks(), [])
})

test('both exist over HTTP', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await sandbox.createItem({ webhook: NOWHERE })
  const [status, { verification }] = await control(sandbox, 'webhooks/sign', { body: '{}' })
  assert.equal(status, 200)
  await verified(sandbox, { verification, rawBody: '{}' })
  const fired = await control(sandbox, 'webhooks', { item_id, webhook_code: 'LOGIN_REPAIRED' })
  assert.deepEqual(fired, [200, {}])
  assert.equal((await sandbox.nextWebhook()).webhook_code, 'LOGIN_REPAIRED')
  for (const [route, options, field] of [
    ['webhooks/sign', {}, 'body'],
    ['webhooks/sign', { body: '{}', iat: -1 }, 'iat'],
    ['webhooks', { item_id }, 'webhook_code'],
    ['webhooks', { webhook_code: 'ERROR' }, 'item_id'],
  ]) {
    const [status, error] = await control(sandbox, route, options)
    assert.deepEqual([status, error.field], [400, field])
  }
})
