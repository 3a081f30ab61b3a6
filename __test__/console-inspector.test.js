'use strict'

// Promise: from the console a user points a backend at the local Sandbox, sees everything that the
// Sandbox sees, and controls it.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { generateKeyPairSync } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { panelOf, partsOf, updatePageOf, useBrowser } = require('./support/browser.js')
const { call, refusingPort } = require('./support/sandbox.js')
const { runShell } = require('./support/shell.js')

const { openPanel } = useBrowser()

const EXPRESS = path.join(__dirname, '../examples/express-update-mode')
const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] }

/** Opens the console, and its lines for a backend's environment. */
async function openBackend(t) {
  const opened = await openPanel(t, CLIPBOARD)
  const { page } = opened
  const card = page.getByRole('region', { name: 'Point your backend here' })
  await card.locator('summary').click()
  const copied = async (name) => {
    await card.getByRole('button', { name: `Copy ${name}`, exact: true }).click()
    await card.getByText('Copied', { exact: true }).waitFor()
    return page.evaluate(() => navigator.clipboard.readText())
  }
  const text = await copied('the .env lines')
  const env = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=')),
  )
  const { PLAID_BASE_URL: url, PLAID_CLIENT_ID: clientId, PLAID_SECRET: secret } = env
  return { ...opened, card, copied, env, backend: { url, clientId, secret } }
}

/** The inspector's parts. */
function inspectorOf(page) {
  const inspector = page.getByRole('region', { name: 'Inspector', exact: true })
  return {
    inspector,
    rows: inspector.getByRole('list', { name: 'Inspector' }).getByRole('button'),
    details: inspector.getByRole('region', { name: 'Details' }),
    button: (name) => inspector.getByRole('button', { name, exact: true }),
    says: (text) => inspector.getByRole('status').getByText(text).waitFor(),
  }
}

/** A backend's Item, created with Plaid's routes. */
async function linkItem(backend, webhook) {
  const { public_token } = await call(backend, '/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { webhook },
  })
  return { public_token }
}

/** Starts the example's server, and resolves with its URL once it says that it listens. */
async function startBackend(t, env) {
  const port = await refusingPort()
  const tsx = path.join(EXPRESS, 'node_modules/tsx/dist/cli.mjs')
  const child = spawn(process.execPath, [tsx, path.join(EXPRESS, 'server.ts')], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill())
  await once(child.stdout, 'data')
  return `http://127.0.0.1:${port}`
}

async function post(url, body = {}) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.json()
}

