'use strict'

// Promise: the console, opened at a gateway, makes the call, shows what came of it and what to do
// next, and keeps no secret.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { partsOf, reachable, send, startConsole, useBrowser } = require('./support/browser.js')
const { CLIENT_ID, PRODUCTION_TOKEN, SECRET } = require('./support/client.js')
const { itemError } = require('./support/sandbox.js')

const { open } = useBrowser()

/** What the page says to whoever opens it, in this order. */
const WORDS = [
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
  'Your Plaid client ID, or the gateway’s.',
  'secret',
  'optional',
  'Your Plaid secret, or the gateway’s.',
  'access_token',
  'required',
  'The access token of the Item whose login is to stop working.',
  'Enter a gateway URL above to enable sending.',
  'Code snippet',
  'Updates live as you fill in the form above.',
  'Output',
]

test('the page says what it is, in order, and why nothing can be sent yet', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await partsOf(page).url.fill('')
  await page.getByText('Enter a gateway URL above to enable sending.').waitFor()
  const text = await page.locator('main').innerText()
  let at = 0
  for (const words of WORDS) {
    const found = text.indexOf(words, at)
    assert.notEqual(found, -1, `“${words}” is not there after: ${text.slice(0, at)}`)
    at = found + words.length
  }
  assert.equal(await partsOf(page).send.isEnabled(), false)
})

test('opened at a gateway it knows that gateway, and breaks an Item by it', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { url } = partsOf(page)
  assert.equal(await url.inputValue(), gateway.url)
  const item = await sandbox.createItem()

  const shown = await send(page, item.access_token)

  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  const [{ request_id }] = (await sandbox.requests()).slice(-2)
  assert.match(shown, /\b200\n+\d+ ms\n/)
  assert.match(shown, new RegExp(`Request id ${request_id}`))
  const body = JSON.parse(await partsOf(page).output.locator('pre').innerText())
  assert.deepEqual(body, { request_id, reset_login: true })
  assert.match(shown, /update mode to repair it/)
})

test('an error is shown with what it means, what to do, and Plaid’s page about it', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)

  const shown = await send(page, 'access-sandbox-00000000-0000-4000-8000-000000000000')

  assert.match(shown, /\b400\n/)
  assert.match(shown, /\nINVALID_ACCESS_TOKEN\n+Plaid knows no such access token\.\n+Take /)
  assert.match(shown, /"error_message": "could not find matching access token"/)
  const link = partsOf(page).output.getByRole('link', { name: 'Plaid’s page about it' })
  const about = 'https://plaid.com/docs/errors/invalid-input/#invalid_access_token'
  assert.equal(await link.getAttribute('href'), about)
})

test('a reply of a hostile gateway’s shows as text, and leads nowhere but to Plaid', async (t) => {
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

  assert.match(shown, /The call was refused; the message says why\./)
  const body = JSON.parse(await partsOf(page).output.locator('pre').innerText())
  assert.deepEqual(body, hostile)
  assert.equal(await page.locator('img, main script, main b').count(), 0)
  assert.equal(await partsOf(page).output.getByRole('link').count(), 0)
  assert.equal(await page.title(), 'Force a Sandbox Item into an error state')
})

const REFUSED_TOKENS = [
  [PRODUCTION_TOKEN, /^A production token is never sent/],
  ['access-development-1', /^A development token is never sent/],
  ['public-sandbox-1', /^A public token: exchange it/],
  ['link-sandbox-1', /^A link token: /],
  ['access-sandbox-1 2', /^A token has no spaces/],
  ['nonsense', /begins with access-sandbox-\.$/],
]

test('a token that cannot be meant is refused on the spot, and nothing is sent', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { input, send, operation } = partsOf(page)
  for (const [token, sentence] of REFUSED_TOKENS) {
    await input('access_token').fill(token)
    const hint = operation.locator('.hint.error')
    assert.match(await hint.innerText(), sentence, token)
    assert.equal(await send.isEnabled(), false, token)
    await input('access_token').press('Enter')
    assert.match(await operation.innerText(), /Correct the access_token to enable sending\./)
  }
  assert.deepEqual(await sandbox.requests(), [])
  // What is being typed, or surrounded by what copying brings along, is no mistake.
  for (const token of ['acc', 'access-sandbox-12', ' access-sandbox-1\n']) {
    await input('access_token').fill(token)
    assert.equal(await operation.locator('.hint.error').count(), 0, token)
  }
})

test('credentials go to the gateway, are not shown again, and are forgotten there', async (t) => {
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
  await authentication.getByRole('button', { name: 'Hand to the gateway' }).click()
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

test('what the browser keeps is the URL, also after a reload, and no secret', async (t) => {
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
  const kept = () =>
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
  assert.deepEqual(await kept(), expected)

  await page.reload()

  assert.deepEqual(await kept(), expected)
  assert.equal(await parts.url.inputValue(), named)
  for (const field of [parts.token, parts.input('secret'), parts.input('access_token')]) {
    assert.equal(await field.inputValue(), '')
  }
  assert.deepEqual(await page.evaluate(() => indexedDB.databases()), [])
  assert.deepEqual(await page.evaluate(() => caches.keys()), [])
})

test('a URL that holds more than a place is not kept', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { url, gateway: card, send } = partsOf(page)
  for (const [typed, sentence] of [
    ['http://user:secret@localhost:4000', /Leave out the user and password/],
    ['http://localhost:4000/?token=secret', /Leave out what follows/],
    ['http://example.com', /^Use https/],
    ['localhost:4000', /^Begin with http/],
    ['http://', /This is not a URL/],
    ['http://[::1]:4000', /^Use https/],
    ['javascript:alert(1)', /^Begin with http/],
  ]) {
    await url.fill(typed)
    await card.locator('.hint.error', { hasText: sentence }).waitFor()
    assert.equal(await send.isEnabled(), false)
    const kept = await page.evaluate(() => localStorage.getItem('utdk_gateway_url'))
    assert.equal(kept, gateway.url)
  }
  await url.fill('')
  await page.waitForFunction(() => localStorage.length === 0)
})

test('the calls of this tab are listed with shortened tokens, and can be looked at again', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  await send(page, access_token)
  await send(page, 'access-sandbox-00000000-0000-4000-8000-00000000abcd')

  const { history, output } = partsOf(page)
  const [latest, first] = await history.getByRole('listitem').allInnerTexts()
  assert.match(latest, /access-sandbox-••••abcd\s+400\s+\d+ ms/)
  assert.match(first, new RegExp(`access-sandbox-••••${access_token.slice(-4)}\\s+200\\s+\\d+ ms`))
  await history.getByRole('button').last().click()
  assert.match(await output.innerText(), /"reset_login": true/)
  const whole = await page.locator('body').innerHTML()
  assert.ok(!whole.includes(access_token.slice(0, -4)))
})
