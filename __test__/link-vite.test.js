'use strict'

// Promise: with the plugin of Vite, Link comes from the Sandbox in development and in a preview, and
// from Plaid in a production build.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http2 = require('node:http2')
const { text } = require('node:stream/consumers')
const { test } = require('node:test')
const { plaidLink } = require('../vite.js')
const { useBrowser } = require('./support/browser.js')
const { createAuthority } = require('./support/certificates.js')
const { callsOf, complete, startPreview, startVite } = require('./support/link-app.js')
const { call, linkToken, start } = require('./support/sandbox.js')

const { open } = useBrowser()

const PLAIDS = 'https://cdn.plaid.com/link/v2/stable/link-initialize.js'
const OURS = '/link/v2/stable/link-initialize.js'

/** Links an Item on the page at `url`, and asserts that it is in the Sandbox. */
async function assertLinks(t, sandbox, url) {
  const token = await linkToken(sandbox, { products: ['transactions'] })
  const page = await open(t, `${url}?token=${token}`)
  const requests = []
  page.on('request', (request) => requests.push(new URL(request.url()).origin))
  await page.getByRole('button', { name: 'Open Link' }).click()
  await complete(page)
  const calls = await callsOf(page, 'onSuccess')
  const [, public_token] = calls.find(([name]) => name === 'onSuccess')
  const { httpStatus } = await call(sandbox, '/item/public_token/exchange', { public_token })
  assert.equal(httpStatus, 200)
  assert.equal((await sandbox.items()).length, 1)
  assert.deepEqual(new Set(requests), new Set([new URL(url).origin]))
}

for (const page of ['/', '/script-tag.html']) {
  test(`a page of the development server links an Item: ${page}`, async (t) => {
    const sandbox = await start(t)
    const url = await startVite(t, { plugins: [plaidLink({ sandbox })] })
    await assertLinks(t, sandbox, url + page)
  })

  test(`a page of a preview links an Item: ${page}`, async (t) => {
    const sandbox = await start(t)
    const plugins = [plaidLink({ sandbox: sandbox.url })]
    const { url, files } = await startPreview(t, { mode: 'test', plugins })
    assert.ok(!files.includes(PLAIDS))
    await assertLinks(t, sandbox, url + page)
  })
}

test('the frame has the origin of the app, so that Cypress reaches into it', async (t) => {
  const sandbox = await start(t)
  const url = await startVite(t, { plugins: [plaidLink({ sandbox })] })
  const token = await linkToken(sandbox, { products: ['transactions'] })
  const page = await open(t, `${url}/script-tag.html?token=${token}`)
  await page.getByRole('button', { name: 'Open Link' }).click()
  await page.waitForFunction(() => {
    const frame = document.querySelector('iframe[title="Plaid Link"]')
    return frame.contentDocument?.body.textContent.includes('Continue without phone number')
  })
})

test('a production build loads Link from Plaid, and says that the plugin is off', async (t) => {
  const sandbox = await start(t)
  const warnings = []
  const customLogger = silentLogger({ warn: (message) => warnings.push(message) })
  const plugins = [plaidLink({ sandbox })]
  const { files } = await startPreview(t, { plugins, customLogger })
  // react-plaid-link has the URL, and the page with a tag.
  assert.equal(files.split(PLAIDS).length - 1, 2)
  assert.equal(files.split(OURS).length - 1, 2)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0], /off, because the mode is production.*`vite build --mode test`/)
})

test('a build for tests says that it must not be deployed', async (t) => {
  const sandbox = await start(t)
  const warnings = []
  const customLogger = silentLogger({ warn: (message) => warnings.push(message) })
  await startPreview(t, { mode: 'test', plugins: [plaidLink({ sandbox })], customLogger })
  assert.equal(warnings.length, 1)
  assert.match(warnings[0], /Do not deploy it/)
})

test('without a Sandbox the plugin does nothing', async (t) => {
  const { PLAID_SANDBOX_URL } = process.env
  delete process.env.PLAID_SANDBOX_URL
  t.after(() => {
    if (PLAID_SANDBOX_URL !== undefined) process.env.PLAID_SANDBOX_URL = PLAID_SANDBOX_URL
  })
  assert.deepEqual(Object.keys(plaidLink()), ['name'])
  const url = await startVite(t, { plugins: [plaidLink()] })
  assert.ok((await textOf(`${url}/script-tag.html`)).includes(`"${PLAIDS}"`))
})

test('PLAID_SANDBOX_URL names the Sandbox', async (t) => {
  const sandbox = await start(t)
  process.env.PLAID_SANDBOX_URL = sandbox.url
  t.after(() => delete process.env.PLAID_SANDBOX_URL)
  const url = await startVite(t, { plugins: [plaidLink()] })
  assert.equal(await textOf(url + OURS), await textOf(sandbox.url + OURS))
})

