'use strict'

// Promise: every reply of the Sandbox matches Plaid's documented schema and Plaid's JSON formatting,
// whatever the request was.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { CALLS } = require('./schemas/calls.js')
const { SCHEMAS, call, isObject, replyValidator } = require('./schemas/check.js')
const { assertBad, assertEither, assertGood, start } = require('./schemas/sandbox.js')

/** No field name of Plaid; it has characters that JSON or HTML must escape. */
const MISSPELT = 'mis<sp>elt&\u2028"\\\n\u0001😀é'

/** Values to try in place of the documented ones. */
const ODD_VALUES = [null, true, 7, -1.5, '', 'ABCDEFG1234567', MISSPELT, [], [7], {}, { x: [] }]

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
      // The console's page, in a build with the console.
      if (path === '/' && method === 'GET') continue
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
