// The process: environment, port and shutdown.

import { createPlaidClient } from '@utdk/plaid'
import { createWebhookVerifier } from '@utdk/plaid/webhooks'
import { createApp } from './app.ts'
import { itemsInMemory } from './items.ts'
import { Plaid } from './plaid.ts'

const baseUrl = process.env.PLAID_BASE_URL || 'https://sandbox.plaid.com'
const credentials = { clientId: required('PLAID_CLIENT_ID'), secret: required('PLAID_SECRET') }
const port = Number(process.env.PORT || 3000)

const items = itemsInMemory()
const { handler, settled } = createApp({
  plaid: new Plaid({ baseUrl, ...credentials }),
  verifyWebhook: createWebhookVerifier({ baseUrl, ...credentials }),
  items,
  // Read your session here. Until you do, the backend listens only on this machine.
  userOf: () => 'user-1',
  log: (line) => console.log(line),
})

if (process.env.DEV_ROUTES === '1') {
  // This client refuses production tokens and production URLs.
  const sandbox = createPlaidClient({ baseUrl, ...credentials })
  handler.post('/dev/items/:itemId/break', async (request, response) => {
    const item = await items.find(request.params.itemId)
    if (item === undefined) return void response.sendStatus(404)
    response.json(await sandbox.sandboxitemresetlogin({ access_token: item.accessToken }))
  })
}

const server = handler.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Listening at http://127.0.0.1:${port}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void settled())
  })
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is missing: see .env.example`)
  return value
}
