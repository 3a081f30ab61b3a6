// A user links a bank, its login breaks, and the user repairs it, or leaves Link without doing so.

import { test as base, expect } from '@playwright/test'
import { routePlaidLink } from '@utdk/plaid/playwright'
import { startSandbox } from '@utdk/plaid/sandbox'
import { startApp } from './app.js'

const BANK = 'First Platypus Bank'

const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names in it.
  sandbox: async ({}, use) => {
    const sandbox = await startSandbox()
    await use(sandbox)
    await sandbox.close()
  },
  app: async ({ sandbox }, use, testInfo) => {
    const app = await startApp(sandbox, testInfo.outputPath())
    await use(app)
    await app.close()
  },
  page: async ({ app, context, page, sandbox }, use) => {
    await routePlaidLink(context, sandbox)
    await page.goto(app.url)
    await use(page)
  },
})

/** Link, as its user sees it. */
function linkOf(page) {
  return page.frameLocator('iframe[title="Plaid Link"]')
}

async function connect(page) {
  await page.getByRole('button', { name: 'Connect a bank' }).click()
  const link = linkOf(page)
  await link.getByRole('button', { name: 'Continue without phone number' }).click()
  await link.getByPlaceholder('Search').fill(BANK)
  await link.getByRole('button', { name: BANK, exact: true }).click()
  await link.getByRole('heading', { name: 'Select how you log in' }).waitFor()
  await link.getByRole('button', { name: BANK, exact: true }).click()
  await logIn(link)
  await link.getByText('Your accounts').waitFor()
  await link.getByRole('button', { name: 'Continue' }).click()
  await link.getByRole('button', { name: 'Finish without saving' }).click()
  await expect(page.getByRole('region', { name: BANK })).toBeVisible()
}

async function logIn(link) {
  await link.getByLabel('Username').fill('user_good')
  await link.getByLabel('Password').fill('pass_good')
  await link.getByRole('button', { name: 'Submit' }).click()
}

test('a user connects a bank, and repairs its login', async ({ app, page, sandbox }) => {
  await connect(page)
  await expect(page.getByRole('listitem').first()).toContainText('$')
  await expect(page.getByRole('alert')).toBeHidden()

  await app.breakLogin()
  await page.reload()
  await expect(page.getByRole('alert')).toContainText(`${BANK} asks you to log in again.`)

  await page.getByRole('button', { name: 'Log in again' }).click()
  const link = linkOf(page)
  await logIn(link)
  await link.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('status')).toHaveText(`${BANK} is connected again.`)
  await expect(page.getByRole('alert')).toBeHidden()
  await expect(page.locator('iframe[title="Plaid Link"]')).toHaveCount(0)
  expect(await sandbox.items()).toMatchObject([{ state: 'healthy' }])
})

test('a user leaves Link, and the login stays broken', async ({ app, page, sandbox }) => {
  await connect(page)
  await app.breakLogin()
  await page.reload()

  await page.getByRole('button', { name: 'Log in again' }).click()
  await linkOf(page).getByRole('button', { name: 'Exit' }).click()
  await expect(page.getByRole('status')).toHaveText(`${BANK} is still disconnected.`)
  await expect(page.getByRole('alert')).toBeVisible()
  expect(await sandbox.items()).toMatchObject([{ state: 'login_required' }])
})
