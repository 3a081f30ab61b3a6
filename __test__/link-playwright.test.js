'use strict'

// Promise: in a browser context of Playwright, an unchanged app loads Link from the Sandbox, whatever
// its policies are, and never from Plaid.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { routePlaidLink } = require('../playwright.js')
const { snippets } = require('../scripts/snippets.js')
const { browserPath, launchBrowser, serve, useBrowser } = require('./support/browser.js')
const { run } = require('./support/child.js')
const { linkOf } = require('./support/link.js')
const { callsOf, complete, startVite } = require('./support/link-app.js')
const { linkToken, start } = require('./support/sandbox.js')

const { open: openPage } = useBrowser()

const SCRIPT = 'https://cdn.plaid.com/link/v2/stable/link-initialize.js'

/** Opens an app, with a token for a new Item in its URL. */
async function open(t, sandbox, url, options) {
  const page = await openPage(t, 'about:blank')
  await routePlaidLink(page.context(), sandbox, options)
  await page.goto(`${url}?token=${await linkToken(sandbox, { products: ['transactions'] })}`)
  return page
}

const framesOf = (page) => page.locator('iframe[title="Plaid Link"]')
const openLink = (page) => page.getByRole('button', { name: 'Open Link' })

/** The names of the callbacks that the app got, without `onEvent`. */
async function endsOf(page, last) {
  const calls = await callsOf(page, last)
  return calls.map(([name]) => name).filter((name) => name !== 'onEvent')
}

test('an app with react-plaid-link under StrictMode has one frame, and links an Item', async (t) => {
  const sandbox = await start(t)
  const page = await open(t, sandbox, await startVite(t))
  await openLink(page).click()
  const frames = framesOf(page)
  assert.equal(await frames.count(), 1)
  await complete(page)
  assert.deepEqual(await endsOf(page, 'onSuccess'), ['onSuccess'])
  assert.equal((await sandbox.items()).length, 1)
  assert.equal(await frames.isVisible(), false)
})

test('a component that leaves the page while Link is open ends Link and removes its frame', async (t) => {
  const sandbox = await start(t)
  const page = await open(t, sandbox, await startVite(t))
  await openLink(page).click()
  const frames = framesOf(page)
  await linkOf(page).button('Continue without phone number').waitFor()
  assert.equal(await overflowOf(page), 'hidden')

  await page.evaluate(() => globalThis.app.show(false))
  await frames.waitFor({ state: 'detached' })
  assert.deepEqual(await endsOf(page, 'onExit'), ['onExit'])
  assert.equal(await overflowOf(page), '')
  assert.deepEqual(await sandbox.items(), [])
})

test('a new token replaces the frame, and Link uses the new token', async (t) => {
  const sandbox = await start(t)
  const page = await open(t, sandbox, await startVite(t))
  const { item_id, access_token } = await sandbox.createItem()
  await openLink(page).waitFor()
  const frames = framesOf(page)
  const { button, heading, logIn } = linkOf(page)
  const before = await frames.getAttribute('id')

  const token = await linkToken(sandbox, { access_token })
  await page.evaluate((it) => globalThis.app.setToken(it), token)
  await page.waitForFunction((id) => !document.getElementById(id), before)
  await openLink(page).click()
  await heading('Log in again at First Platypus Bank')
  await logIn()
  await button('Continue').click()
  assert.deepEqual(await endsOf(page, 'onSuccess'), ['onSuccess'])
  assert.equal(await frames.count(), 1)
  assert.deepEqual(
    (await sandbox.items()).map((item) => item.item_id),
    [item_id],
  )
})

test('a new token while Link is open closes it, and the next Link uses the new token', async (t) => {
  const sandbox = await start(t)
  const page = await open(t, sandbox, await startVite(t))
  const { access_token } = await sandbox.createItem()
  await openLink(page).click()
  const { button, heading } = linkOf(page)
  await button('Continue without phone number').waitFor()
  const before = await framesOf(page).getAttribute('id')

  // react-plaid-link calls exit and, at once, destroy.
  const token = await linkToken(sandbox, { access_token })
  await page.evaluate((it) => globalThis.app.setToken(it), token)
  await page.waitForFunction((id) => !document.getElementById(id), before)
  assert.equal(await overflowOf(page), '')
  await openLink(page).click()
  await heading('Log in again at First Platypus Bank')
  assert.equal(await framesOf(page).count(), 1)
})

