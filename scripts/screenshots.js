'use strict'

// Takes the pictures of the console in docs/screenshots: `npm run screenshots`. They are of the real
// page at a real gateway before a Sandbox, and at `utdk-plaid console`, on port 4000, which must be
// free.

const path = require('node:path')
const { startGateway } = require('../gateway.js')
const { startSandbox } = require('../sandbox.js')
const { startCommand } = require('../__test__/support/command.js')
const { launchBrowser, partsOf, reachable, send } = require('../__test__/support/browser.js')

const DIRECTORY = path.join(__dirname, '../docs/screenshots')

const DESKTOP = { viewport: { width: 1280, height: 1240 }, reducedMotion: 'reduce' }
const PHONE = { viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' }

const UNKNOWN_TOKEN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

const PICTURES = {
  'console-light': { settings: { ...DESKTOP, colorScheme: 'light' }, tell: success },
  'console-dark': { settings: { ...DESKTOP, colorScheme: 'dark' }, tell: failure },
  'console-phone': { settings: { ...PHONE, colorScheme: 'light' }, tell: nothing },
}

async function success(page, { access_token }) {
  await send(page, access_token)
}

async function failure(page, { access_token }) {
  await send(page, access_token)
  await partsOf(page).snippet.getByRole('tab', { name: 'curl' }).click()
  await send(page, UNKNOWN_TOKEN)
}

async function nothing() {}

/** The whole story, at the command that runs a Sandbox beside the page. */
async function story(browser) {
  let end
  const command = startCommand({ after: (kill) => (end = kill) }, ['console', '--seed', '1'])
  try {
    const [, url] = await command.until(/^Open (\S+)\n/)
    const page = await browser.newPage({ ...DESKTOP, viewport: { width: 1280, height: 820 } })
    await page.goto(url)
    await reachable(page)
    const panel = page.getByRole('region', { name: 'Local Sandbox' })
    await panel.getByRole('button', { name: 'Create' }).click()
    await panel.getByText('The Item is healthy').waitFor()
    await panel.getByRole('button', { name: 'Send' }).click()
    await panel.getByText('Signed', { exact: true }).waitFor()
    await page.mouse.move(0, 0)
    await page.screenshot({ path: path.join(DIRECTORY, 'console-story.png') })
  } finally {
    end()
  }
}

async function main() {
  const sandbox = await startSandbox({ seed: 1 })
  const { url: baseUrl, clientId, secret } = sandbox
  const gateway = await startGateway({ baseUrl, clientId, secret, port: 4000 })
  const item = await sandbox.createItem()
  const browser = await launchBrowser()
  try {
    for (const [name, { settings, tell }] of Object.entries(PICTURES)) {
      const page = await browser.newPage(settings)
      await page.goto(gateway.url.replace('127.0.0.1', 'localhost'))
      await reachable(page)
      await tell(page, item)
      await page.mouse.move(0, 0)
      await page.screenshot({ path: path.join(DIRECTORY, `${name}.png`) })
      await page.close()
    }
    await gateway.close()
    await story(browser)
  } finally {
    await browser.close()
    await gateway.close()
    await sandbox.close()
  }
}

main()
