'use strict'

// Promise: a call through a gateway fails as it would without one: with the same class, fields and
// message, apart from the causes below a connection.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
} = require('../index.js')
const {
  ACCESS_TOKEN,
  CLIENT_ID,
  INPUT,
  PRODUCTION_TOKEN,
  SECRET,
  clientOf,
  works,
} = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { start, through } = require('./support/gateway.js')
const { ownClient, refusingPort, start: startSandbox } = require('./support/sandbox.js')
const { json, raw, reset, silent, startServer } = require('./support/server.js')

/** What an error tells a program. */
function told({ name, message, cause, stack, ...fields }) {
  return { name, message, ...fields }
}

/**
 * Asserts that `direct`, a client of Plaid's, and `indirect`, of a gateway to the same, fail alike
 * with `fields`.
 */
async function checkAlike(direct, indirect, Class, fields, input = INPUT) {
  const without = await failure(direct, Class, fields, input)
  const through = await failure(indirect, Class, fields, input)
  assert.deepEqual(told(through), told(without))
  return { without, through }
}

const LONG_ERROR = {
  error_type: 'ITEM_ERROR',
  error_code: 'ITEM_LOGIN_REQUIRED',
  error_code_reason: 'OAUTH_CONSENT_EXPIRED',
  error_message: 'the login details of this item have changed',
  display_message: 'Log in again.',
  documentation_url: 'https://plaid.com/docs/errors/item/',
  suggested_action: 'Use update mode.',
  request_id: 'm8MDnv9okwxFNBV',
  causes: [{ item_id: 'one', error_code: 'A', nested: [1, null] }],
}
const SHORT_ERROR = { error_code: 'RATE_LIMIT', error_type: 'RATE_LIMIT_EXCEEDED' }
const QUOTING_ERROR = {
  error_code: 'INVALID_API_KEYS',
  error_type: 'INVALID_INPUT',
  error_message: `${CLIENT_ID} and ${SECRET} do not belong to ${ACCESS_TOKEN}`,
}

const FAILURES = [
  ['an error with every field', json(400, LONG_ERROR), PlaidApiError, LONG_ERROR],
  ['an error with few fields', json(400, SHORT_ERROR), PlaidApiError, { error_message: '' }],
  [
    'a 429',
    json(429, SHORT_ERROR, { 'retry-after': '7' }),
    PlaidApiError,
    { code: 'RATE_LIMIT', status: 429, retryable: true },
  ],
  ['a 500', json(500, SHORT_ERROR), PlaidApiError, { status: 500, retryable: true }],
  [
    'an error that quotes secrets',
    json(400, QUOTING_ERROR),
    PlaidApiError,
    { error_message: '[redacted] and [redacted] do not belong to [redacted]' },
  ],
  ['a page', raw(502, `<p>${SECRET}`), PlaidResponseError, { status: 502, retryable: true }],
  ['JSON that breaks off', raw(200, '{"reset_lo'), PlaidResponseError, { status: 200 }],
  ['a field missing', json(200, { request_id: SECRET }), PlaidResponseError, { status: 200 }],
  ['an error without a code', json(400, { [SECRET]: 1 }), PlaidResponseError, { status: 400 }],
  ['a redirect', raw(307, '', { location: '/' }), PlaidResponseError, { status: 307 }],
  ['a status of no meaning', raw(204, ''), PlaidResponseError, { status: 204 }],
  ['a flood', raw(200, 'x'.repeat(2 ** 20 + 1)), PlaidResponseError, { status: 200 }],
  ['silence', silent, PlaidTimeoutError, { code: 'TIMEOUT', retryable: true }],
  ['a reset', reset, PlaidConnectionError, { code: 'ECONNRESET', retryable: true }],
]

for (const [what, reply, Class, fields] of FAILURES) {
  test(`${what} of Plaid’s is told alike with and without a gateway`, async (t) => {
    const server = await startServer(t, { replies: [reply, reply] })
    const gateway = await start(t, server, { timeoutMs: what === 'silence' ? 200 : 10_000 })
    const timeoutMs = what === 'silence' ? 200 : undefined
    const direct = clientOf(server, { maxRetries: 0, timeoutMs })
    await checkAlike(direct, through(gateway), Class, { attempts: 1, ...fields })
    assert.equal(server.requests.length, 2)
    await works(through(gateway))
  })
}

test('Plaid that is not there is told alike', async (t) => {
  const nowhere = { url: `http://127.0.0.1:${await refusingPort()}` }
  const gateway = await start(t, nowhere)
  const fields = { code: 'ECONNREFUSED', retryable: true }
  const direct = clientOf(nowhere, { maxRetries: 0 })
  await checkAlike(direct, through(gateway), PlaidConnectionError, fields)
})

test('errors of the Sandbox are told alike', async (t) => {
  const sandbox = await startSandbox(t)
  const { access_token } = await sandbox.createItem()
  const gateway = await start(t, sandbox)
  const stranger = await start(t, { ...sandbox, secret: SECRET })
  const withoutId = ({ request_id, ...fields }) => fields
  for (const [options, by, input, code] of [
    [{}, gateway, INPUT, 'INVALID_ACCESS_TOKEN'],
    [{ secret: SECRET }, stranger, { access_token }, 'INVALID_API_KEYS'],
  ]) {
    const [direct, indirect] = [
      await failure(ownClient(sandbox, options), PlaidApiError, { code }, input),
      await failure(through(by), PlaidApiError, { code }, input),
    ]
    assert.deepEqual(withoutId(told(indirect)), withoutId(told(direct)))
    assert.match(indirect.request_id, /^[0-9a-f]{15}$/)
  }
})

test('what is refused before it is sent is refused alike, and reaches no gateway', async (t) => {
  const server = await startServer(t)
  const gateway = await startServer(t)
  const [direct, indirect] = [clientOf(server), through(gateway)]
  for (const [input, code, field] of [
    [{ access_token: PRODUCTION_TOKEN }, 'NOT_A_SANDBOX_TOKEN', 'access_token'],
    [{}, 'MISSING_FIELD', 'access_token'],
    [{ access_token: '' }, 'INVALID_FIELD', 'access_token'],
    [{ ...INPUT, item_id: 'x' }, 'UNKNOWN_FIELD', 'item_id'],
  ]) {
    await checkAlike(direct, indirect, PlaidUsageError, { code, field, attempts: 0 }, input)
  }
  assert.deepEqual([server.connectionCount(), gateway.connectionCount()], [0, 0])
})

test('a client repeats what a gateway could not do, and a gateway does not repeat it again', async (t) => {
  const server = await startServer(t, { replies: [json(500, SHORT_ERROR), reset] })
  const gateway = await start(t, server)
  await works(through(gateway, { maxRetries: 2 }))
  assert.equal(server.requests.length, 3)
})
