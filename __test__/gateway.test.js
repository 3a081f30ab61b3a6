'use strict'

// Promise: with a gateway, calls go to its tool route with its own token and without any
// credential of Plaid's; its envelope is taken off, and its errors are told as Plaid's are.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  PlaidApiError,
  PlaidResponseError,
  PlaidUsageError,
  createPlaidClient,
} = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, json, raw, startServer } = require('./support/server.js')

const META = { requestId: 'gateway-1', durationMs: 12 }
const ENVELOPED = json(200, { data: GOOD_REPLY, meta: META })

/** A gateway whose script ends in a good reply, and a client of it. */
async function start(t, ...replies) {
  const server = await startServer(t, { replies: [...replies, ENVELOPED] })
  const gateway = { url: server.url, token: GATEWAY_TOKEN }
  return { server, client: createPlaidClient({ gateway, maxRetries: 0 }) }
}

/** Asserts the error that `reply` becomes, and that the client goes on. */
async function check(t, reply, Class, fields) {
  const { client } = await start(t, reply)
  const error = await failure(client, Class, { attempts: 1, ...fields })
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
  return error
}

test('the call goes to the tool route as {"args":…}, with the token as Bearer', async (t) => {
  const { server, client } = await start(t)
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
  const [{ method, url, headers, body }] = server.requests
  assert.equal(method, 'POST')
  assert.equal(url, '/tools/plaid/sandboxitemresetlogin')
  assert.equal(headers.authorization, `Bearer ${GATEWAY_TOKEN}`)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(body.toString(), `{"args":{"access_token":"${ACCESS_TOKEN}"}}`)
})

test('no credential of Plaid’s is sent to a gateway, though the client has them', async (t) => {
  const server = await startServer(t, { replies: [ENVELOPED] })
  const gateway = { url: server.url }
  const client = createPlaidClient({ gateway, clientId: CLIENT_ID, secret: SECRET })
  await client.sandboxitemresetlogin(INPUT)
  const [{ rawHeaders, body }] = server.requests
  const sent = rawHeaders.join('\n') + body
  assert.ok(!sent.includes(CLIENT_ID) && !sent.includes(SECRET))
})

test('without a token no Authorization header is sent', async (t) => {
  const server = await startServer(t, { replies: [ENVELOPED] })
  await createPlaidClient({ gateway: { url: server.url } }).sandboxitemresetlogin(INPUT)
  assert.equal(server.requests[0].headers.authorization, undefined)
})

test('a caller’s own credentials travel in the arguments', async (t) => {
  const { server, client } = await start(t)
  const input = { ...INPUT, client_id: CLIENT_ID, secret: SECRET }
  await client.sandboxitemresetlogin(input)
  assert.deepEqual(JSON.parse(server.requests[0].body), { args: input })
})

test('a gateway may live below a path', async (t) => {
  for (const prefix of ['/', '/plaid', '/a/b/']) {
    const server = await startServer(t, { replies: [ENVELOPED] })
    const gateway = { url: `${server.url}${prefix}` }
    await createPlaidClient({ gateway }).sandboxitemresetlogin(INPUT)
    const expected = `${prefix.replace(/\/$/, '')}/tools/plaid/sandboxitemresetlogin`
    assert.equal(server.requests[0].url, expected)
  }
})

test('unknown fields of the enveloped reply are kept', async (t) => {
  const data = { ...GOOD_REPLY, more: { of: ['it'] } }
  const { client } = await start(t, json(200, { data, meta: META }))
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), data)
})

test('a reply without an envelope is taken as it is', async (t) => {
  const { client } = await start(t, json(200, GOOD_REPLY))
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
})

test('a flat error is GATEWAY_ERROR with the gateway’s sentence', (t) =>
  check(t, json(500, { error: 'upstream said no' }), PlaidApiError, {
    code: 'GATEWAY_ERROR',
    error_code: 'GATEWAY_ERROR',
    status: 500,
    message: /upstream said no/,
    retryable: true,
  }))

test('a wrong token is told as the gateway tells it', (t) =>
  check(t, json(401, { error: `unknown token ${GATEWAY_TOKEN}` }), PlaidApiError, {
    code: 'GATEWAY_ERROR',
    status: 401,
    message: /unknown token \[redacted\]/,
    retryable: false,
  }))

test('Plaid’s own fields beside the error are kept', (t) => {
  const plaid = {
    error_type: 'INVALID_INPUT',
    error_code: 'INVALID_ACCESS_TOKEN',
    error_message: 'could not find matching access token',
    display_message: null,
    documentation_url: 'https://plaid.com/docs/errors/invalid-input/',
    suggested_action: null,
    request_id: 'HNTDNrA8F1shFEW',
  }
  const reply = json(400, { error: 'Plaid refused the call', ...plaid })
  return check(t, reply, PlaidApiError, { ...plaid, code: 'INVALID_ACCESS_TOKEN', status: 400 })
})

const UNREADABLE = [
  ['a page', raw(200, `<p>${GATEWAY_TOKEN}`)],
  ['an envelope without data', json(200, { meta: META })],
  ['an envelope with other data', json(200, { data: [GATEWAY_TOKEN], meta: META })],
  ['a redirect', raw(307, '', { location: '/login' })],
]

for (const [what, reply] of UNREADABLE) {
  test(`${what} from a gateway is refused`, (t) =>
    check(t, reply, PlaidResponseError, { code: 'UNEXPECTED_RESPONSE' }))
}

test('a token of another environment goes to no gateway', async (t) => {
  const { server, client } = await start(t)
  const input = { access_token: 'access-production-fa4e1111-7c69-4d34-b8a1-5e0c3f9d2b17' }
  const fields = { code: 'NOT_A_SANDBOX_TOKEN', field: 'access_token' }
  await failure(client, PlaidUsageError, fields, input)
  assert.equal(server.connectionCount(), 0)
})

test('a gateway token that no header can carry is refused', async (t) => {
  const server = await startServer(t)
  const client = createPlaidClient({ gateway: { url: server.url, token: `${GATEWAY_TOKEN}\n` } })
  await failure(client, PlaidUsageError, { code: 'INVALID_FIELD', field: 'gateway.token' })
  assert.equal(server.connectionCount(), 0)
})

test('a busy gateway is tried again', async (t) => {
  const server = await startServer(t, { replies: [json(503, { error: 'busy' }), ENVELOPED] })
  const client = createPlaidClient({ gateway: { url: server.url } })
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
})
