// A test of an app, under each test runner: it calls Plaid as the app does, with Plaid's client and
// with this package's own.

const { createPlaidClient } = require('../../../index.js')
const { Configuration, PlaidApi, PlaidEnvironments } = require('plaid')

const test = globalThis.test ?? require('node:test').test

test('the app gets its Item', async () => {
  const { ACCESS_TOKEN: access_token, PLAID_CLIENT_ID, PLAID_SECRET } = process.env
  const headers = { 'PLAID-CLIENT-ID': PLAID_CLIENT_ID, 'PLAID-SECRET': PLAID_SECRET }
  const basePath = PlaidEnvironments.sandbox
  const plaid = new PlaidApi(new Configuration({ basePath, baseOptions: { headers } }))
  const { data } = await plaid.itemGet({ access_token })
  if (!data.item.item_id) throw new Error('no Item')
  await createPlaidClient({ maxRetries: 0 }).sandboxitemresetlogin({ access_token })
})
