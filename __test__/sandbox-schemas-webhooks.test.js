'use strict'

// Promise: every webhook that the Sandbox delivers, and every reply about data that change, match
// Plaid's documented schema and Plaid's JSON formatting.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { FIRED_BY_CALL, finishedInLink, leftInLink, PRODUCTS, USER } = require('./schemas/bodies.js')
const { call, checkedWebhook, kindOf } = require('./schemas/check.js')
const { assertBad, assertEither, start } = require('./schemas/sandbox.js')
const { startServer } = require('./support/server.js')

const ERROR = 'ITEM/ERROR'

/** What fires each kind of webhook. */
const CAUSES = [
  ...FIRED_BY_CALL.map((kind) => [
    'fire_webhook',
    kind,
    ({ post }, { access_token }) => {
      const [webhook_type, webhook_code] = kind.split('/')
      return post('/sandbox/item/fire_webhook', { access_token, webhook_type, webhook_code })
    },
  ]),
  [
    'reset_login of an Item',
    ERROR,
    ({ post }, { access_token }) => post('/sandbox/item/reset_login', { access_token }),
  ],
  [
    'reset_login of a user',
    ERROR,
    ({ post }) => post('/sandbox/user/reset_login', { user_id: USER }),
  ],
  ['thirty days', ERROR, ({ sandbox }) => sandbox.advanceClock(31 * 24 * 60 * 60_000)],
  [
    'repairItem',
    'ITEM/LOGIN_REPAIRED',
    async ({ post, sandbox }, { access_token, item_id }) => {
      await post('/sandbox/item/reset_login', { access_token })
      await sandbox.repairItem(item_id)
    },
  ],
  [
    'webhook/update',
    'ITEM/WEBHOOK_UPDATE_ACKNOWLEDGED',
    ({ post }, { access_token }, url) =>
      post('/item/webhook/update', { access_token, webhook: `${url}/new?a=<b>&c` }),
  ],
]

/** The kinds that name the user of an Item. */
const NAMES_USER = /^ITEM\/(?!WEBHOOK_UPDATE)/

for (const [cause, kind, act] of CAUSES) {
  test(`the ${kind} webhook that ${cause} fires is documented`, async (t) => {
    const { things } = await start(t)
    const receiver = await startServer(t)
    for (const user_id of [undefined, USER]) {
      if (cause.endsWith('user') && !user_id) continue
      const settings = { webhook: receiver.url, products: PRODUCTS, ...(user_id && { user_id }) }
      await act(things, await things.item(settings), receiver.url)
      const webhook_code = kind.split('/')[1]
      const { outcome } = await things.sandbox.nextWebhook({ webhook_code })
      assert.deepEqual(outcome, { kind: 'delivered', status: 200 })

      const webhooks = receiver.requests.splice(0).map(checkedWebhook)
      const webhook = webhooks.find((webhook) => kindOf(webhook) === kind)
      assert.ok(webhook, `only these came: ${webhooks.map(kindOf)}`)
      if (NAMES_USER.test(kind)) assert.equal(webhook.user_id, user_id)
    }
  })
}

/** Waits for webhooks with these codes, and checks everything that `receiver` got. */
async function assertWebhooks(sandbox, receiver, kinds) {
  for (const kind of kinds) {
    const webhook_code = kind.split('/')[1]
    const { outcome } = await sandbox.nextWebhook({ webhook_code })
    assert.deepEqual(outcome, { kind: 'delivered', status: 200 })
  }
  const got = receiver.requests.splice(0).map(checkedWebhook).map(kindOf)
  for (const kind of kinds) assert.ok(got.includes(kind), `${kind} is not one of ${got}`)
}

test('replies and webhooks of transactions that arrive over time are documented', async (t) => {
  const { sandbox, things } = await start(t, { transactions: 'as_plaid' })
  const receiver = await startServer(t)
  const { access_token } = await things.item({ webhook: receiver.url })
  const days = { start_date: '2016-01-01', end_date: '2100-01-01' }
  const sync = (cursor) => things.post('/transactions/sync', { access_token, cursor })

  assert.equal((await sync('')).transactions_update_status, 'NOT_READY')
  assertBad(await call(sandbox, '/transactions/get', { access_token, ...days }))
  assertBad(await call(sandbox, '/transactions/recurring/get', { access_token }))

  await sandbox.advanceClock(10_000)
  const initial = await sync('')
  assert.equal(initial.transactions_update_status, 'INITIAL_UPDATE_COMPLETE')
  await things.post('/transactions/get', { access_token, ...days })
  await assertWebhooks(sandbox, receiver, [
    'TRANSACTIONS/INITIAL_UPDATE',
    'TRANSACTIONS/SYNC_UPDATES_AVAILABLE',
  ])

  await sandbox.advanceClock(120_000)
  assert.notEqual((await sync(initial.next_cursor)).modified.length, 0)
  await things.post('/transactions/recurring/get', { access_token })
  await assertWebhooks(sandbox, receiver, ['TRANSACTIONS/HISTORICAL_UPDATE'])
})

