// jest.test.js
const { createPlaidClient } = require('@utdk/plaid')
const { startSandbox } = require('@utdk/plaid/sandbox')
const { startBackend } = require('./backend.js')

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

test('the backend notices a repair elsewhere', async () => {
  const item = await sandbox.createItem({ webhook: `${backend.url}/plaid/webhook` })
  backend.addItem(item)
  await plaid.sandboxitemresetlogin({ access_token: item.access_token })
  await sandbox.nextWebhook({ item_id: item.item_id, webhook_code: 'ERROR' })
  expect(backend.isBroken(item.item_id)).toBe(true)

  await sandbox.repairItem(item.item_id)
  await sandbox.nextWebhook({ item_id: item.item_id, webhook_code: 'LOGIN_REPAIRED' })
  expect(backend.isBroken(item.item_id)).toBe(false)
})
