'use strict'

// Promise: the snippets are the form's call. They run as copied, and hold no secret.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { panelOf, partsOf, useBrowser } = require('./support/browser.js')
const { ACCESS_TOKEN, CLIENT_ID, GATEWAY_TOKEN, SECRET } = require('./support/client.js')
const { start } = require('./support/sandbox.js')

const { openGateway, openPanel } = useBrowser()

const SEEDED = ['--port', '0', '--seed', '1']
const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] }

const TSX = require.resolve('tsx/cli')
const CLI = path.join(__dirname, '../bin/utdk-plaid.js')

/** How to run each snippet: the file's name, and the command that takes it. */
const RUNNERS = {
  TypeScript: ['snippet.mts', process.execPath, TSX],
  Gateway: ['snippet.mts', process.execPath, TSX],
  plaid: ['snippet.mts', process.execPath, TSX],
  Python: ['snippet.py', 'python3'],
  Ruby: ['snippet.rb', 'ruby'],
  Go: ['snippet.go', 'go', 'run'],
  curl: ['snippet.sh', 'sh'],
  CLI: ['snippet.sh', 'sh'],
}

/** Clicks Copy in a language's tab, and returns the clipboard's text. */
async function copied(page, language) {
  const { snippet } = partsOf(page)
  await snippet.getByRole('tab', { name: language, exact: true }).click()
  await snippet.getByRole('button', { name: 'Copy the code' }).click()
  await snippet.getByText('Copied', { exact: true }).waitFor()
  return page.evaluate(() => navigator.clipboard.readText())
}

/** Runs a snippet in this directory, where the packages resolve, and returns its output. */
async function run(t, language, source, env) {
  const directory = fs.mkdtempSync(path.join(__dirname, 'console-snippet-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const [name, command, ...args] = RUNNERS[language]
  // The package is not installed under its own name here.
  const npx = `npx() { shift; '${process.execPath}' '${CLI}' "$@"; }\n`
  fs.writeFileSync(path.join(directory, name), language === 'CLI' ? npx + source : source)
  const child = spawn(command, [...args, path.join(directory, name)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return (await child.stdout.setEncoding('utf8').toArray()).join('')
}

test('every snippet runs as copied, with a local Item’s token and credentials from the environment', async (t) => {
  const { page, command, status, create } = await openPanel(t, CLIPBOARD, SEEDED)
  await create.click()
  await status('The Item is healthy')
  const token = await panelOf(page).token.inputValue()
  const twin = await start(t, { seed: 1 })
  const { clientId, secret } = twin
  const env = {
    PLAID_CLIENT_ID: clientId,
    PLAID_SECRET: secret,
    PLAID_BASE_URL: command.sandbox,
  }
  for (const language of Object.keys(RUNNERS)) {
    const source = await copied(page, language)
    assert.ok(source.includes(token), language)
    assert.ok(!source.includes(clientId) && !source.includes(secret))
    const printed = await run(t, language, source, env)
    assert.match(printed, /reset_login"?: ?true|^reset …\w{4} /, `${language}: ${printed}`)
  }
  const { requests } = await (await fetch(`${command.sandbox}/_sandbox/requests`)).json()
  const statuses = requests.map(({ path, status }) => `${path} ${status}`)
  assert.deepEqual(statuses, Object.keys(RUNNERS).fill('/sandbox/item/reset_login 200'))
})

test('the code follows the form, and takes secrets from the environment', async (t) => {
  const { page, snippet, input, token, url } = await openGateway(t, undefined, CLIPBOARD)
  await token.fill(GATEWAY_TOKEN)
  await input('client_id').fill(CLIENT_ID)
  await input('secret').fill(SECRET)
  await input('access_token').fill(ACCESS_TOKEN)
  await url.fill("http://localhost:4000/it's/$(x)`\\")
  const code = await copied(page, 'Gateway')
  assert.ok(code.includes("url: 'http://localhost:4000/it%27s/$(x)%60', token: process.env."), code)
  assert.match(code, /client_id: process\.env\.PLAID_CLIENT_ID!,\n {2}secret: process\.env/)
  for (const tab of await snippet.getByRole('tab').all()) {
    await tab.click()
    const shown = await snippet.locator('pre').innerText()
    assert.match(shown, /PLAID_ACCESS_TOKEN/)
    for (const secret of [CLIENT_ID, SECRET, GATEWAY_TOKEN, ACCESS_TOKEN]) {
      assert.ok(!shown.includes(secret))
    }
  }
})

test('a copy that the browser blocks is reported', async (t) => {
  const { page, snippet } = await openGateway(t)
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  await snippet.getByRole('button', { name: 'Copy the code' }).click()
  await snippet.getByText('Your browser blocked the copy.').waitFor()
})