test('events come at the end, or each when it happens', async (t) => {
  const sandbox = await start(t)
  const url = await startVite(t)
  const names = async (options) => {
    const page = await open(t, sandbox, url, options)
    await openLink(page).click()
    const { button, frame } = linkOf(page)
    await button('Continue without phone number').click()
    await frame.getByPlaceholder('Search').waitFor()
    const calls = await callsOf(page, 'onEvent')
    return new Set(calls.map(([, name]) => name))
  }
  const atEnd = new Set(['OPEN'])
  assert.deepEqual(await names(), atEnd)
  assert.deepEqual(await names({ events: 'at_end' }), atEnd)
  const live = await names({ events: 'live' })
  assert.ok(live.has('OPEN') && live.has('TRANSITION_VIEW'), [...live].join())
})

/** An app without a framework that is served with `headers`; `nonce` for its scripts. */
async function startApp(t, headers, nonce = '') {
  const { url } = await serve(t, (request, response) => {
    if (request.url === '/sw.js') {
      response.setHeader('content-type', 'text/javascript')
      return response.end(SERVICE_WORKER)
    }
    response.writeHead(200, { 'content-type': 'text/html', ...headers })
    response.end(`<!doctype html><title>An app</title>
      <button type="button" disabled>Open Link</button>
      <script nonce="${nonce}">${APP}</script>`)
  })
  return url
}

const SERVICE_WORKER = `
  addEventListener('install', () => skipWaiting())
  addEventListener('activate', (event) => event.waitUntil(clients.claim()))
  addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))
`

/** With `window.worker`, it waits until a service worker controls the page. */
const APP = `
  globalThis.calls = []
  const record = (name) => (...values) => calls.push([name, ...values])
  const { nonce } = document.currentScript
  async function load() {
    if (location.search.includes('worker')) {
      const controlled = new Promise((done) => {
        navigator.serviceWorker.addEventListener('controllerchange', done)
      })
      await navigator.serviceWorker.register('/sw.js')
      await controlled
    }
    const script = Object.assign(document.createElement('script'), { src: '${SCRIPT}', nonce })
    script.onload = ready
    document.head.append(script)
  }
  function ready() {
    const token = new URLSearchParams(location.search).get('token')
    const [onSuccess, onExit] = ['onSuccess', 'onExit'].map(record)
    const handler = Plaid.create({ token, onSuccess, onExit })
    const button = document.querySelector('button')
    button.onclick = () => handler.open()
    button.disabled = false
  }
  load()
`

/** Plaid's documentation of Link for the web has the first; react-plaid-link’s README the second. */
const POLICIES = {
  'Plaid’s Content-Security-Policy': {
    'content-security-policy': `default-src https://cdn.plaid.com/; script-src 'unsafe-inline' ${SCRIPT}; frame-src https://cdn.plaid.com/; connect-src https://sandbox.plaid.com/`,
  },
  'a Content-Security-Policy with nonces': {
    'content-security-policy':
      "default-src 'self'; script-src 'nonce-N0nce'; style-src 'nonce-N0nce'; frame-src https://cdn.plaid.com/; connect-src https://sandbox.plaid.com/",
  },
  'cross-origin isolation': {
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
  },
}

for (const [name, headers] of Object.entries(POLICIES)) {
  test(`an app with ${name} links an Item`, async (t) => {
    const sandbox = await start(t)
    const url = await startApp(t, headers, 'N0nce')
    const page = await open(t, sandbox, url)
    await openLink(page).click()
    await complete(page)
    assert.deepEqual(await endsOf(page, 'onSuccess'), ['onSuccess'])
    assert.equal((await sandbox.items()).length, 1)
    const isolated = await page.evaluate(() => globalThis.crossOriginIsolated)
    assert.equal(isolated, name === 'cross-origin isolation')
  })
}