test('with live events the script says so', async (t) => {
  const sandbox = await start(t)
  const plugins = [plaidLink({ sandbox, events: 'live' })]
  const url = await startVite(t, { plugins })
  assert.equal(await textOf(url + OURS), await textOf(`${sandbox.url}${OURS}?events=live`))
})

test('a Content-Security-Policy in the page stays as it is', () => {
  const plugin = plaidLink({ sandbox: 'http://127.0.0.1:1' })
  plugin.configResolved({ mode: 'development', server: {} })
  const { handler } = plugin.transformIndexHtml
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src ${PLAIDS}">`
  assert.equal(handler(policy), policy)
  for (const [from, to] of [
    [`<script src="${PLAIDS}">`, `<script src="${OURS}">`],
    [`<script src=${PLAIDS}>`, `<script src=${OURS}>`],
    [`s.src = '//cdn.plaid.com${OURS}'`, `s.src = '${OURS}'`],
  ]) {
    assert.equal(handler(from), to)
  }
})

test('behind a backend on another port, the script comes from the origin of Vite', () => {
  const plugin = plaidLink({ sandbox: 'http://127.0.0.1:1' })
  plugin.configResolved({ mode: 'development', server: { origin: 'http://localhost:5173' } })
  assert.deepEqual(plugin.transform(`load("${PLAIDS}")`), {
    code: `load("http://localhost:5173${OURS}")`,
    map: null,
  })
})

test('a page of another site cannot use the Sandbox through the server', async (t) => {
  const sandbox = await start(t)
  const url = await startVite(t, { plugins: [plaidLink({ sandbox })] })
  const open = (origin) =>
    fetch(`${url}/link/_api/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': 'cross-site' },
      body: JSON.stringify({ token: 'link-sandbox-none' }),
    })
  assert.equal((await open('https://example.com')).status, 403)
  assert.equal((await open(url)).status, 200)
})

test('over HTTPS and HTTP/2, under the name of another machine, Link works as well', async (t) => {
  const sandbox = await start(t)
  const https = createAuthority().issue({ hosts: ['app.example'] })
  const url = await startVite(t, {
    plugins: [plaidLink({ sandbox })],
    server: { host: '127.0.0.1', port: 0, https, allowedHosts: ['app.example'] },
  })
  const session = http2.connect(url.replace('http:', 'https:'), { rejectUnauthorized: false })
  t.after(() => session.close())
  const request = session.request({
    ':method': 'POST',
    ':path': '/link/_api/open',
    ':authority': 'app.example',
    'content-type': 'application/json',
    origin: 'https://app.example',
  })
  request.end(JSON.stringify({ token: 'link-sandbox-none' }))
  const [headers] = await once(request, 'response')
  const body = JSON.parse(await text(request))
  assert.deepEqual([headers[':status'], body.visit !== undefined], [200, true])
})

test('a Sandbox that is gone is one clear error', async (t) => {
  const sandbox = await start(t)
  const errors = []
  const customLogger = silentLogger({ error: (message) => errors.push(message) })
  const plugins = [plaidLink({ sandbox })]
  const url = await startVite(t, { plugins, customLogger })
  await sandbox.close()
  const response = await fetch(url + OURS)
  assert.equal(response.status, 502)
  const says = new RegExp(`the Sandbox at ${sandbox.url} does not answer \\(ECONNREFUSED\\)`)
  assert.match(await response.text(), says)
  assert.equal(errors.length, 1)
  assert.match(errors[0], says)
})

test('options that cannot work are refused', () => {
  for (const [options, message] of [
    [{ sandbox: 'https://sandbox.plaid.com' }, /^sandbox must be the plain URL of a Sandbox/],
    [{ sandbox: 'http://cdn.plaid.com' }, /^sandbox must be the plain URL of a Sandbox/],
    [{ sandbox: 'nowhere' }, /^sandbox must be the plain URL of a Sandbox/],
    [{ sandbox: 1 }, /^sandbox must be a string/],
    [{ sandbox: {} }, /^sandbox is missing/],
    [{ url: '' }, /^plaidLink has no option url/],
    [{ sandbox: 'http://127.0.0.1:1', events: 'now' }, /^events must be live or at_end$/],
  ]) {
    assert.throws(() => plaidLink(options), { name: 'PlaidUsageError', message })
  }
})

function silentLogger(methods) {
  const none = () => {}
  return {
    info: none,
    warn: none,
    warnOnce: none,
    error: none,
    clearScreen: none,
    hasErrorLogged: () => false,
    hasWarned: false,
    ...methods,
  }
}

async function textOf(url) {
  return (await fetch(url)).text()
}
