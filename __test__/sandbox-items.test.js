'use strict'

// Promise: a Sandbox hands out Items as a test wants them, shows each one's state, and heals a
// broken one from outside, as a login in another application would.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  NOWHERE,
  brokenItem,
  call,
  itemError,
  resetLogin,
  start,
  verified,
} = require('./support/sandbox.js')
const { startServer } = require('./support/server.js')

test('an Item without settings is of First Platypus Bank, for transactions', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id, ...rest } = await sandbox.createItem()
  assert.deepEqual(rest, {})
  assert.match(access_token, /^access-sandbox-[0-9a-f-]{36}$/)
  const { item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(item.item_id, item_id)
  assert.equal(item.institution_id, 'ins_109508')
  assert.equal(item.institution_name, 'First Platypus Bank')
  assert.deepEqual(item.products, ['transactions'])
  assert.equal(item.webhook, '')
})

test('an Item has the webhook, the products and the institution it was created with', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem({
    webhook: NOWHERE,
    products: ['auth', 'identity'],
    institution_id: 'ins_109511',
  })
  const { item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(item.webhook, NOWHERE)
  assert.deepEqual(item.products, ['auth', 'identity'])
  assert.equal(item.institution_name, 'Tartan Bank')
})

test('the Items of a user_id are broken together, by the route that is for users', async (t) => {
  const sandbox = await start(t)
  const user_id = 'usr_one'
  const [first, second] = [
    await sandbox.createItem({ user_id }),
    await sandbox.createItem({ user_id }),
  ]
  const others = await sandbox.createItem({ user_id: 'usr_other' })
  const nobodys = await sandbox.createItem()
  const { httpStatus } = await call(sandbox, '/sandbox/user/reset_login', { user_id })
  assert.equal(httpStatus, 200)
  const errors = await Promise.all(
    [first, second, others, nobodys].map((item) => itemError(sandbox, item)),
  )
  assert.deepEqual(errors, ['ITEM_LOGIN_REQUIRED', 'ITEM_LOGIN_REQUIRED', null, null])
})

test('Items of one Sandbox are told apart', async (t) => {
  const sandbox = await start(t)
  const items = await Promise.all(Array.from({ length: 50 }, () => sandbox.createItem()))
  assert.equal(new Set(items.map(({ item_id }) => item_id)).size, 50)
  assert.equal(new Set(items.map(({ access_token }) => access_token)).size, 50)
  await resetLogin(sandbox, items[7])
  const errors = await Promise.all(items.map((item) => itemError(sandbox, item)))
  assert.deepEqual(
    errors.flatMap((error, i) => (error === null ? [] : [[i, error]])),
    [[7, 'ITEM_LOGIN_REQUIRED']],
  )
})

const NO_URL = 'webhook must be a non-empty string URL'
const REFUSED_BY_PLAID = [
  ['webhook', 'no URL', 'INVALID_FIELD', NO_URL],
  ['webhook', 'ftp://127.0.0.1/', 'INVALID_FIELD', NO_URL],
  ['products', [], 'INVALID_FIELD', /^products must be a list of strings containing at least one/],
  ['products', ['loans'], 'INVALID_PRODUCT', 'products contains invalid products: ["loans"]'],
  ['institution_id', 'ins_0', 'INVALID_INSTITUTION', 'invalid institution_id provided'],
]

for (const [field, value, code, message] of REFUSED_BY_PLAID) {
  test(`an Item with ${field} ${JSON.stringify(value)} is refused in Plaid's own words`, async (t) => {
    const sandbox = await start(t)
    const refusal = { name: 'PlaidUsageError', code, field, message }
    await assert.rejects(sandbox.createItem({ [field]: value }), refusal)
    assert.deepEqual(await sandbox.items(), [])
  })
}