test('an app whose service worker fetches everything links an Item', async (t) => {
  const sandbox = await start(t)
  const url = await startApp(t, {})
  const page = await openPage(t, 'about:blank')
  await routePlaidLink(page.context(), sandbox)
  const token = await linkToken(sandbox, { products: ['transactions'] })
  await page.goto(`${url}?worker&token=${token}`)
  await openLink(page).click()
  await complete(page)
  assert.deepEqual(await endsOf(page, 'onSuccess'), ['onSuccess'])
  assert.equal((await sandbox.items()).length, 1)
})

test('both hosts of Plaid are answered by the Sandbox, in every page of the context', async (t) => {
  const sandbox = await start(t)
  const first = await openPage(t, 'about:blank')
  await routePlaidLink(first.context(), sandbox.url)
  const page = await first.context().newPage()
  const script = await page.goto(SCRIPT)
  assert.equal(
    await script.text(),
    await (await fetch(sandbox.url + new URL(SCRIPT).pathname)).text(),
  )
  const reply = await page.goto('https://sandbox.plaid.com/item/get')
  assert.equal((await reply.json()).error_code, 'NOT_FOUND')
})

test('the returned function ends it', async (t) => {
  const sandbox = await start(t)
  const page = await openPage(t, 'about:blank')
  await page
    .context()
    .route('https://cdn.plaid.com/**', (route) => route.fulfill({ body: 'other' }))
  const unroute = await routePlaidLink(page.context(), sandbox)
  const source = async () => (await page.goto(SCRIPT)).text()
  assert.match(await source(), /window\.Plaid/)
  await unroute()
  assert.equal(await source(), 'other')
})

test('Chrome with the flags of the documentation links an Item', async (t) => {
  const sandbox = await start(t, { tls: true })
  const { port } = new URL(sandbox.tlsUrl)
  const { code } = snippets().find((it) => it.code.includes('--host-resolver-rules'))
  const [hash, chrome] = code.replaceAll('8443', port).split(/^chromium /m)
  const { stdout } = spawnSync('bash', ['-c', `${hash}echo -n "$hash"`], { encoding: 'utf8' })
  assert.match(stdout, /^[\w+/]{43}=$/)
  const flags = [...chrome.matchAll(/--(?:host|ignore)-[\w-]+="[^"]+"/g)].map(([flag]) =>
    flag.replaceAll('"', '').replace('$hash', stdout),
  )
  assert.equal(flags.length, 2)

  const browser = await launchBrowser(flags)
  t.after(() => browser.close())
  const page = await browser.newPage()
  const token = await linkToken(sandbox, { products: ['transactions'] })
  await page.goto(`${await startApp(t, {})}?token=${token}`)
  await openLink(page).click()
  await complete(page)
  assert.deepEqual(await endsOf(page, 'onSuccess'), ['onSuccess'])
  assert.equal((await sandbox.items()).length, 1)
})

test('what is no browser context is refused, with what to pass instead', async (t) => {
  const page = await openPage(t, 'about:blank')
  const url = 'http://127.0.0.1:1'
  for (const [context, message] of [
    [page, /^context is a page: pass page\.context\(\)/],
    [page.context().browser(), /^context is a browser: pass one of its contexts$/],
    [undefined, /^context must be a browser context of Playwright$/],
  ]) {
    await assert.rejects(routePlaidLink(context, url), { name: 'PlaidUsageError', message })
  }
})

test('options that do not exist are refused', async (t) => {
  const context = (await openPage(t, 'about:blank')).context()
  for (const [options, message] of [
    [{ events: true }, /^events must be live or at_end$/],
    [{ live: true }, /^routePlaidLink has no option live/],
  ]) {
    const routed = routePlaidLink(context, 'http://127.0.0.1:1', options)
    await assert.rejects(routed, { name: 'PlaidUsageError', message })
  }
})

