'use strict'

// Promise: the console sends the call through its gateway, shows the outcome and the next step, and
// stores no secret.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { send, unfold, useBrowser } = require('./support/browser.js')
const { CLIENT_ID, PRODUCTION_TOKEN, SECRET } = require('./support/client.js')
const { itemError } = require('./support/sandbox.js')

const { openGateway } = useBrowser()

const UNKNOWN_TOKEN = 'access-sandbox-00000000-0000-4000-8000-00000000abcd'

/** The page's texts, in order. */
const TEXTS = [
  'Plaid',
  'Force a Sandbox Item into an error state',
  'update mode',
  '30 days',
  'npm install @utdk/plaid',
  'Configure credentials for The Plaid API',
  'The gateway proxies requests and injects credentials server-side.',
  'Saved automatically to browser storage.',
  'sandboxitemresetlogin',
  '/sandbox/item/reset_login',
  'client_id',
  'optional',
  'secret',
  'optional',
  'access_token',
  'required',
  'Enter a gateway URL to enable sending.',
  'Code snippet',
  'Output',
  'PLAID-CLIENT-ID',
  'PLAID-SECRET',
  'Responses',
  '200',
  'Error codes',
]

test('the page describes the operation, and says why Send is disabled', async (t) => {
  const { page, url, send } = await openGateway(t)
  await url.fill('')
  await page.getByText('Enter a gateway URL to enable sending.').waitFor()
  const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ')
  let at = 0
  for (const expected of TEXTS) {
    const found = text.indexOf(expected, at)
    assert.notEqual(found, -1, `“${expected}” is missing after: ${text.slice(0, at)}`)
    at = found + expected.length
  }
  assert.equal(await send.isEnabled(), false)
})

