'use strict'

// Promise: an error reply of Plaid's is a PlaidApiError that carries every documented field, and
// none of the credentials that the reply may quote.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { test } = require('node:test')
const { PlaidApiError } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, INPUT, SECRET, clientOf, works } = require('./support/client.js')
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

/** Asserts the error that `body` under `status` becomes, and that the client goes on. */
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

test('the error that a bad token brings is told as Plaid tells it', async (t) => {
  const body = {
    display_message: null,
    documentation_url: 'https://plaid.com/docs/?ref=error#invalid-input-errors',
    error_code: 'INVALID_ACCESS_TOKEN',
    error_message: 'could not find matching access token',
    error_type: 'INVALID_INPUT',
    request_id: 'HNTDNrA8F1shFEW',
    suggested_action: null,
  }
  await check(t, 400, body, { ...body, code: 'INVALID_ACCESS_TOKEN', causes: null })
})

for (const status of [400, 401, 402, 403, 404, 409, 418, 422, 501]) {
  test(`status ${status} is not tried again`, (t) => check(t, status, FULL, { retryable: false }))
}

test('an error of nothing but a code is still one', (t) =>
  check(t, 400, { error_code: 'PRODUCTS_NOT_SUPPORTED' }, { code: 'PRODUCTS_NOT_SUPPORTED' }))

test('a field of an undocumented type does not hide the error code', async (t) => {
  const odd = {
    display_message: { text: 'x' },
    request_id: 7,
    causes: 'none',
    suggested_action: [],
  }
  await check(t, 400, { ...FULL, ...odd }, { code: 'OAUTH_INVALID_TOKEN', request_id: null })
})

test('an unknown field of the reply cannot replace what is the error’s own', async (t) => {
  const body = {
    ...FULL,
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

test('an error with its status in the body is told with the one of HTTP', (t) =>
  check(t, 400, { ...FULL, status: 200 }, { status: 400 }))

test('whatever the reply quotes of the credentials is struck out', async (t) => {
  const echo = `client ${CLIENT_ID} with ${SECRET} sent ${ACCESS_TOKEN} and ${ACCESS_TOKEN}`
  const body = Object.fromEntries(Object.keys(FULL).map((name) => [name, echo]))
  const causes = [{ [SECRET]: [{ deep: echo }], item_id: 'item-1' }, echo]
  const { error_code } = FULL
  const error = await check(t, 400, { ...body, error_code, causes }, {})
  const scrubbed = 'client [redacted] with [redacted] sent [redacted] and [redacted]'
  assert.equal(error.error_message, scrubbed)
  assert.equal(error.request_id, scrubbed)
  assert.deepEqual(error.causes, [
    { '[redacted]': [{ deep: scrubbed }], item_id: 'item-1' },
    scrubbed,
  ])
})

test('credentials of the input are struck out as well', async (t) => {
  const input = { ...INPUT, client_id: 'callers-own-id-5f3a9c', secret: 'callers-own-secret-77' }
  const body = { ...FULL, error_message: `${input.client_id} and ${input.secret} do not match` }
  const error = await check(t, 400, body, {}, input)
  assert.equal(error.error_message, '[redacted] and [redacted] do not match')
  assert.ok(!inspect(error).includes(input.secret))
})

test('a credential that begins with another one is struck out whole', async (t) => {
  const reply = json(400, { error_code: 'A', error_message: `bad ${SECRET}` })
  const server = await startServer(t, { replies: [reply] })
  const client = clientOf(server, { clientId: SECRET.slice(0, 12) })
  await failure(client, PlaidApiError, { error_message: 'bad [redacted]' })
  await works(client)
})

test('a credential quoted with escapes is struck out', async (t) => {
  const escaped = [...SECRET].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const reply = raw(400, `{"error_code":"A","error_message":"bad ${escaped.join('')}"}`)
  const client = clientOf(await startServer(t, { replies: [reply] }))
  await failure(client, PlaidApiError, { error_message: 'bad [redacted]' })
  await works(client)
})

test('a log line of the error names the request', async (t) => {
  const error = await check(t, 400, FULL, {})
  assert.match(inspect(error), /HNTDNrA8F1shFEW/)
  assert.equal(JSON.parse(JSON.stringify(error)).request_id, 'HNTDNrA8F1shFEW')
})
