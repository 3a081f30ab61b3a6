'use strict'

// Promise: every reply of the Sandbox, and every webhook it delivers, matches Plaid's documented
// schema and Plaid's JSON formatting, whatever the request was.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startSandbox } = require('../sandbox.js')
const { FIRED_BY_CALL, PRODUCTS, USER, thingsOf } = require('./schemas/bodies.js')
const { CALLS } = require('./schemas/calls.js')
const {
  SCHEMAS,
  call,
  checkedWebhook,
  isObject,
  kindOf,
  replyValidator,
} = require('./schemas/check.js')
const { startServer } = require('./support/server.js')

/** No field name of Plaid; it has characters that JSON or HTML must escape. */
const MISSPELT = 'mis<sp>elt&\u2028"\\\n\u0001😀é'

/** Values to try in place of the documented ones. */
const ODD_VALUES = [null, true, 7, -1.5, '', 'ABCDEFG1234567', MISSPELT, [], [7], {}, { x: [] }]

function assertGood({ status, reply, about }) {
  assert.equal(status, 200, `${about} is an error: ${reply.error_code}: ${reply.error_message}`)
  return reply
}

function assertBad({ status, reply, about }) {
  assert.ok(status >= 400 && status < 500, `${about} is not an error: ${JSON.stringify(reply)}`)
}

function assertEither({ status, about }) {
  assert.ok(status < 500, about)
}

/** A Sandbox that is closed when the test `t` ends, and the `things` for its calls. */
async function start(t, options) {
  const sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  const post = async (path, body) => assertGood(await call(sandbox, path, body))
  return { sandbox, things: thingsOf(sandbox, post) }
}

/** The path of every value inside `value`, through objects and arrays. */
function pathsIn(value, path = []) {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    [...path, name],
    ...pathsIn(inner, [...path, name]),
  ])
}

/** The path of every object inside `value`, itself included. */
function objectsIn(value) {
  return [[], ...pathsIn(value)].filter((path) => isObject(at(value, path)))
}

function at(value, path) {
  return path.reduce((inner, name) => inner[name], value)
}

/** A copy of `value` with `by` at `path`; without that field if `by` is undefined. */
function replaced(value, path, by) {
  const copy = structuredClone(value)
  const parent = at(copy, path.slice(0, -1))
  if (by === undefined) delete parent[path.at(-1)]
  else parent[path.at(-1)] = by
  return copy
}

/** Requests that every route refuses: no JSON object, another method. */
function badRequests(body) {
  const json = JSON.stringify(body)
  const ofType = (type) => [json, { headers: { 'content-type': type } }]
  return [
    ...['', '{', `${json},`, `[${json}]`, '[]', '"text"', '7', 'null', 'access_token=x'].map(
      (text) => [text],
    ),
    ['['.repeat(10_000)],
    [`${json.slice(0, -1)}${' '.repeat(2 << 20)}}`],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ofType(undefined),
    ofType('text/plain'),
    ofType('application/x-www-form-urlencoded'),
    ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => [json, { method }]),
  ]
}

/** Requests with missing or wrong credentials. */
function strangers({ clientId, secret }, body) {
  const json = JSON.stringify(body)
  const by = (id, key) => [json, { headers: { 'plaid-client-id': id, 'plaid-secret': key } }]
  return [
    by(undefined, undefined),
    by(clientId, undefined),
    by(undefined, secret),
    by('nope', secret),
    by('', secret),
    by(clientId, ''),
    by(clientId, 'another'),
    by('0'.repeat(24), secret),
    [{ ...body, client_id: clientId, secret: 'another' }],
    [{ ...body, client_id: 7, secret: null }],
  ]
}

test('the calls cover exactly the routes that have a schema', () => {
  const described = SCHEMAS.flatMap(({ $defs }) => Object.keys($defs))
  const routes = described.filter((name) => name.startsWith('/'))
  assert.deepEqual(Object.keys(CALLS).sort(), routes.sort())
})

test('the schemas allow no undocumented field', () => {
  const isOpen = (schema) =>
    schema.properties !== undefined &&
    schema.additionalProperties !== false &&
    schema.unevaluatedProperties !== false &&
    // It extends another schema.
    schema.$ref === undefined
  const open = SCHEMAS.flatMap((schema) =>
    objectsIn(schema)
      .filter((path) => path.at(-1) !== 'properties' && isOpen(at(schema, path)))
      .map((path) => `${schema.$id}/${path.join('/')}`),
  )
  assert.deepEqual(open, ['item.json/$defs/ItemFields'])
})