/** The access token of an Item of a test user. */
async function itemOf(things, override_username, override_password, webhook) {
  const { public_token } = await things.post('/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { override_username, override_password, webhook },
  })
  return (await things.post('/item/public_token/exchange', { public_token })).access_token
}

test('replies and webhooks of transactions that change are documented', async (t) => {
  const { sandbox, things } = await start(t)
  const receiver = await startServer(t)
  const access_token = await itemOf(things, 'user_transactions_dynamic', 'any', receiver.url)
  const sync = (cursor) => things.post('/transactions/sync', { access_token, cursor, count: 500 })
  const { next_cursor } = await sync('')
  await things.post('/transactions/refresh', { access_token })
  const changes = await sync(next_cursor)
  for (const list of ['added', 'modified', 'removed']) assert.notEqual(changes[list].length, 0)
  await readEverything(sandbox, things, access_token)
  await assertWebhooks(sandbox, receiver, [
    'TRANSACTIONS/SYNC_UPDATES_AVAILABLE',
    'TRANSACTIONS/DEFAULT_UPDATE',
    'TRANSACTIONS/TRANSACTIONS_REMOVED',
  ])
})

/** Calls every route that shows data of an Item. Any of them may refuse it. */
async function readEverything(sandbox, things, access_token) {
  const days = { start_date: '2016-01-01', end_date: '2100-01-01' }
  const paths = [
    '/accounts/get',
    '/accounts/balance/get',
    '/auth/get',
    '/identity/get',
    '/investments/holdings/get',
    '/liabilities/get',
    '/transactions/recurring/get',
    '/transactions/sync',
  ]
  for (const path of paths) assertEither(await call(sandbox, path, { access_token }))
  for (const path of ['/transactions/get', '/investments/transactions/get']) {
    assertEither(await call(sandbox, path, { access_token, ...days }))
  }
  const report = { access_tokens: [access_token], days_requested: 60 }
  const { asset_report_token } = await things.post('/asset_report/create', report)
  await things.post('/asset_report/get', { asset_report_token })
}

test('replies about a configured user are documented', async (t) => {
  const { sandbox, things } = await start(t)
  const today = new Date().toISOString().slice(0, 10)
  const account = (type, subtype) => ({
    type,
    subtype,
    starting_balance: 1000.5,
    force_available_balance: 900,
    meta: { name: 'Mine', official_name: 'My <b>own</b> account', limit: 5, mask: '4321' },
    transactions: [
      { date_transacted: today, date_posted: today, amount: 9.99, description: 'a & b' },
    ],
  })
  const password = {
    version: '2',
    seed: 'my-seed',
    override_accounts: [
      account('depository', 'checking'),
      account('credit', 'credit card'),
      account('investment', 'ira'),
      account('loan', 'student'),
    ],
  }
  const access_token = await itemOf(things, 'user_custom', JSON.stringify(password))
  await readEverything(sandbox, things, access_token)
})

test('webhooks of verifications and reports are documented', async (t) => {
  const { sandbox, things } = await start(t)
  const receiver = await startServer(t)
  const { access_token } = await things.item({ webhook: receiver.url })
  const { accounts } = await things.post('/accounts/get', { access_token })
  const { account_id } = accounts[0]
  for (const verification_status of ['automatically_verified', 'verification_expired']) {
    const fields = { access_token, account_id, verification_status }
    await things.post('/sandbox/item/set_verification_status', fields)
    await assertWebhooks(sandbox, receiver, [`AUTH/${verification_status.toUpperCase()}`])
  }
  await things.post('/asset_report/create', {
    access_tokens: [access_token],
    days_requested: 60,
    options: { webhook: receiver.url },
  })
  await assertWebhooks(sandbox, receiver, ['ASSETS/PRODUCT_READY'])
})

for (const [how, kinds] of [
  ['completes', ['LINK/ITEM_ADD_RESULT', 'LINK/SESSION_FINISHED', 'LINK/EVENTS']],
  ['leaves', ['LINK/SESSION_FINISHED', 'LINK/EVENTS']],
  ['completes in Link', ['LINK/ITEM_ADD_RESULT', 'LINK/SESSION_FINISHED', 'LINK/EVENTS']],
  ['leaves in Link', ['LINK/SESSION_FINISHED', 'LINK/EVENTS']],
]) {
  test(`webhooks of a hosted session that the user ${how} are documented`, async (t) => {
    const { sandbox, things } = await start(t)
    const receiver = await startServer(t)
    const fields = { products: ['auth'], hosted_link: {}, webhook: receiver.url }
    const link_token = await things.linkToken(fields)
    if (how === 'completes') await sandbox.completeLink(link_token)
    else if (how === 'leaves') await sandbox.exitLink(link_token)
    else if (how === 'leaves in Link') await leftInLink(sandbox, link_token)
    else await finishedInLink(sandbox, link_token)
    await sandbox.advanceClock(20 * 60_000)
    await assertWebhooks(sandbox, receiver, kinds)
  })
}
