'use strict'

// Promise: the console sends the call through its gateway, shows the outcome and the next step, and
// keeps no secret.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { partsOf, reachable, send, startConsole, useBrowser } = require('./support/browser.js')
const { CLIENT_ID, PRODUCTION_TOKEN, SECRET } = require('./support/client.js')
const { itemError } = require('./support/sandbox.js')

const { open } = useBrowser()

const UNKNOWN_TOKEN = 'access-sandbox-00000000-0000-4000-8000-00000000abcd'

/** The page's texts, in order. */
const TEXTS = [
  'Plaid',
  'POST',
  '/sandbox/item/reset_login',
  'Force a Sandbox Item into an error state',
  'ITEM_LOGIN_REQUIRED',
  'update mode',
  'webhook',
  '30 days',
  'Try it',
  'Authentication',
  'Configure credentials for The Plaid API',
  'Gateway',
  'The gateway proxies requests and injects credentials server-side. Configure credentials above, then enter your gateway URL.',
  'Saved automatically to browser storage.',
  'sandboxitemresetlogin',
  'POST',
  '/sandbox/item/reset_login',
  'Input',
  'client_id',
  'optional',
  'Your Plaid client ID. Defaults to the gateway’s.',
  'secret',
  'optional',
  'Your Plaid secret. Defaults to the gateway’s.',
  'access_token',
  'required',
  'The Item’s access token.',
  'Enter a gateway URL above to enable sending.',
  'Code snippet',
  'Updates live as you fill in the form above.',
  'Output',
]

test('the page describes the operation, and says why Send is disabled', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await partsOf(page).url.fill('')
  await page.getByText('Enter a gateway URL above to enable sending.').waitFor()
  const text = await page.locator('main').innerText()
  let at = 0
  for (const expected of TEXTS) {
    const found = text.indexOf(expected, at)
    assert.notEqual(found, -1, `“${expected}” is missing after: ${text.slice(0, at)}`)
    at = found + expected.length
  }
  assert.equal(await partsOf(page).send.isEnabled(), false)
})

test('the page uses the gateway that serves it, and resets a login through it', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  assert.equal(await partsOf(page).url.inputValue(), gateway.url)
  const item = await sandbox.createItem()

  const shown = await send(page, item.access_token)

  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  const [{ request_id }] = (await sandbox.requests()).slice(-2)
  assert.match(shown, /\b200\n+\d+ ms\n/)
  assert.match(shown, new RegExp(`Request ID ${request_id}`))
  const body = JSON.parse(await partsOf(page).output.locator('pre').innerText())
  assert.deepEqual(body, { request_id, reset_login: true })
  assert.match(shown, /update mode to repair/)
})

test('an error comes with its meaning, the next step, and Plaid’s documentation', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)

  const shown = await send(page, UNKNOWN_TOKEN)

  assert.match(shown, /\b400\n/)
  assert.match(shown, /\nINVALID_ACCESS_TOKEN\n+Access token not found\.\n+Use /)
  assert.match(shown, /"error_message": "could not find matching access token"/)
  const link = partsOf(page).output.getByRole('link', { name: 'Plaid’s documentation' })
  const docs = 'https://plaid.com/docs/errors/invalid-input/#invalid_access_token'
  assert.equal(await link.getAttribute('href'), docs)
})

test('a hostile response is shown as text, and can add no link but Plaid’s', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  const hostile = {
    error_code: 'toString',
    error_message: '<img src=x onerror="document.title=1"></pre><script>document.title=2</script>',
    documentation_url: 'javascript:document.title=3',
    request_id: ['<b>not an id</b>'],
  }
  await page.route('**/tools/plaid/*', (route) => route.fulfill({ status: 400, json: hostile }))

  const shown = await send(page, access_token)

  assert.match(shown, /The request was refused\. The message says why\./)
  const body = JSON.parse(await partsOf(page).output.locator('pre').innerText())
  assert.deepEqual(body, hostile)
  assert.equal(await page.locator('img, main script, main b').count(), 0)
  assert.equal(await partsOf(page).output.getByRole('link').count(), 0)
  assert.equal(await page.title(), 'Force a Sandbox Item into an error state')
})

const REFUSED_TOKENS = [
  [PRODUCTION_TOKEN, /^This is a production token, which is never sent/],
  ['access-development-1', /^This is a development token, which is never sent/],
  ['public-sandbox-1', /^This is a public token\. Exchange it/],
  ['link-sandbox-1', /^This is a link token\./],
  ['access-sandbox-1 2', /^A token contains no spaces/],
  ['nonsense', /starts with access-sandbox-\.$/],
]

