'use strict'

// Promise: Plaid's own client gets the Sandbox's errors and faults as it gets Plaid's. That its calls
// succeed is shown by examples/official-client, which examples.test.js runs.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { inspect } = require('node:util')
const { Configuration, PlaidApi } = require('plaid')
const { PlaidApiError } = require('../index.js')
const { ownClient, start } = require('./support/sandbox.js')

/** The official client, as its README sets it up. */
function officialClient({ url, clientId, secret }) {
  const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
  const baseOptions = { headers, timeout: 5_000 }
  return new PlaidApi(new Configuration({ basePath: url, baseOptions }))
}

/** The error that the official client rejects with. */
async function rejection(promise) {
  const error = await promise.then(
    () => assert.fail('the call resolved'),
    (reason) => reason,
  )
  assert.equal(error.name, 'AxiosError')
  return error
}

test('the official client rejects with the errors and faults that were asked for', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  const wrong = officialClient({ ...sandbox, secret: 'another' })
  const { response } = await rejection(wrong.itemGet({ access_token }))
  assert.deepEqual([response.status, response.data.error_code], [400, 'INVALID_API_KEYS'])

  const plaid = officialClient(sandbox)
  for (const [failure, status, error_type, error_code] of [
    [{ status: 500 }, 500, 'API_ERROR', 'INTERNAL_SERVER_ERROR'],
    [{ status: 404 }, 404, 'INVALID_REQUEST', 'NOT_FOUND'],
    [{ error_code: 'INSTITUTION_DOWN' }, 400, 'INSTITUTION_ERROR', 'INSTITUTION_DOWN'],
    [{ error_code: 'ITEM_LOCKED', status: 418 }, 418, 'ITEM_ERROR', 'ITEM_LOCKED'],
  ]) {
    await sandbox.failNext(failure)
    const { response } = await rejection(plaid.itemGet({ access_token }))
    const { data } = response
    assert.deepEqual(
      [response.status, data.error_type, data.error_code],
      [status, error_type, error_code],
    )
  }
  await sandbox.failNext({ kind: 'reset' })
  await assert.rejects(plaid.itemGet({ access_token }), { code: 'ECONNRESET' })
  await sandbox.failNext({ kind: 'cut_short' })
  await assert.rejects(plaid.itemGet({ access_token }))
  assert.equal((await plaid.itemGet({ access_token })).data.item.error, null)
})

test("a logged error of the official client shows the secret; this package's does not", async (t) => {
  const sandbox = await start(t)
  const access_token = 'access-sandbox-00000000-0000-0000-0000-000000000000'
  const theirs = await rejection(officialClient(sandbox).sandboxItemResetLogin({ access_token }))
  assert.ok(inspect(theirs).includes(sandbox.secret))

  await assert.rejects(ownClient(sandbox).sandboxitemresetlogin({ access_token }), (ours) => {
    assert.ok(ours instanceof PlaidApiError)
    assert.equal(ours.error_code, theirs.response.data.error_code)
    const shown = inspect(ours, { depth: 10, showHidden: true })
    for (const hidden of [sandbox.secret, sandbox.clientId, access_token]) {
      assert.ok(!shown.includes(hidden))
    }
    return true
  })
})