for (const [path, calls] of Object.entries(CALLS)) {
  const { required, isPublic = false, open = [], full, good = {}, bad, either = {} } = calls

  for (const [name, make] of Object.entries({ 'every field': full, ...good })) {
    test(`${path} with ${name} gives a documented reply`, async (t) => {
      const { sandbox, things } = await start(t)
      assertGood(await call(sandbox, path, await make(things)))
    })
  }

  for (const [name, make] of Object.entries(bad)) {
    test(`${path} with ${name} gives a documented error`, async (t) => {
      const { sandbox, things } = await start(t)
      assertBad(await call(sandbox, path, await make(things)))
    })
  }

  for (const [name, make] of Object.entries(either)) {
    test(`${path} with ${name} gives a documented reply or error`, async (t) => {
      const { sandbox, things } = await start(t)
      assertEither(await call(sandbox, path, await make(things)))
    })
  }

  test(`${path} accepts credentials in the body, and any spelling of the JSON media type`, async (t) => {
    const { sandbox, things } = await start(t)
    const { clientId: client_id, secret } = sandbox
    const headers = { 'plaid-client-id': undefined, 'plaid-secret': undefined }
    const body = { ...(await full(things)), client_id, secret }
    assertGood(await call(sandbox, path, body, { headers }))
    const type = { headers: { 'content-type': 'Application/JSON; charset=utf-8' } }
    assertGood(await call(sandbox, path, await full(things), type))
  })

  test(`${path} refuses a missing, empty or mistyped required field`, async (t) => {
    const { sandbox, things } = await start(t)
    for (const field of required) {
      for (const odd of [undefined, null, 7, '', {}]) {
        const body = await full(things)
        if (odd === 7 && typeof body[field] === 'number') continue
        assertBad(await call(sandbox, path, replaced(body, [field], odd)))
      }
    }
  })

  test(`${path} refuses an unknown field at any depth`, async (t) => {
    const { sandbox, things } = await start(t)
    for (const object of objectsIn(await full(things))) {
      if (open.includes(object[0])) continue
      const body = await full(things)
      assertBad(await call(sandbox, path, replaced(body, [...object, MISSPELT], 1)))
    }
  })

  test(`${path} refuses a malformed request with a documented error`, async (t) => {
    const { sandbox, things } = await start(t)
    const body = await full(things)
    for (const request of badRequests(body)) {
      assertBad(await call(sandbox, path, ...request))
    }
    for (const request of strangers(sandbox, body)) {
      const answer = await call(sandbox, path, ...request)
      if (isPublic) assertGood(answer)
      else assertBad(answer)
    }
  })

  test(`${path} gives a documented reply or error for any value in any field`, async (t) => {
    const { sandbox, things } = await start(t)
    for (const field of pathsIn(await full(things))) {
      for (const odd of [undefined, ...ODD_VALUES]) {
        const body = await full(things)
        assertEither(await call(sandbox, path, replaced(body, field, odd)))
      }
    }
  })

  test(`the schema of ${path} notices a wrong name or type in a reply`, async (t) => {
    const { sandbox, things } = await start(t)
    const { reply } = await call(sandbox, path, await full(things))
    const validate = replyValidator(path)
    const misspelt = objectsIn(reply).map((object) => replaced(reply, [...object, 'misspelt'], 1))
    const mistyped = pathsIn(reply).map((field) => replaced(reply, field, { misspelt: 1 }))
    for (const wrong of [...misspelt, ...mistyped, {}, null]) {
      assert.equal(validate(wrong), false, JSON.stringify(wrong))
    }
  })
}

const NO_ROUTES = ['/', '/item', '/item/get/', '//item/get', '/Item/Get', '/item/%67et', '/a<b>&c']

test('an unknown path gives a documented NOT_FOUND', async (t) => {
  const { sandbox } = await start(t)
  for (const path of NO_ROUTES) {
    for (const method of ['POST', 'GET']) {
      const answer = await call(sandbox, path, {}, { method })
      assertBad(answer)
      assert.equal(answer.reply.error_code, 'NOT_FOUND', answer.about)
    }
  }
})

const FAULTS = [
  ...[404, 429, 500, 502, 503, 504].map((status) => ({ status })),
  ...[
    'INSTITUTION_DOWN',
    'INTERNAL_SERVER_ERROR',
    'INVALID_API_KEYS',
    'ITEM_LOCKED',
    'ITEM_LOGIN_REQUIRED',
    'PLANNED_MAINTENANCE',
    'RATE_LIMIT',
    'SANDBOX_ONLY',
    'SANDBOX_WEBHOOK_INVALID',
    'USER_NOT_FOUND',
  ].map((error_code) => ({ error_code })),
]

test('an injected error gives a documented error', async (t) => {
  const { sandbox, things } = await start(t)
  const { access_token } = await things.item()
  for (const fault of FAULTS) {
    await sandbox.failNext(fault)
    const { status, reply, about } = await call(sandbox, '/item/get', { access_token })
    assert.notEqual(status, 200, about)
    assert.equal(reply.error_code, fault.error_code ?? reply.error_code)
  }
})

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
]) {
  test(`webhooks of a hosted session that the user ${how} are documented`, async (t) => {
    const { sandbox, things } = await start(t)
    const receiver = await startServer(t)
    const fields = { products: ['auth'], hosted_link: {}, webhook: receiver.url }
    const link_token = await things.linkToken(fields)
    if (how === 'completes') await sandbox.completeLink(link_token)
    else await sandbox.exitLink(link_token)
    await sandbox.advanceClock(20 * 60_000)
    await assertWebhooks(sandbox, receiver, kinds)
  })
}
