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
async function start(t) {
  const sandbox = await startSandbox()
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
