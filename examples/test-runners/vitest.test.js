// vitest.test.js
import { createPlaidClient } from '@utdk/plaid'
import { startSandbox } from '@utdk/plaid/sandbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBackend } from './backend.js'

let sandbox, backend, plaid
beforeAll(async () => {
  sandbox = await startSandbox()
  const { url: baseUrl, clientId, secret } = sandbox
  plaid = createPlaidClient({ baseUrl, clientId, secret })
  backend = await startBackend(sandbox)
})
afterAll(async () => {
  await backend.close()
  await sandbox.close()
})

test('the backend notices a broken login', async () => {
  const item = await sandbox.createItem({ webhook: `${backend.url}/plaid/webhook` })
  backend.addItem(item)
  await plaid.sandboxitemresetlogin({ access_token: item.access_token })
  await sandbox.nextWebhook({ item_id: item.item_id })
  expect(backend.isBroken(item.item_id)).toBe(true)
})