test('items() shows every Item and its state, and no token', async (t) => {
  const sandbox = await start(t)
  assert.deepEqual(await sandbox.items(), [])
  const healthy = await sandbox.createItem()
  const broken = await sandbox.createItem({
    webhook: NOWHERE,
    products: ['auth', 'transactions'],
    institution_id: 'ins_109511',
    user_id: 'usr_one',
  })
  await resetLogin(sandbox, broken)
  const removed = await sandbox.createItem()
  await call(sandbox, '/item/remove', { access_token: removed.access_token })
  const plain = {
    institution_id: 'ins_109508',
    products: ['transactions'],
    user_id: null,
    webhook: null,
  }
  const items = await sandbox.items()
  assert.deepEqual(items, [
    { ...plain, item_id: healthy.item_id, state: 'healthy' },
    {
      institution_id: 'ins_109511',
      item_id: broken.item_id,
      products: ['auth', 'transactions'],
      state: 'login_required',
      user_id: 'usr_one',
      webhook: NOWHERE,
    },
    { ...plain, item_id: removed.item_id, state: 'removed' },
  ])
  const shown = JSON.stringify(items)
  for (const { access_token } of [healthy, broken, removed]) {
    assert.ok(!shown.includes(access_token))
  }
})

test('items() shows what became of an Item through the routes', async (t) => {
  const sandbox = await start(t)
  const { public_token } = await call(sandbox, '/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    user_token: 'user-sandbox-7',
  })
  const { access_token } = await call(sandbox, '/item/public_token/exchange', { public_token })
  await call(sandbox, '/item/webhook/update', { access_token, webhook: NOWHERE })
  await call(sandbox, '/auth/get', { access_token })
  const [item] = await sandbox.items()
  assert.equal(item.webhook, NOWHERE)
  assert.equal(item.user_id, 'user-sandbox-7')
  assert.deepEqual(item.products, ['auth', 'transactions'])
})

test('a broken Item is healed from outside with its token and ids, and fires LOGIN_REPAIRED', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const item = await sandbox.createItem({ webhook: receiver.url, user_id: 'usr_one' })
  const { access_token, item_id } = item
  const before = await call(sandbox, '/accounts/get', { access_token })
  await resetLogin(sandbox, item)
  const { httpStatus, error_code } = await call(sandbox, '/accounts/get', { access_token })
  assert.deepEqual([httpStatus, error_code], [400, 'ITEM_LOGIN_REQUIRED'])

  assert.equal(await sandbox.repairItem(item_id), undefined)

  const after = await call(sandbox, '/accounts/get', { access_token })
  assert.equal(after.item.error, null)
  assert.deepEqual({ ...after, request_id: before.request_id }, before)
  assert.equal((await sandbox.items())[0].state, 'healthy')
  const webhook = await sandbox.nextWebhook({ item_id, webhook_code: 'LOGIN_REPAIRED' })
  assert.deepEqual(webhook.outcome, { kind: 'delivered', status: 200 })
  assert.deepEqual(webhook.body, {
    environment: 'sandbox',
    item_id,
    user_id: 'usr_one',
    webhook_code: 'LOGIN_REPAIRED',
    webhook_type: 'ITEM',
  })
  await verified(sandbox, webhook)
  assert.equal(receiver.requests.length, 2)
})

test('a healthy Item stays as it is when it is repaired, and fires nothing', async (t) => {
  const sandbox = await start(t)
  const item = await sandbox.createItem({ webhook: NOWHERE })
  await sandbox.repairItem(item.item_id)
  assert.deepEqual(await sandbox.webhooks(), [])
  assert.equal(await itemError(sandbox, item), null)
})

test('an Item can be broken and repaired again and again', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const item = await sandbox.createItem({ webhook: receiver.url })
  for (let i = 0; i < 5; i++) {
    await resetLogin(sandbox, item)
    assert.equal((await sandbox.nextWebhook()).webhook_code, 'ERROR')
    assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
    await sandbox.repairItem(item.item_id)
    assert.equal((await sandbox.nextWebhook()).webhook_code, 'LOGIN_REPAIRED')
    assert.equal(await itemError(sandbox, item), null)
  }
  assert.equal(receiver.requests.length, 10)
})

test('repairing an Item that is not there, or was removed, is refused', async (t) => {
  const sandbox = await start(t)
  const refusal = { name: 'PlaidUsageError', code: 'ITEM_NOT_FOUND' }
  for (const item_id of ['no-such-item', 'a/repair', '..', '?', 'null']) {
    await assert.rejects(sandbox.repairItem(item_id), refusal, item_id)
  }
  const { access_token, item_id } = await brokenItem(sandbox)
  await call(sandbox, '/item/remove', { access_token })
  await assert.rejects(sandbox.repairItem(item_id), refusal)
})