test('the page uses the gateway that serves it, and resets a login through it', async (t) => {
  const { page, gateway: card, sandbox, url, output } = await openGateway(t)
  assert.match(await url.inputValue(), /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(await card.innerText(), /Sends requests to 127\.0\.0\.1:\d+\./)
  const item = await sandbox.createItem()

  const shown = await send(page, item.access_token)

  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  const [{ request_id }] = (await sandbox.requests()).slice(-2)
  assert.match(shown, /\b200 OK\n+\d+ ms\n+The Item went into ITEM_LOGIN_REQUIRED/)
  assert.match(shown, /update mode to repair/)
  assert.match(shown, new RegExp(`Request ID\\s+${request_id}`))
  const body = await output.locator('pre').innerText()
  assert.deepEqual(JSON.parse(body), { request_id, reset_login: true })
  assert.match(shown, /, 51 B\n/)
})

test('an error comes with its meaning, the next step, and Plaid’s documentation', async (t) => {
  const { page, output } = await openGateway(t)
  const shown = await send(page, UNKNOWN_TOKEN)
  assert.match(shown, /\b400 Bad Request\n/)
  assert.match(shown, /\nINVALID_ACCESS_TOKEN\n+Access token not found\.\n+Use /)
  const docs = 'https://plaid.com/docs/errors/invalid-input/#invalid_access_token'
  const link = output.getByRole('link', { name: 'Plaid’s documentation' })
  assert.equal(await link.getAttribute('href'), docs)
  // Plaid's own fields, and no others.
  const body = JSON.parse(await output.locator('pre').innerText())
  const { request_id, ...error } = body
  assert.deepEqual(error, {
    display_message: null,
    documentation_url: docs,
    error_code: 'INVALID_ACCESS_TOKEN',
    error_message: 'could not find matching access token',
    error_type: 'INVALID_INPUT',
    suggested_action: null,
  })
})

test('errors that share a code, or have an unknown one, get their own advice', async (t) => {
  const { page } = await openGateway(t)
  let reply
  await page.route('**/sandbox/item/reset_login', (route) => route.fulfill(reply))
  for (const [status, error_code, error_message, expected] of [
    [400, 'INVALID_ACCESS_TOKEN', 'provided access token is in an invalid format.', /is malformed/],
    [400, 'INVALID_ACCESS_TOKEN', 'is for the wrong Plaid environment.', /another environment/],
    [400, 'NEW_CODE', 'no', /Correct the request as the message says/],
    [500, 'NEW_CODE', 'no', /The message says why\.\n+Safe to retry/],
    [400, 'INVALID_API_KEYS', 'invalid', /Use the local Sandbox’s client_id and secret/],
  ]) {
    reply = { status, json: { error_code, error_message } }
    assert.match(await send(page, UNKNOWN_TOKEN), expected)
  }
})

test('a hostile response is shown as text, and can add no link but Plaid’s', async (t) => {
  const { page, output } = await openGateway(t)
  const hostile = {
    error_code: 'toString',
    error_message: '<img src=x onerror="document.title=1"></pre><script>document.title=2</script>',
    documentation_url: 'javascript:document.title=3',
    request_id: ['<b>not an id</b>'],
  }
  await page.route('**/item/reset_login', (route) => route.fulfill({ status: 400, json: hostile }))

  const shown = await send(page, UNKNOWN_TOKEN)

  assert.match(shown, /The request was refused\. The message says why\./)
  assert.deepEqual(JSON.parse(await output.locator('pre').innerText()), hostile)
  assert.equal(await page.locator('img, main script, main b').count(), 0)
  assert.equal(await output.getByRole('link').count(), 0)
  assert.equal(await page.title(), 'Force a Sandbox Item into an error state')
})

test('a token that is not a Sandbox access token disables Send', async (t) => {
  const { sandbox, input, send, operation } = await openGateway(t)
  for (const [token, expected] of [
    [PRODUCTION_TOKEN, /^This is a production token, which is never sent/],
    ['access-development-1', /^This is a development token, which is never sent/],
    ['public-sandbox-1', /^This is a public token\. Exchange it/],
    ['link-sandbox-1', /^This is a link token\./],
    ['access-sandbox-1 2', /^A token contains no spaces/],
    ['nonsense', /starts with access-sandbox-\.$/],
  ]) {
    await input('access_token').fill(token)
    assert.match(await operation.locator('.hint.error').innerText(), expected, token)
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

test('saved credentials are verified, never shown again, and can be removed', async (t) => {
  const { page, sandbox, authentication, operation, input, url } = await openGateway(t, {
    clientId: null,
  })
  const { access_token } = await sandbox.createItem()
  await authentication.getByText('Not configured').waitFor()
  await input('access_token').fill(access_token)
  await operation.getByText('Configure credentials, or fill in client_id').waitFor()

  const clientId = authentication.getByLabel('Client ID')
  const secret = authentication.getByLabel('Secret', { exact: true })
  const save = async (id, expected) => {
    await clientId.fill(id)
    await secret.fill(sandbox.secret)
    await authentication.getByRole('button', { name: 'Save to gateway' }).click()
    await authentication.getByText(expected).waitFor()
  }
  await save('0'.repeat(24), 'Saved, but the Sandbox rejects them: wrong client_id or secret.')
  await sandbox.failNext({ path: '/sandbox/item/reset_login', error_code: 'PLANNED_MAINTENANCE' })
  await save(sandbox.clientId, 'Saved, but not verified. Plaid is under maintenance.')
  await save(sandbox.clientId, 'Saved, and the Sandbox accepts them.')
  await authentication.getByText('Configured here').waitFor()
  for (const field of [clientId, secret]) {
    assert.equal(await field.inputValue(), '')
    assert.equal(await field.getAttribute('placeholder'), 'Configured, not shown')
  }
  assert.match(await send(page), /\b200 OK\n/)

  await authentication.getByRole('button', { name: 'Forget' }).click()
  await authentication.getByText('Not configured').waitFor()
  await operation.getByText('Configure credentials').waitFor()
  await url.fill('')
  await authentication.getByText('Connect to a gateway first.').waitFor()
})

test('the browser stores the gateway URL and no secret', async (t) => {
  const { page, sandbox, ...parts } = await openGateway(t)
  const { access_token } = await sandbox.createItem()
  const home = await parts.url.inputValue()
  const named = home.replace('127.0.0.1', 'localhost')
  await parts.url.fill(`${named}/`)
  await parts.token.fill(SECRET)
  await parts.authentication.getByLabel('Client ID').fill(CLIENT_ID)
  await parts.authentication.getByLabel('Secret', { exact: true }).fill(SECRET)
  await parts.input('secret').fill(SECRET)
  await parts.input('access_token').fill(access_token)
  const stored = () =>
    page.evaluate(async () => ({
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookie: document.cookie,
      url: location.href,
      state: history.state,
      other: [await indexedDB.databases(), await caches.keys()],
    }))
  const expected = {
    local: { utdk_gateway_url: named },
    session: {},
    cookie: '',
    url: `${home}/`,
    state: null,
    other: [[], []],
  }
  assert.deepEqual(await stored(), expected)

  await page.reload()
  await unfold(page)

  assert.deepEqual(await stored(), expected)
  assert.equal(await parts.url.inputValue(), named)
  for (const field of [parts.token, parts.input('secret'), parts.input('access_token')]) {
    assert.equal(await field.inputValue(), '')
  }
})

test('a URL that cannot be a gateway’s is explained and not stored', async (t) => {
  const { page, url, gateway: card, send } = await openGateway(t)
  const home = await url.inputValue()
  for (const [typed, expected] of [
    ['http://user:secret@localhost:4000', /Remove the user and password/],
    ['http://localhost:4000/?token=secret', /Remove everything from \?/],
    ['http://example.com', /^Use https/],
    ['localhost:4000', /^Did you mean http:\/\/localhost:4000\?$/],
    ['plaid.example', /^Did you mean https:\/\/plaid\.example\?$/],
    ['http://', /Not a URL/],
    ['http://[::1]:4000', /^Use https/],
    ['javascript:alert(1)', /^Start with http/],
  ]) {
    await url.fill(typed)
    await card.locator('.hint.error', { hasText: expected }).waitFor()
    await card.getByText('Invalid URL').waitFor()
    assert.equal(await send.isEnabled(), false)
    const stored = await page.evaluate(() => localStorage.getItem('utdk_gateway_url'))
    assert.equal(stored, home)
  }
  await url.fill('')
  await page.waitForFunction(() => localStorage.length === 0)
})

test('the output shows the headers and the masked request, and copies what it shows', async (t) => {
  const { page, sandbox, input, output } = await openGateway(t, undefined, {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const { access_token } = await sandbox.createItem()
  await input('client_id').fill(sandbox.clientId)
  await input('secret').fill(sandbox.secret)
  await send(page, access_token)
  const copied = async (name) => {
    await output.getByRole('button', { name: `Copy ${name}`, exact: true }).click()
    await output.getByText('Copied', { exact: true }).waitFor()
    return page.evaluate(() => navigator.clipboard.readText())
  }
  const { request_id } = JSON.parse(await copied('response body'))
  assert.equal(await copied('request ID'), request_id)
  await output.getByRole('tab', { name: 'Response' }).press('ArrowRight')
  assert.match(await copied('response headers'), /^content-type: application\/json/m)
  await output.getByRole('tab', { name: 'Request' }).click()
  const request = await copied('request')
  assert.match(request, /^POST \/sandbox\/item\/reset_login\n/)
  assert.deepEqual(JSON.parse(request.slice(request.indexOf('{'))), {
    client_id: '••••••••',
    secret: '••••••••',
    access_token: `access-sandbox-••••${access_token.slice(-4)}`,
  })
})

test('the history lists this tab’s calls, shows each again, and resends it', async (t) => {
  const { page, sandbox, history, output } = await openGateway(t)
  const { access_token } = await sandbox.createItem()
  await send(page, access_token)
  await send(page, UNKNOWN_TOKEN)

  const rows = history.getByRole('listitem')
  const [latest, first] = await rows.allInnerTexts()
  assert.match(latest, /access-sandbox-••••abcd\s+400\s+\d+ ms/)
  assert.match(first, new RegExp(`access-sandbox-••••${access_token.slice(-4)}\\s+200\\s+\\d+ ms`))
  await rows.last().getByRole('button').first().click()
  assert.match(await output.innerText(), /"reset_login": true/)
  const html = await page.locator('body').innerHTML()
  assert.ok(!html.includes(access_token.slice(0, -4)))

  await rows.last().getByRole('button', { name: 'Resend' }).click()
  await rows.nth(2).waitFor()
  assert.match(await rows.first().innerText(), new RegExp(`${access_token.slice(-4)}\\s+200`))
})

test('Ctrl+Enter sends from any field', async (t) => {
  const { sandbox, authentication, input, history } = await openGateway(t)
  const { access_token } = await sandbox.createItem()
  const clientId = authentication.getByLabel('Client ID')
  await clientId.press('Control+Enter')
  await input('access_token').fill(access_token)
  await clientId.press('Control+Enter')
  await history.getByText('200').waitFor()
  assert.equal(await history.getByRole('listitem').count(), 1)
})
