// leave.spec.js
import { expect, test } from '@playwright/test'
import { routePlaidLink } from '@utdk/plaid/playwright'
import { startSandbox } from '@utdk/plaid/sandbox'
import { startApp } from './app.js'

test('a user leaves Link without a bank', async ({ context, page }, testInfo) => {
  const sandbox = await startSandbox()
  const app = await startApp(sandbox, testInfo.outputPath()) // your app
  await routePlaidLink(context, sandbox)
  await page.goto(app.url)
  await page.getByRole('button', { name: 'Connect a bank' }).click()

  const link = page.frameLocator('iframe[title="Plaid Link"]')
  await link.getByRole('button', { name: 'Exit' }).click()
  await expect(page.getByText('No bank was connected.')).toBeVisible()
  await app.close()
  await sandbox.close()
})
