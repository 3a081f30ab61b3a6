// playwright.spec.js
import { expect, test } from '@playwright/test'
import { createPlaidClient } from '@utdk/plaid'
import { startSandbox } from '@utdk/plaid/sandbox'
import { startBackend } from './backend.js'

test('a user repairs a broken login', async ({ page }) => {
  const sandbox = await startSandbox()
  const { url: baseUrl, clientId, secret } = sandbox
  const backend = await startBackend(sandbox)
  const item = await sandbox.createItem({ webhook: `${backend.url}/plaid/webhook` })
  backend.addItem(item)
  await page.goto(`${backend.url}/${item.item_id}`)
  await expect(page.getByText('Connected')).toBeVisible()

  const plaid = createPlaidClient({ baseUrl, clientId, secret })
  await plaid.sandboxitemresetlogin({ access_token: item.access_token })
  await sandbox.nextWebhook({ item_id: item.item_id })
  await page.reload()

  await page.getByRole('link', { name: 'Log in again' }).click() // your page
  await page.getByRole('button', { name: 'Update login' }).click() // the Sandbox's page
  await expect(page.getByText('Connected')).toBeVisible()
  await backend.close()
  await sandbox.close()
})
