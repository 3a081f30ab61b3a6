'use strict'

// Promise: an error reply of Plaid is a PlaidApiError with every documented field, and without the
// credentials that the reply may quote. What is redacted is proved in crates/client.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { test } = require('node:test')
const { PlaidApiError } = require('../index.js')
const { ACCESS_TOKEN, INPUT, SECRET, clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { json, raw, startServer } = require('./support/server.js')

const FULL = {
  error_type: 'ITEM_ERROR',
  error_code: 'OAUTH_INVALID_TOKEN',
  error_code_reason: 'OAUTH_CONSENT_EXPIRED',
  error_message: 'the consent of this Item has expired',
  display_message: 'Please sign in again.',
  documentation_url: 'https://plaid.com/docs/errors/item/',
  suggested_action: 'send the user through update mode',
  request_id: 'HNTDNrA8F1shFEW',
  causes: [{ item_id: 'item-1', error_code: 'A', nested: [{ deep: [1, null, 'x'] }] }],
}

/** Asserts the error that `body` under `status` becomes, and that the next call works. */
async function check(t, status, body, fields, input = INPUT) {
  const server = await startServer(t, { replies: [json(status, body)] })
  const client = clientOf(server)
  const error = await failure(client, PlaidApiError, { status, attempts: 1, ...fields }, input)
  assert.equal(server.requests.length, 1)
  await works(client)
  return error
}

test('an error with every field keeps every field', async (t) => {
  const error = await check(t, 400, FULL, { ...FULL, code: FULL.error_code, retryable: false })
  assert.match(error.message, /OAUTH_INVALID_TOKEN/)
  assert.match(error.message, /the consent of this Item has expired/)
})

test('a field that Plaid leaves out is null', async (t) => {
  const absent = { causes: null, display_message: null, documentation_url: null, request_id: null }
  const fields = { code: 'PRODUCTS_NOT_SUPPORTED', error_code_reason: null, ...absent }
  await check(t, 400, { error_code: 'PRODUCTS_NOT_SUPPORTED' }, fields)
})

for (const status of [400, 401, 402, 403, 404, 409, 418, 422, 501]) {
  test(`status ${status} is not retried`, (t) => check(t, status, FULL, { retryable: false }))
}

test('a field of an undocumented type does not hide the error code', async (t) => {
  const odd = {
    display_message: { text: 'x' },
    request_id: 7,
    causes: 'none',
    suggested_action: [],
  }
  await check(t, 400, { ...FULL, ...odd }, { code: 'OAUTH_INVALID_TOKEN', request_id: null })
})

test('a field of the reply cannot replace a property of the error', async (t) => {
  const body = {
    ...FULL,
    status: 200,
    stack: 'x',
    message: 'x',
    name: 'x',
    attempts: 9,
    retryable: true,
    code: 'X',
  }
  const error = await check(t, 400, body, { code: 'OAUTH_INVALID_TOKEN', retryable: false })
  assert.match(error.stack, /^PlaidApiError: OAUTH_INVALID_TOKEN/)
})

test('credentials that the reply quotes are redacted, nested and escaped ones too', async (t) => {
  const input = { ...INPUT, client_id: 'callers-own-id-5f3a9c', secret: 'callers-own-secret-77' }
  const escaped = [...input.secret].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')
  const body = `{"error_code":"A","error_message":"bad ${escaped} of ${ACCESS_TOKEN}","causes":[{"${input.client_id}":["${escaped}"]}]}`
  const client = clientOf(await startServer(t, { replies: [raw(400, body)] }))
  const fields = {
    error_message: 'bad [redacted] of [redacted]',
    causes: [{ '[redacted]': ['[redacted]'] }],
  }
  const error = await failure(client, PlaidApiError, fields, input)
  assert.ok(!inspect(error, { depth: 10 }).includes(input.secret))
  await works(client)
})

test('a client’s own credential is redacted', (t) =>
  check(t, 400, { ...FULL, error_message: `bad ${SECRET}` }, { error_message: 'bad [redacted]' }))

test('a printed error names the request', async (t) => {
  const error = await check(t, 400, FULL, {})
  assert.match(inspect(error), /HNTDNrA8F1shFEW/)
  assert.equal(JSON.parse(JSON.stringify(error)).request_id, 'HNTDNrA8F1shFEW')
})
