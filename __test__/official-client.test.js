'use strict'

// Promise: Plaid's own client works with the Sandbox; only its base path is changed.

const assert = require('node:assert/strict')
const { createPublicKey } = require('node:crypto')
const { test } = require('node:test')
const { inspect } = require('node:util')
const { Configuration, PlaidApi } = require('plaid')
const { PlaidApiError } = require('../index.js')
const { ownClient, start } = require('./support/sandbox.js')
const { startServer } = require('./support/server.js')

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

test('the official client links an Item, breaks its login and sees the error', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const plaid = officialClient(sandbox)

  const created = await plaid.sandboxPublicTokenCreate({
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { webhook: receiver.url },
  })
  const { public_token } = created.data
  const exchanged = await plaid.itemPublicTokenExchange({ public_token })
  const { access_token, item_id } = exchanged.data
  const healthy = await plaid.itemGet({ access_token })
  assert.equal(healthy.data.item.item_id, item_id)
  assert.equal(healthy.data.item.error, null)
  const { accounts } = (await plaid.accountsGet({ access_token })).data
  assert.ok(accounts.length > 0)

  const reset = await plaid.sandboxItemResetLogin({ access_token })
  assert.equal(reset.data.reset_login, true)

  const broken = await plaid.itemGet({ access_token })
  assert.equal(broken.data.item.error.error_code, 'ITEM_LOGIN_REQUIRED')
  const { response } = await rejection(plaid.accountsGet({ access_token }))
  assert.equal(response.status, 400)
  assert.equal(response.data.error_type, 'ITEM_ERROR')
  assert.equal(response.data.error_code, 'ITEM_LOGIN_REQUIRED')

  const { verification } = await sandbox.nextWebhook({ item_id })
  const { kid } = JSON.parse(Buffer.from(verification.split('.')[0], 'base64url'))
  const { key } = (await plaid.webhookVerificationKeyGet({ key_id: kid })).data
  assert.equal(key.kid, kid)
  assert.equal(createPublicKey({ key, format: 'jwk' }).asymmetricKeyType, 'ec')

  await sandbox.repairItem(item_id)
  assert.equal((await plaid.itemGet({ access_token })).data.item.error, null)
  const after = await plaid.accountsGet({ access_token })
  assert.deepEqual(after.data.accounts, accounts)
})

test('the official client finds an Item that createItem() made', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id } = await sandbox.createItem()
  const { data } = await officialClient(sandbox).itemGet({ access_token })
  assert.equal(data.item.item_id, item_id)
})

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