test('a backend that takes the .env lines receives the webhook and repairs its Item', async (t) => {
  const { page, env, backend, ...panel } = await openBackend(t)
  const { rows } = inspectorOf(page)
  const app = await startBackend(t, env)
  const { item_id } = await post(`${app}/items`, await linkItem(backend, `${app}/plaid/webhook`))
  await panel.items.getByText(item_id).waitFor()
  await panel.items.getByText('Backend', { exact: true }).waitFor()
  await rows.filter({ hasText: '/item/public_token/exchange' }).waitFor()

  await panel.resetLogin.click()
  await panel.status('Login broken')
  await panel.webhooks.getByText('Delivered', { exact: true }).waitFor()
  await panel.verified.waitFor()
  // The backend asks for the key, then for the Item.
  await rows.filter({ hasText: '/webhook_verification_key/get' }).first().waitFor()
  await rows.filter({ hasText: '/item/get' }).first().waitFor()

  const tab = await updatePageOf(page, () => panel.repair.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await panel.status('Repaired')
  await post(`${app}/items/${item_id}/updated`)
  const { items } = await (await fetch(`${app}/items`)).json()
  assert.deepEqual(
    items.map((item) => [item.item_id, item.needs_attention]),
    [[item_id, false]],
  )
})

test('each value for a backend can be copied, the selected Item’s token too', async (t) => {
  const { page, command, card, copied, env, ...panel } = await openBackend(t)
  assert.deepEqual(Object.keys(env), ['PLAID_BASE_URL', 'PLAID_CLIENT_ID', 'PLAID_SECRET'])
  await panel.create.click()
  await panel.status('The Item is healthy')
  const token = await panel.token.inputValue()
  assert.equal(await copied('Base URL'), command.sandbox)
  assert.equal(await copied('client_id'), env.PLAID_CLIENT_ID)
  assert.equal(await copied('secret'), env.PLAID_SECRET)
  assert.equal(await copied('access_token'), token)
  assert.match(await copied('the .env lines'), new RegExp(`^PLAID_ACCESS_TOKEN=${token}$`, 'm'))
  for (const name of ['Node', 'Python', 'curl']) {
    await card.getByRole('tab', { name }).click()
    assert.match(await copied(`the ${name} lines`), /PLAID_(BASE|SANDBOX)_URL/)
  }
  await page.reload()
  await card.locator('summary').click()
  await card.getByText(env.PLAID_SECRET).first().waitFor()
})

test('the Node lines run an app whose code names Plaid’s host', async (t) => {
  const { page, card, copied, env } = await openBackend(t)
  const { rows } = inspectorOf(page)
  await card.getByRole('tab', { name: 'Node' }).click()
  const lines = await copied('the Node lines')
  const app = `fetch('https://sandbox.plaid.com/categories/get', { method: 'POST', body: '{}' })`
  const command = lines.replace('node app.js', `node -e "${app}"`)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-console-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const { code, printed } = await runShell(t, command, { directory, env })
  assert.equal(code, 0, printed)
  await rows.filter({ hasText: '/categories/get' }).waitFor()
})

test('the inspector shows each request with its error, Item and fields', async (t) => {
  const { page, backend, create, token, items } = await openBackend(t)
  const { inspector, rows, details } = inspectorOf(page)
  await create.click()
  await items.first().waitFor()
  const access_token = await token.inputValue()
  await call(backend, '/item/get', { access_token })
  await call(backend, '/accounts/get', { access_token: 'access-sandbox-1' })
  await call(backend, '/transfer/get', { access_token })
  await rows.nth(2).waitFor()
  const [unknown, wrong, good] = await rows.allInnerTexts()
  assert.match(unknown, /\/transfer\/get\s+(\w+\s+)?(Not emulated\s+)?[\d.]+ ms\s+\d+$/)
  assert.match(wrong, /\/accounts\/get\s+INVALID_ACCESS_TOKEN\s+[\d.]+ ms\s+400$/)
  assert.match(good, /\/item\/get\s+[\d.]+ ms\s+200$/)

  await rows.nth(2).click()
  const shown = await details.innerText()
  assert.match(shown, /POST \/item\/get\n[\s\S]*Status\s+200[\s\S]*Request ID\s+\w{15}/)
  assert.match(shown, new RegExp(`"access-sandbox-…${access_token.slice(-4)}"`))
  assert.ok(!shown.includes(access_token))

  await inspector.getByLabel('Item').selectOption({ index: 1 })
  await rows.filter({ hasText: '/accounts/get' }).waitFor({ state: 'detached' })
  await inspector.getByLabel('Kind').selectOption('Webhooks')
  await inspector.getByText('Nothing yet.').waitFor()
})

test('the inspector shows each attempt of a webhook, verifies it, and redelivers', async (t) => {
  const { page, backend, resetLogin, items } = await openBackend(t)
  const { inspector, rows, details, button, says } = inspectorOf(page)
  const { public_token } = await linkItem(backend, `http://127.0.0.1:${await refusingPort()}/`)
  await call(backend, '/item/public_token/exchange', { public_token })
  await items.first().waitFor()
  await resetLogin.click()
  const row = rows.filter({ hasText: '→ ITEM ERROR' })
  await row.getByText('Not delivered').waitFor()
  await row.click()
  await details.getByText('Valid (ES256)').waitFor()
  assert.match(await details.innerText(), /Next attempt\s+\d/)
  const attempts = details.getByRole('list', { name: 'Attempts' }).getByRole('listitem')
  assert.equal(await attempts.count(), 1)

  await button('+1 hour').click()
  await says('The clock moved by +1 hour.')
  await inspector.getByText('Clock, 1 h ahead:').waitFor()
  await attempts.nth(4).waitFor()
  await button('Redeliver').click()
  await attempts.nth(5).waitFor()
  await button('Copy JWT the JWT').click()
  const jwt = await page.evaluate(() => navigator.clipboard.readText())
  assert.equal(jwt.split('.').length, 3)
})

test('a webhook whose key does not fit is not verified', async (t) => {
  const { page, create, resetLogin, status, panel, command } = await openPanel(t)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const headers = { 'access-control-allow-origin': new URL(command.url).origin }
  await page.route('**/_sandbox/keys/*', (route) =>
    route.fulfill({ headers, json: publicKey.export({ format: 'jwk' }) }),
  )
  await create.click()
  await status('The Item is healthy')
  await resetLogin.click()
  await panel.getByText('Not verified').waitFor()
  await panel.locator('.webhooks summary').click()
  await panel.getByText('The signature is not by this key.').waitFor()
})

test('the controls inject and clear faults, break Items by the clock, and start over', async (t) => {
  const { page, backend, create, items } = await openBackend(t)
  const { inspector, rows, button, says } = inspectorOf(page)
  await create.click()
  await items.first().waitFor()
  const inject = async (name) => {
    await inspector.getByLabel('Next request:').selectOption(name)
    await button('Inject').click()
    await says(`The next request gets: ${name}.`)
  }
  const search = () => call(backend, '/item/get', { access_token: 'access-sandbox-1' })
  await inject('PLANNED_MAINTENANCE')
  assert.equal((await search()).error_code, 'PLANNED_MAINTENANCE')
  await rows.filter({ hasText: 'Fault' }).waitFor()
  for (const name of ['An HTML page', 'A reset connection', 'A truncated body', 'No response']) {
    await inject(name)
  }
  await inject('RATE_LIMIT')
  await inject('A delay of 5 s')
  await button('Clear faults').click()
  await says('No faults are left.')
  assert.equal((await search()).error_code, 'INVALID_ACCESS_TOKEN')

  await button('+30 days').click()
  await items.getByText('ITEM_LOGIN_REQUIRED').waitFor()
  await button('Reset').click()
  assert.equal(await items.count(), 1)
  await button('Confirm reset').click()
  await items.first().waitFor({ state: 'detached' })
  await says('Started over.')
  await inspector.getByText('Nothing yet.').waitFor()
})

test('the inspector keeps the latest 200 requests, live and after a reload', async (t) => {
  const { page, backend } = await openBackend(t)
  const { rows } = inspectorOf(page)
  await Promise.all(
    Array.from({ length: 230 }, () => call(backend, '/item/get', { access_token: 'x' })),
  )
  await call(backend, '/accounts/get', { access_token: 'x' })
  await rows.first().getByText('/accounts/get').waitFor()
  assert.equal(await rows.count(), 200)
  await page.reload()
  await rows.first().getByText('/accounts/get').waitFor()
  assert.equal(await rows.count(), 200)
  assert.equal(await panelOf(page).items.count(), 0)
  assert.ok(await partsOf(page).send.isVisible())
})

test('the inspector shows each Link session with its events', async (t) => {
  const { page, backend, create, items, resetLogin, status, token } = await openBackend(t)
  const { inspector, rows, details } = inspectorOf(page)
  await create.click()
  await items.first().waitFor()
  await resetLogin.click()
  await status('Login broken')
  const access_token = await token.inputValue()
  const { link_token } = await call(backend, '/link/token/create', {
    access_token,
    client_name: 'App',
    country_codes: ['US'],
    language: 'en',
    user: { client_user_id: '1' },
  })
  const end = async (how) => {
    const body = JSON.stringify({ link_token })
    const headers = { 'content-type': 'application/json' }
    const url = `${backend.url}/_sandbox/link/${how}`
    assert.equal((await fetch(url, { method: 'POST', headers, body })).status, 200)
  }
  await end('exit')
  await end('complete')
  await rows.filter({ hasText: 'Success' }).waitFor()
  await inspector.getByLabel('Kind').selectOption('Link sessions')
  const [completed, exited] = await rows.allInnerTexts()
  assert.match(completed, /Link, update mode\s+2 events\s+Success$/)
  assert.match(exited, /Link, update mode\s+2 events\s+Exited$/)
  await rows.first().click()
  assert.match(await details.innerText(), /Link session[\s\S]*OPEN[\s\S]*HANDOFF/)
  // A page that is opened later shows them too.
  await page.reload()
  await inspector.getByLabel('Kind').selectOption('Link sessions')
  await rows.nth(1).waitFor()
})
