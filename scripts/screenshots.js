'use strict'

// Takes the pictures of the console in docs/screenshots: `npm run screenshots`. They are of the real
// page, at a real gateway before a Sandbox and at `utdk-plaid console`, on port 4000, which must be
// free. The page's font is Inter where that is installed, as it was for these.

const path = require('node:path')
const { startGateway } = require('../gateway.js')
const { startSandbox } = require('../sandbox.js')
const {
  launchBrowser,
  partsOf,
  reachable,
  send,
  startStory,
} = require('../__test__/support/browser.js')

const DIRECTORY = path.join(__dirname, '../docs/screenshots')

const DESKTOP = { width: 1280, height: 1420 }
/** As high as the story. */
const STORY = { width: 1280, height: 940 }
const PHONE = { width: 390, height: 844 }

const UNKNOWN_TOKEN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

/** At a gateway: each has an Item to call about. */
const PICTURES = {
  'console-light': { viewport: DESKTOP, colorScheme: 'light', tell: success },
  'console-dark': { viewport: DESKTOP, colorScheme: 'dark', tell: failure },
  'console-phone': { viewport: PHONE, colorScheme: 'light', tell: nothing },
  'console-phone-error': { viewport: PHONE, colorScheme: 'dark', tell: failure, at: 'output' },
}

/** At `utdk-plaid console`. */
const STORIES = {
  'console-story-empty': { viewport: STORY, colorScheme: 'light', tell: nothing },
  'console-story': { viewport: STORY, colorScheme: 'light', tell: broken },
  'console-story-dark': { viewport: STORY, colorScheme: 'dark', tell: repaired },
  'console-story-phone': { viewport: PHONE, colorScheme: 'light', tell: broken, at: 'story' },
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

function panelOf(page) {
  return page.getByRole('region', { name: 'Local Sandbox' })
}

async function broken(page) {
  const panel = panelOf(page)
  await panel.getByRole('button', { name: 'Create' }).click()
  await panel.getByText('The Item is healthy').waitFor()
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByText('Signed', { exact: true }).waitFor()
}

async function repaired(page) {
  await broken(page)
  const [tab] = await Promise.all([
    page.waitForEvent('popup'),
    panelOf(page).getByRole('button', { name: 'Repair' }).click(),
  ])
  await tab.getByRole('button', { name: 'Update login' }).click()
  await panelOf(page).getByText('Repaired').waitFor()
  await tab.close()
}

/** Where a picture begins, if not at the top of the page. */
const PLACES = { output: (page) => partsOf(page).output, story: panelOf }

async function take(browser, url, name, { tell, at, ...settings }, item) {
  const page = await browser.newPage({ ...settings, reducedMotion: 'reduce' })
  await page.goto(url)
  await reachable(page)
  await panelOf(page).getByText('Connecting').waitFor({ state: 'detached' })
  await tell(page, item)
  const place =
    at && (await PLACES[at](page).evaluate((it) => it.getBoundingClientRect().y + scrollY))
  await page.evaluate((y) => window.scrollTo(0, y), place ? place - 16 : 0)
  await page.mouse.move(0, 0)
  await page.screenshot({ path: path.join(DIRECTORY, `${name}.png`) })
  await page.close()
}

async function takeStories(browser) {
  for (const [name, settings] of Object.entries(STORIES)) {
    const command = await startStory({ after() {} }, ['--seed', '1'])
    try {
      await take(browser, command.url, name, settings)
    } finally {
      await command.ended('SIGTERM')
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
    for (const [name, settings] of Object.entries(PICTURES)) {
      await take(browser, url, name, settings, item)
    }
    await gateway.close()
    await takeStories(browser)
  } finally {
    await browser.close()
    await gateway.close()
    await sandbox.close()
  }
}

main()
