'use strict'

// Takes the screenshots in docs/screenshots: `npm run screenshots`. They show the console of a gateway
// to a Sandbox, of `utdk-plaid console`, and Link in the React example. Port 4000 must be free, and
// the font Inter installed.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startGateway } = require('../gateway.js')
const { routePlaidLink } = require('../playwright.js')
const { startSandbox } = require('../sandbox.js')
const {
  breakItem,
  launchBrowser,
  panelOf,
  partsOf,
  reachable,
  send,
  startConsoleCommand,
  updatePageOf,
} = require('../__test__/support/browser.js')
const { linkOf } = require('../__test__/support/link.js')
const { complete } = require('../__test__/support/link-app.js')

const DIRECTORY = path.join(__dirname, '../docs/screenshots')

const DESKTOP = { width: 1280, height: 1420 }
/** As high as the Sandbox's panel. */
const PANEL = { width: 1280, height: 940 }
const INSPECTOR = { width: 1280, height: 620 }
const PHONE = { width: 390, height: 844 }

const UNKNOWN_TOKEN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

/** At a gateway, with an Item to call about. */
const OF_GATEWAY = {
  'console-light': { viewport: DESKTOP, colorScheme: 'light', act: success },
  'console-dark': { viewport: DESKTOP, colorScheme: 'dark', act: failure },
  'console-phone': { viewport: PHONE, colorScheme: 'light', act: nothing },
  'console-phone-error': { viewport: PHONE, colorScheme: 'dark', act: failure, at: 'output' },
}

/** At `utdk-plaid console`. */
const OF_SANDBOX = {
  'console-sandbox-empty': { viewport: PANEL, colorScheme: 'light', act: nothing },
  'console-sandbox': { viewport: PANEL, colorScheme: 'light', act: breakItem },
  'console-sandbox-dark': { viewport: PANEL, colorScheme: 'dark', act: repaired },
  'console-sandbox-phone': { viewport: PHONE, colorScheme: 'light', act: breakItem, at: 'panel' },
  'console-inspector': {
    viewport: INSPECTOR,
    colorScheme: 'light',
    act: inspected,
    at: 'inspector',
  },
  'console-inspector-phone': {
    viewport: PHONE,
    colorScheme: 'dark',
    act: inspected,
    at: 'inspector',
  },
}

/** Selects the webhook in the inspector. */
async function inspected(page) {
  await breakItem(page)
  await page.locator('.timeline button').last().click()
  await page.locator('.details').getByText('Valid').waitFor()
}

async function nothing() {}

async function success(page, { access_token }) {
  await send(page, access_token)
}

async function failure(page, { access_token }) {
  await send(page, access_token)
  await partsOf(page).snippet.getByRole('tab', { name: 'curl' }).click()
  await send(page, UNKNOWN_TOKEN)
}

async function repaired(page) {
  await breakItem(page)
  const { repair, status } = panelOf(page)
  const tab = await updatePageOf(page, () => repair.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await status('Repaired')
  await tab.close()
}

/** What a screenshot starts at, if not the top of the page. */
const TOPS = {
  inspector: (page) => page.getByRole('region', { name: 'Inspector' }),
  output: (page) => partsOf(page).output,
  panel: (page) => panelOf(page).panel,
}

async function take(browser, url, name, { act, at, ...settings }, item) {
  const page = await browser.newPage({ ...settings, reducedMotion: 'reduce' })
  await page.goto(url)
  await reachable(page)
  const { panel, live } = panelOf(page)
  if ((await panel.count()) > 0) await live.waitFor()
  await act(page, item)
  const top = at && (await TOPS[at](page).evaluate((it) => it.getBoundingClientRect().y + scrollY))
  await page.evaluate((y) => window.scrollTo(0, y), top ? top - 16 : 0)
  await page.mouse.move(0, 0)
  await page.screenshot({ path: path.join(DIRECTORY, `${name}.png`) })
  await page.close()
}

async function takeOfSandbox(browser) {
  for (const [name, settings] of Object.entries(OF_SANDBOX)) {
    const command = await startConsoleCommand({ after() {} }, ['--seed', '1'])
    try {
      await take(browser, command.url, name, settings)
    } finally {
      await command.ended('SIGTERM')
    }
  }
}

const LINK = { width: 1280, height: 800 }

/** Link in the React example. */
const OF_LINK = {
  'link-accounts': { viewport: LINK, colorScheme: 'dark', act: selectsAccounts },
  'link-update-mode': { viewport: LINK, colorScheme: 'light', act: logsInAgain },
  'link-update-mode-phone': { viewport: PHONE, colorScheme: 'dark', act: logsInAgain },
}

async function selectsAccounts(page) {
  const { heading, logIn, selectFirstPlatypus } = linkOf(page)
  await selectFirstPlatypus()
  await logIn()
  await heading('Your accounts')
}

/** After the login of the bank broke. */
async function logsInAgain(page, app) {
  await complete(page)
  await page.getByRole('listitem').first().waitFor()
  await app.breakLogin()
  await page.reload()
  await page.getByRole('button', { name: 'Log in again' }).click()
  await linkOf(page).frame.getByLabel('Username').fill('user_good')
}

async function takeOfLink(browser) {
  const example = path.join(__dirname, '../examples/react-update-mode/test')
  const { startApp } = await import(path.join(example, 'app.js'))
  const { default: buildApp } = await import(path.join(example, 'build.js'))
  await buildApp()
  for (const [name, { act, ...settings }] of Object.entries(OF_LINK)) {
    const sandbox = await startSandbox({ seed: 1 })
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-screenshots-'))
    const app = await startApp(sandbox, directory)
    const context = await browser.newContext({ ...settings, reducedMotion: 'reduce' })
    try {
      await routePlaidLink(context, sandbox)
      const page = await context.newPage()
      await page.goto(app.url)
      await page.getByRole('button', { name: 'Connect a bank' }).click()
      await act(page, app)
      await page.screenshot({ path: path.join(DIRECTORY, `${name}.png`) })
    } finally {
      await context.close()
      await app.close()
      await sandbox.close()
      fs.rmSync(directory, { recursive: true })
    }
  }
}

async function main() {
  const sandbox = await startSandbox({ seed: 1 })
  const { url: baseUrl, clientId, secret } = sandbox
  const gateway = await startGateway({ baseUrl, clientId, secret, port: 4000 })
  const item = await sandbox.createItem()
  const browser = await launchBrowser()
  try {
    const url = gateway.url.replace('127.0.0.1', 'localhost')
    for (const [name, settings] of Object.entries(OF_GATEWAY)) {
      await take(browser, url, name, settings, item)
    }
    await gateway.close()
    await takeOfSandbox(browser)
    await takeOfLink(browser)
  } finally {
    await browser.close()
    await gateway.close()
    await sandbox.close()
  }
}

main()
