'use strict'

// Promise: bad input is refused with a PlaidUsageError that names the field, before anything is
// sent; a token of another environment never leaves the process.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { PlaidUsageError, createPlaidClient } = require('../index.js')
const {
  ACCESS_TOKEN,
  INPUT,
  PRODUCTION_TOKEN,
  SECRET,
  clientOf,
  works,
} = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { startServer } = require('./support/server.js')

/** Asserts that the input is refused, that nothing was sent, and that the next call works. */
async function check(t, input, code, field) {
  const server = await startServer(t)
  const client = clientOf(server)
  const fields = { code, field, attempts: 0, retryable: false }
  await failure(client, PlaidUsageError, fields, input)
  assert.equal(server.connectionCount(), 0)
  await works(client)
}

const LONG = 'a'.repeat(60_000_000)

const REFUSED = [
  ['no input', undefined, 'MISSING_FIELD', 'access_token'],
  ['an input of null', null, 'MISSING_FIELD', 'access_token'],
  ['a bare token as the input', ACCESS_TOKEN, 'MISSING_FIELD', 'access_token'],
  ['an input without access_token', {}, 'MISSING_FIELD', 'access_token'],
  ['an access_token of undefined', { access_token: undefined }, 'MISSING_FIELD', 'access_token'],
  ['an access_token of null', { access_token: null }, 'INVALID_FIELD', 'access_token'],
  ['an empty access_token', { access_token: '' }, 'INVALID_FIELD', 'access_token'],
  ['a number as access_token', { access_token: 42 }, 'INVALID_FIELD', 'access_token'],
  ['a list as access_token', { access_token: [ACCESS_TOKEN] }, 'INVALID_FIELD', 'access_token'],
  [
    'a String object as access_token',
    { access_token: new String(ACCESS_TOKEN) },
    'INVALID_FIELD',
    'access_token',
  ],
  ['a client_id of null', { ...INPUT, client_id: null }, 'INVALID_FIELD', 'client_id'],
  ['an empty secret', { ...INPUT, secret: '' }, 'INVALID_FIELD', 'secret'],
  ['a number as secret', { ...INPUT, secret: 7 }, 'INVALID_FIELD', 'secret'],
  ['a token of 60 MB', { access_token: LONG }, 'INVALID_FIELD', 'access_token'],
  ['4 KiB and a byte', { access_token: `é${'a'.repeat(4095)}` }, 'INVALID_FIELD', 'access_token'],
  ['a client_id above 4 KiB', { ...INPUT, client_id: LONG }, 'INVALID_FIELD', 'client_id'],
  ['a secret above 4 KiB', { ...INPUT, secret: LONG }, 'INVALID_FIELD', 'secret'],
  ['a misspelt field', { ...INPUT, client_Id: 'x' }, 'UNKNOWN_FIELD', 'client_Id'],
]

for (const [what, input, code, field] of REFUSED) {
  test(`${what} is refused as ${code}`, (t) => check(t, input, code, field))
}

const NOT_SANDBOX = [
  ['a production token', PRODUCTION_TOKEN],
  ['a development token', PRODUCTION_TOKEN.replace('production', 'development')],
  ['a public token', 'public-sandbox-fa4e0000-7c69-4d34-b8a1-5e0c3f9d2b17'],
  ['a token with a space before it', ` ${ACCESS_TOKEN}`],
  ['a token in capitals', ACCESS_TOKEN.toUpperCase()],
  ['the secret in place of the token', SECRET],
  ['garbage', '\0\ud800\n'],
]

for (const [what, access_token] of NOT_SANDBOX) {
  test(`${what} is refused as NOT_A_SANDBOX_TOKEN`, (t) =>
    check(t, { access_token }, 'NOT_A_SANDBOX_TOKEN', 'access_token'))
}

test('the name of an unknown field is not shown if it could be a secret', (t) =>
  check(t, { ...INPUT, [PRODUCTION_TOKEN]: 1 }, 'UNKNOWN_FIELD', '(not shown)'))

test('a call without credentials is refused with the option and the variable to set', async (t) => {
  const server = await startServer(t)
  const client = createPlaidClient({ baseUrl: server.url })
  const fields = { code: 'MISSING_CREDENTIALS', field: 'clientId', message: /PLAID_CLIENT_ID/ }
  await failure(client, PlaidUsageError, fields)
  assert.equal(server.connectionCount(), 0)
})

test('a credential that a header cannot carry is refused', async (t) => {
  const server = await startServer(t)
  for (const [field, options] of [
    ['clientId', { clientId: `${SECRET}\r\nx-injected: 1` }],
    ['secret', { secret: `${SECRET}\n` }],
  ]) {
    await failure(clientOf(server, options), PlaidUsageError, { code: 'INVALID_FIELD', field })
  }
  assert.equal(server.connectionCount(), 0)
})

test('bad input rejects the promise and never throws, also without a subscriber', async (t) => {
  const client = clientOf(await startServer(t))
  for (const [, input] of REFUSED) {
    const promise = client.sandboxitemresetlogin(input)
    await assert.rejects(promise, PlaidUsageError)
  }
})

test('a token of 4 KiB is sent', async (t) => {
  const server = await startServer(t)
  const access_token = ACCESS_TOKEN.padEnd(4096, 'a')
  await clientOf(server).sandboxitemresetlogin({ access_token })
  assert.equal(JSON.parse(server.requests[0].body).access_token, access_token)
})
