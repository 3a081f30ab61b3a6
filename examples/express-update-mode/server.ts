// The process: environment and port.

import { createWebhookVerifier } from '@utdk/plaid/webhooks'
import { Configuration, PlaidApi } from 'plaid'
import { createApp } from './app.ts'

const baseUrl = process.env.PLAID_BASE_URL || 'https://sandbox.plaid.com'
const { PLAID_CLIENT_ID: clientId = '', PLAID_SECRET: secret = '' } = process.env
const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
const baseOptions = { headers, timeout: 10_000 }

const app = createApp({
  plaid: new PlaidApi(new Configuration({ basePath: baseUrl, baseOptions })),
  verifyWebhook: createWebhookVerifier({ baseUrl, clientId, secret }),
  items: new Map(),
  // Read your session here. Until you do, the backend listens only on this machine.
  userOf: () => 'user-1',
  log: (line) => console.log(line),
})
const port = Number(process.env.PORT || 3000)
app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Listening at http://127.0.0.1:${port}`)
})
