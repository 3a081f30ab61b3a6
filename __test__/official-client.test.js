'use strict'

// Promise: Plaid's own client works with the Sandbox, with nothing changed but its base path.

const assert = require('node:assert/strict')
const { createPublicKey } = require('node:crypto')
const { test } = require('node:test')
const { inspect } = require('node:util')
const { Configuration, PlaidApi } = require('plaid')
const { PlaidApiError } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const { clientOf } = require('./support/client.js')
const { startServer } = require('./support/server.js')

async function start(t) {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  return sandbox
}

/** The official client, as its README sets it up. */
function officialClient({ url, clientId, secret }) {
  return new PlaidApi(
    new Configuration({
      basePath: url,
      baseOptions: { headers: { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret } },
    }),
  )
}

/** What axios rejects with. */
async function rejection(promise) {
  const error = await promise.then(
    () => assert.fail('the call resolved'),
    (reason) => reason,
  )
  assert.equal(error.name, 'AxiosError')
  return error
}

test('the official client links an Item, breaks it, and sees that it is broken', async (t) => {
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

test('an Item of createItem is one that the official client finds', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id } = await sandbox.createItem()
  const { data } = await officialClient(sandbox).itemGet({ access_token })
  assert.equal(data.item.item_id, item_id)
})

test('the official client with a wrong secret is told INVALID_API_KEYS', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  const stranger = officialClient({ ...sandbox, secret: 'another' })
  const { response } = await rejection(stranger.sandboxItemResetLogin({ access_token }))
  assert.equal(response.status, 400)
  assert.equal(response.data.error_type, 'INVALID_INPUT')
  assert.equal(response.data.error_code, 'INVALID_API_KEYS')
})

test('an error of the official client shows the secret when logged, ours does not', async (t) => {
  const { url, clientId, secret } = await start(t)
  const access_token = 'access-sandbox-00000000-0000-0000-0000-000000000000'

  const official = officialClient({ url, clientId, secret })
  const theirs = await rejection(official.sandboxItemResetLogin({ access_token }))
  assert.ok(inspect(theirs).includes(secret))

  const client = clientOf({ url }, { clientId, secret })
  await assert.rejects(client.sandboxitemresetlogin({ access_token }), (ours) => {
    assert.ok(ours instanceof PlaidApiError)
    assert.equal(ours.error_code, theirs.response.data.error_code)
    const shown = inspect(ours, { depth: 10, showHidden: true })
    for (const hidden of [secret, clientId, access_token]) assert.ok(!shown.includes(hidden))
    return true
  })
})
