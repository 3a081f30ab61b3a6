// Plaid's own client against a local Sandbox; only the base path is changed. It links an Item, breaks
// its login, repairs it in update mode, and removes it.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { startSandbox } from '@utdk/plaid/sandbox'
import { Configuration, PlaidApi } from 'plaid'

const sandbox = await startSandbox()
const receiver = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
await once(receiver, 'listening')
const webhook = `http://127.0.0.1:${receiver.address().port}/webhook`

const headers = { 'PLAID-CLIENT-ID': sandbox.clientId, 'PLAID-SECRET': sandbox.secret }
const plaid = new PlaidApi(new Configuration({ basePath: sandbox.url, baseOptions: { headers } }))

/** Calls Plaid and prints a line: what `summarize` makes of the reply, or Plaid's error code. */
async function step(operation, request, summarize) {
  const { status, data } = await plaid[operation](request).catch((error) => {
    if (error.response) return error.response
    throw new Error(`${operation}: ${error.code}`) // The client's own error contains the secret.
  })
  console.log(
    operation.padEnd(26),
    data.error_code ? `${status} ${data.error_code}` : summarize(data),
  )
  return data
}
const health = ({ item }) => item.error?.error_code ?? 'healthy'
const user_id = 'usr_1'

const bank = { institution_id: 'ins_109508', initial_products: ['auth'], user_id }
const { public_token } = await step('sandboxPublicTokenCreate', bank, () => 'a bank was linked')
const item = await step('itemPublicTokenExchange', { public_token }, (it) => `Item ${it.item_id}`)
let { access_token } = item
await step('itemGet', { access_token }, health)
await step('accountsGet', { access_token }, ({ accounts }) => `${accounts.length} accounts`)
await step('authGet', { access_token }, ({ numbers }) => `${numbers.ach.length} of them with ACH`)
await step('itemWebhookUpdate', { access_token, webhook }, (it) => it.item.webhook)

await step('sandboxItemResetLogin', { access_token }, (it) => `reset_login: ${it.reset_login}`)
await step('itemGet', { access_token }, health)
await step('accountsGet', { access_token }, () => 'not reached')
const { verification } = await sandbox.nextWebhook({ webhook_code: 'ERROR' })
const { kid: key_id } = JSON.parse(Buffer.from(verification.split('.')[0], 'base64url'))
await step('webhookVerificationKeyGet', { key_id }, ({ key }) => `${key.alg} signs the webhook`)

const app = { client_name: 'Example', language: 'en', country_codes: ['US'], hosted_link: {} }
const session = { ...app, access_token, user: { client_user_id: user_id } }
const { link_token } = await step('linkTokenCreate', session, (it) => it.hosted_link_url)
await sandbox.completeLink(link_token) // or a user, on that page
const lastEvent = ({ link_sessions: [session] }) => session.events[0].event_name
await step('linkTokenGet', { link_token }, lastEvent)
await step('itemGet', { access_token }, health)

const fired = { access_token, webhook_type: 'ITEM', webhook_code: 'NEW_ACCOUNTS_AVAILABLE' }
await step('sandboxItemFireWebhook', fired, (it) => `webhook_fired: ${it.webhook_fired}`)
await step('sandboxUserResetLogin', { user_id }, () => 'all logins of the user are broken')
const renewed = await step('itemAccessTokenInvalidate', { access_token }, () => 'a new token')
access_token = renewed.new_access_token
await step('itemRemove', { access_token }, () => 'the Item is removed')
await step('itemGet', { access_token }, health)
await Promise.all([receiver.close(), sandbox.close()])