test('a token that is not a Sandbox access token disables Send', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { input, send, operation } = partsOf(page)
  for (const [token, expected] of REFUSED_TOKENS) {
    await input('access_token').fill(token)
    const hint = operation.locator('.hint.error')
    assert.match(await hint.innerText(), expected, token)
    assert.equal(await send.isEnabled(), false, token)
    await input('access_token').press('Enter')
    assert.match(await operation.innerText(), /Correct the access_token to enable sending\./)
  }
  assert.deepEqual(await sandbox.requests(), [])
  // A token that is still typed, or was pasted with spaces around it, is no error.
  for (const token of ['acc', 'access-sandbox-12', ' access-sandbox-1\n']) {
    await input('access_token').fill(token)
    assert.equal(await operation.locator('.hint.error').count(), 0, token)
  }
})

test('credentials are saved to the gateway, never shown again, and can be removed', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { clientId: null })
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  const { authentication, operation, input } = partsOf(page)
  await authentication.getByText('Not configured').waitFor()
  await input('access_token').fill(access_token)
  await operation.getByText('Configure credentials above, or fill in client_id').waitFor()

  await authentication.getByLabel('Client ID').fill(sandbox.clientId)
  await authentication.getByLabel('Secret', { exact: true }).fill(sandbox.secret)
  await authentication.getByRole('button', { name: 'Save to gateway' }).click()
  await authentication.getByText('Configured here').waitFor()
  for (const name of ['Client ID', 'Secret']) {
    const field = authentication.getByLabel(name, { exact: true })
    assert.equal(await field.inputValue(), '')
    assert.equal(await field.getAttribute('placeholder'), 'Configured, not shown')
  }
  assert.match(await send(page), /\b200\n/)

  await authentication.getByRole('button', { name: 'Forget' }).click()
  await authentication.getByText('Not configured').waitFor()
  await operation.getByText('Configure credentials above').waitFor()
})

test('the browser stores the gateway URL and no secret', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  const named = gateway.url.replace('127.0.0.1', 'localhost')
  const parts = partsOf(page)
  await parts.url.fill(`${named}/`)
  await parts.token.fill(SECRET)
  await parts.authentication.getByLabel('Client ID').fill(CLIENT_ID)
  await parts.authentication.getByLabel('Secret', { exact: true }).fill(SECRET)
  await parts.input('secret').fill(SECRET)
  await parts.input('access_token').fill(access_token)
  const stored = () =>
    page.evaluate(() => ({
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookie: document.cookie,
      url: location.href,
      state: history.state,
    }))
  const expected = {
    local: { utdk_gateway_url: named },
    session: {},
    cookie: '',
    url: `${gateway.url}/`,
    state: null,
  }
  assert.deepEqual(await stored(), expected)

  await page.reload()

  assert.deepEqual(await stored(), expected)
  assert.equal(await parts.url.inputValue(), named)
  for (const field of [parts.token, parts.input('secret'), parts.input('access_token')]) {
    assert.equal(await field.inputValue(), '')
  }
  assert.deepEqual(await page.evaluate(() => indexedDB.databases()), [])
  assert.deepEqual(await page.evaluate(() => caches.keys()), [])
})

test('a URL that cannot be a gateway’s is explained and not stored', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { url, gateway: card, send } = partsOf(page)
  for (const [typed, expected] of [
    ['http://user:secret@localhost:4000', /Remove the user and password/],
    ['http://localhost:4000/?token=secret', /Remove everything from \?/],
    ['http://example.com', /^Use https/],
    ['localhost:4000', /^Start with http/],
    ['http://', /Not a URL/],
    ['http://[::1]:4000', /^Use https/],
    ['javascript:alert(1)', /^Start with http/],
  ]) {
    await url.fill(typed)
    await card.locator('.hint.error', { hasText: expected }).waitFor()
    assert.equal(await send.isEnabled(), false)
    const stored = await page.evaluate(() => localStorage.getItem('utdk_gateway_url'))
    assert.equal(stored, gateway.url)
  }
  await url.fill('')
  await page.waitForFunction(() => localStorage.length === 0)
})

test('the history lists this tab’s calls with shortened tokens, and shows each again', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  await send(page, access_token)
  await send(page, UNKNOWN_TOKEN)

  const { history, output } = partsOf(page)
  const [latest, first] = await history.getByRole('listitem').allInnerTexts()
  assert.match(latest, /access-sandbox-••••abcd\s+400\s+\d+ ms/)
  assert.match(first, new RegExp(`access-sandbox-••••${access_token.slice(-4)}\\s+200\\s+\\d+ ms`))
  await history.getByRole('button').last().click()
  assert.match(await output.innerText(), /"reset_login": true/)
  const html = await page.locator('body').innerHTML()
  assert.ok(!html.includes(access_token.slice(0, -4)))
})
