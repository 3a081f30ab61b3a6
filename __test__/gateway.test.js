'use strict'

// Promise: the `gateway` option sends calls to a gateway's tool route, with the gateway's token and
// without Plaid's credentials. The replies and errors are those of Plaid.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  PlaidApiError,
  PlaidResponseError,
  PlaidUsageError,
  createPlaidClient,
} = require('../index.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, json, raw, startServer } = require('./support/server.js')

const META = { requestId: 'gateway-1', durationMs: 12 }
const ENVELOPED = json(200, { data: GOOD_REPLY, meta: META })

/** A server that replies as a gateway, and a client of it. */
async function start(t, ...replies) {
  const server = await startServer(t, { replies: [...replies, ENVELOPED] })
  const gateway = { url: server.url, token: GATEWAY_TOKEN }
  const credentials = { clientId: CLIENT_ID, secret: SECRET }
  return { server, client: createPlaidClient({ gateway, ...credentials, maxRetries: 0 }) }
}

test('the call goes to the tool route, with the token and without the client’s credentials', async (t) => {
  const { server, client } = await start(t)
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
  const [{ method, url, rawHeaders, headers, body }] = server.requests
  assert.deepEqual([method, url], ['POST', '/tools/plaid/sandboxitemresetlogin'])
  assert.equal(headers.authorization, `Bearer ${GATEWAY_TOKEN}`)
  assert.deepEqual(JSON.parse(body), { args: INPUT })
  assert.ok(!rawHeaders.includes(CLIENT_ID) && !rawHeaders.includes(SECRET))
})

test('credentials in the input travel in the arguments', async (t) => {
  const { server, client } = await start(t)
  const input = { ...INPUT, client_id: CLIENT_ID, secret: SECRET }
  await client.sandboxitemresetlogin(input)
  assert.deepEqual(JSON.parse(server.requests[0].body), { args: input })
})

test('without a token no Authorization header is sent', async (t) => {
  const server = await startServer(t, { replies: [ENVELOPED] })
  await createPlaidClient({ gateway: { url: server.url } }).sandboxitemresetlogin(INPUT)
  assert.equal(server.requests[0].headers.authorization, undefined)
})

const FAILURES = [
  [
    'an error of the gateway is a PlaidApiError without its token',
    json(401, { error: `unknown token ${GATEWAY_TOKEN}` }),
    PlaidApiError,
    { code: 'GATEWAY_ERROR', status: 401, message: /unknown token \[redacted\]/, retryable: false },
  ],
  [
    'a page instead of a reply is a PlaidResponseError',
    raw(200, `<p>${GATEWAY_TOKEN}`),
    PlaidResponseError,
    { code: 'UNEXPECTED_RESPONSE', status: 200 },
  ],
  [
    'an envelope without data is a PlaidResponseError',
    json(200, { meta: META }),
    PlaidResponseError,
    { code: 'UNEXPECTED_RESPONSE', status: 200 },
  ],
]

for (const [promise, reply, Class, fields] of FAILURES) {
  test(promise, async (t) => {
    const { client } = await start(t, reply)
    await failure(client, Class, { attempts: 1, ...fields })
    assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
  })
}

test('a gateway token that no header can carry is refused', async (t) => {
  const server = await startServer(t)
  const client = createPlaidClient({ gateway: { url: server.url, token: `${GATEWAY_TOKEN}\n` } })
  await failure(client, PlaidUsageError, { code: 'INVALID_FIELD', field: 'gateway.token' })
  assert.equal(server.connectionCount(), 0)
})
