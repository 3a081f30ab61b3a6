'use strict'

// Promise: Plaid's official client and this package's client call through a gateway without
// credentials, and get the same replies and errors as without a gateway.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const path = require('node:path')
const { test } = require('node:test')
const { Configuration, PlaidApi } = require('plaid')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidResponseError,
  PlaidTimeoutError,
} = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET } = require('./support/client.js')
const { clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { start, through } = require('./support/gateway.js')
const { itemError, start: startSandbox } = require('./support/sandbox.js')
const { json, raw, reset, silent, startServer } = require('./support/server.js')

/** Plaid's official client with a gateway as its base path, and no credentials. */
function officialClient({ url }, headers) {
  return new PlaidApi(new Configuration({ basePath: url, baseOptions: { headers } }))
}

test('the official client resets the login of an Item without a secret', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox, { token: GATEWAY_TOKEN })
  const item = await sandbox.createItem()
  const plaid = officialClient(gateway, { authorization: `Bearer ${GATEWAY_TOKEN}` })
  const { data } = await plaid.sandboxItemResetLogin({ access_token: item.access_token })
  assert.deepEqual(Object.keys(data).sort(), ['request_id', 'reset_login'])
  assert.equal(data.reset_login, true)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
})

test('the official client gets an error of Plaid unchanged', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox)
  const data = (client) =>
    client.sandboxItemResetLogin(INPUT).then(
      () => assert.fail('the call succeeded'),
      ({ response }) => ({ status: response.status, ...response.data, request_id: undefined }),
    )
  const direct = officialClient(sandbox, {
    'PLAID-CLIENT-ID': sandbox.clientId,
    'PLAID-SECRET': sandbox.secret,
  })
  const expected = await data(direct)
  assert.equal(expected.error_code, 'INVALID_ACCESS_TOKEN')
  assert.deepEqual(await data(officialClient(gateway)), expected)
})

test('Python’s http.client gets a reply to each of 120 calls at the default rate limit', async (t) => {
  const gateway = await start(t, await startServer(t), { rateLimit: undefined })
  const python = spawn('python3', [path.join(__dirname, 'programs/calls.py'), gateway.url, '120'])
  const [output, errors] = await Promise.all([
    python.stdout.setEncoding('utf8').toArray(),
    python.stderr.setEncoding('utf8').toArray(),
  ])
  assert.equal(errors.join(''), '')
  const { connections, ...statuses } = JSON.parse(output.join(''))
  assert.equal(connections, 1)
  assert.equal(statuses[200] + statuses[429], 120)
  assert.ok(statuses[429] > 0)
})

/** The fields of an error that a program reads. */
function publicFields({ name, message, cause, stack, ...fields }) {
  return { name, message, ...fields }
}

const ERROR = {
  error_type: 'ITEM_ERROR',
  error_code: 'ITEM_LOGIN_REQUIRED',
  error_message: `${CLIENT_ID} and ${SECRET} do not belong to ${ACCESS_TOKEN}`,
  display_message: 'Log in again.',
  request_id: 'm8MDnv9okwxFNBV',
  causes: [{ item_id: 'one', error_code: 'A', nested: [1, null] }],
}

/** One failure for each class of error. */
const FAILURES = [
  [
    json(400, ERROR),
    PlaidApiError,
    { ...ERROR, error_message: '[redacted] and [redacted] do not belong to [redacted]' },
  ],
  [raw(502, `<p>${SECRET}`), PlaidResponseError, { status: 502, retryable: true }],
  [silent, PlaidTimeoutError, { code: 'TIMEOUT', retryable: true }],
  [reset, PlaidConnectionError, { code: 'ECONNRESET', retryable: true }],
]

for (const [reply, Class, fields] of FAILURES) {
  test(`a ${Class.name} is the same with and without a gateway`, async (t) => {
    const server = await startServer(t, { replies: [reply, reply] })
    const timeoutMs = reply === silent ? 200 : 10_000
    const gateway = await start(t, server, { timeoutMs })
    const direct = clientOf(server, { maxRetries: 0, timeoutMs })
    const without = await failure(direct, Class, { attempts: 1, ...fields })
    const indirect = await failure(through(gateway), Class, { attempts: 1, ...fields })
    assert.deepEqual(publicFields(indirect), publicFields(without))
    assert.equal(server.requests.length, 2)
    await works(through(gateway))
  })
}
