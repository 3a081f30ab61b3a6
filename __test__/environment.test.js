'use strict'

// Promise: the default client takes its settings from the environment at the first call; options of
// createPlaidClient win over the environment.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { createPlaidClient } = require('../index.js')
const { run } = require('./support/child.js')
const {
  ACCESS_TOKEN,
  CLIENT_ID,
  GATEWAY_TOKEN,
  INPUT,
  SECRET,
  clientOf,
} = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { GOOD_REPLY, json, startServer } = require('./support/server.js')

const CREDENTIALS = { PLAID_CLIENT_ID: CLIENT_ID, PLAID_SECRET: SECRET }

/** Makes one call with the default client, in a process of its own. */
async function callWith(env, args) {
  const ended = await run('call.js', { env: { TEST_ACCESS_TOKEN: ACCESS_TOKEN, ...env }, args })
  assert.equal(ended.stderr, '')
  assert.equal(ended.code, 0)
  assertNoSecret(ended.stdout, 'the output')
  return JSON.parse(ended.stdout)
}

/** Sets variables of this process until the test ends. */
function setVariables(t, env) {
  Object.assign(process.env, env)
  t.after(() => {
    for (const name of Object.keys(env)) delete process.env[name]
  })
}

test('the default client takes credentials and the base URL from the environment', async (t) => {
  const server = await startServer(t)
  const { reply } = await callWith({ ...CREDENTIALS, PLAID_BASE_URL: server.url })
  assert.deepEqual(reply, GOOD_REPLY)
  const [{ headers }] = server.requests
  assert.equal(headers['plaid-client-id'], CLIENT_ID)
  assert.equal(headers['plaid-secret'], SECRET)
})

test('the environment is read at the first call, not at import', async (t) => {
  const server = await startServer(t)
  const variables = { ...CREDENTIALS, PLAID_BASE_URL: server.url }
  const args = Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  assert.deepEqual(await callWith({}, args), { reply: GOOD_REPLY })
})

test('without credentials a call is refused with the variable to set', async (t) => {
  const server = await startServer(t)
  const { error } = await callWith({ PLAID_BASE_URL: server.url, PLAID_CLIENT_ID: CLIENT_ID })
  assert.equal(error.name, 'PlaidUsageError')
  assert.equal(error.code, 'MISSING_CREDENTIALS')
  assert.match(error.message, /PLAID_SECRET/)
  assert.equal(server.connectionCount(), 0)
})

test('a bad environment rejects the call', async () => {
  const { error } = await callWith({
    ...CREDENTIALS,
    PLAID_BASE_URL: 'https://production.plaid.com',
  })
  assert.equal(error.name, 'PlaidUsageError')
  assert.equal(error.code, 'NOT_SANDBOX')
})

test('an empty variable counts as absent', async (t) => {
  const server = await startServer(t)
  const empty = { UTDK_GATEWAY_URL: '', UTDK_GATEWAY_TOKEN: '', HTTPS_PROXY: '', SSL_CERT_FILE: '' }
  const env = { ...CREDENTIALS, PLAID_BASE_URL: server.url, NODE_EXTRA_CA_CERTS: '', ...empty }
  assert.deepEqual(await callWith(env), { reply: GOOD_REPLY })
})

test('UTDK_GATEWAY_URL and UTDK_GATEWAY_TOKEN send the call to the gateway', async (t) => {
  const enveloped = { data: GOOD_REPLY, meta: { requestId: 'g1', durationMs: 3 } }
  const server = await startServer(t, { replies: [json(200, enveloped)] })
  const env = { UTDK_GATEWAY_URL: server.url, UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN }
  assert.deepEqual(await callWith(env), { reply: GOOD_REPLY })
  const [{ url, headers }] = server.requests
  assert.equal(url, '/tools/plaid/sandboxitemresetlogin')
  assert.equal(headers.authorization, `Bearer ${GATEWAY_TOKEN}`)
})

test('options win over the environment', async (t) => {
  const [passed, ambient] = [await startServer(t), await startServer(t)]
  setVariables(t, {
    PLAID_CLIENT_ID: 'ambient-id',
    PLAID_SECRET: 'ambient-secret',
    PLAID_BASE_URL: ambient.url,
    UTDK_GATEWAY_URL: ambient.url,
  })
  await clientOf(passed).sandboxitemresetlogin(INPUT)
  assert.equal(ambient.connectionCount(), 0)
  const [{ headers }] = passed.requests
  assert.equal(headers['plaid-client-id'], CLIENT_ID)
  assert.equal(headers['plaid-secret'], SECRET)
})

test('createPlaidClient takes from the environment what its options leave out', async (t) => {
  const server = await startServer(t)
  setVariables(t, { ...CREDENTIALS, PLAID_BASE_URL: server.url })
  await createPlaidClient({ timeoutMs: 10_000 }).sandboxitemresetlogin(INPUT)
  assert.equal(server.requests[0].headers['plaid-secret'], SECRET)
})

test('no credential is sent to a gateway that the environment names', async (t) => {
  const enveloped = { data: GOOD_REPLY, meta: { requestId: 'g1', durationMs: 3 } }
  const server = await startServer(t, { replies: [json(200, enveloped)] })
  await callWith({ ...CREDENTIALS, UTDK_GATEWAY_URL: server.url })
  const [{ headers, body }] = server.requests
  const sent = JSON.stringify(headers) + body
  assert.ok(!sent.includes(CLIENT_ID) && !sent.includes(SECRET))
})