test('what is no Sandbox is refused', async (t) => {
  const context = (await openPage(t, 'about:blank')).context()
  for (const [sandbox, message] of [
    [undefined, /^sandbox is missing: pass what startSandbox\(\) resolves with/],
    ['https://sandbox.plaid.com', /^sandbox must be the plain URL of a Sandbox/],
    ['127.0.0.1:8321', /^sandbox must be the plain URL of a Sandbox/],
    [8321, /^sandbox must be a string/],
  ]) {
    await assert.rejects(routePlaidLink(context, sandbox), { name: 'PlaidUsageError', message })
  }
})

/** The first lines of a program that has the path of Chromium as its argument. */
const BEFORE = `
  const { chromium } = require(${JSON.stringify(require.resolve('playwright-core'))})
  const { routePlaidLink } = require(${JSON.stringify(path.join(__dirname, '../playwright.js'))})
  const [executablePath, url] = process.argv.slice(2)
  const failures = []
  process.on('unhandledRejection', (error) => failures.push(String(error)))
`

/** Opens Link's script and its frame. */
const GONE = `${BEFORE}
  async function main() {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    const context = await browser.newContext()
    await routePlaidLink(context, url)
    const page = await context.newPage()
    const seen = []
    for (const name of ['link-initialize.js', 'link.html']) {
      await page.goto('https://cdn.plaid.com/link/v2/stable/' + name).catch((error) => {
        seen.push(error.message.match(/net::\\w+/)[0])
      })
    }
    await browser.close()
    console.log(JSON.stringify({ seen, failures }))
  }
  main()
`

/** Closes the page before the Sandbox, while a request waits. */
const LEFT = `${BEFORE}
  const { once } = require('node:events')
  async function main() {
    const sandbox = require('node:http').createServer(() => {}).listen(0, '127.0.0.1')
    await once(sandbox, 'listening')
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    const context = await browser.newContext()
    await routePlaidLink(context, 'http://127.0.0.1:' + sandbox.address().port)
    const page = await context.newPage()
    page.goto('https://cdn.plaid.com/link/v2/stable/link.html').catch(() => {})
    const [request] = await once(sandbox, 'request')
    await page.close()
    request.destroy()
    await once(request, 'close')
    // By then the failure has reached the route.
    const after = await context.newPage()
    await after.goto('about:blank')
    await browser.close()
    sandbox.close()
    console.log(JSON.stringify({ failures }))
  }
  main()
`

/** Runs a program in a process of its own, and returns the JSON that it prints. */
async function runProgram(t, source, ...args) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-playwright-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const program = path.join(directory, 'main.cjs')
  fs.writeFileSync(program, source)
  const { stdout, stderr } = await run(program, { args: [browserPath(), ...args] })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

test('a Sandbox that is gone fails the test once, and no request is sent to Plaid', async (t) => {
  const sandbox = await start(t)
  await sandbox.close()
  const { seen, failures } = await runProgram(t, GONE, sandbox.url)
  assert.deepEqual(seen, ['net::ERR_CONNECTION_REFUSED', 'net::ERR_CONNECTION_REFUSED'])
  assert.deepEqual(failures, [
    `PlaidConnectionError: the Sandbox at ${sandbox.url} does not answer (ECONNREFUSED): it must run as long as a page uses Link. No request was sent to Plaid.`,
  ])
})

test('a reply without an end is cut, and fails the test', async (t) => {
  const { url } = await serve(t, async (_request, response) => {
    const chunk = Buffer.alloc(1 << 20)
    while (!response.destroyed) {
      if (!response.write(chunk))
        await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  })
  const { seen, failures } = await runProgram(t, GONE, url)
  assert.deepEqual(seen, ['net::ERR_CONNECTION_REFUSED', 'net::ERR_CONNECTION_REFUSED'])
  assert.deepEqual(failures, [
    `PlaidResponseError: what answers at ${url} is no Sandbox: its reply is longer than 32 MiB`,
  ])
})

test('a test that is over may close its page before its Sandbox', async (t) => {
  assert.deepEqual(await runProgram(t, LEFT), { failures: [] })
})

function overflowOf(page) {
  return page.evaluate(() => document.body.style.overflow)
}
