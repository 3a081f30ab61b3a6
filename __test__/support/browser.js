'use strict'

// The console in a headless Chromium, one per test file.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const { once } = require('node:events')
const path = require('node:path')
const { after, before } = require('node:test')
const { chromium } = require('playwright-core')
const { startGateway } = require('../../gateway.js')
const { startCommand } = require('./command.js')
const { start } = require('./sandbox.js')

/** `--no-sandbox` allows root. The others keep the browser's own traffic off the network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const DESKTOP = { width: 1280, height: 900 }

const AXE = require.resolve('axe-core/axe.min.js')

/**
 * A browser for the tests of a file. The test `t` fails if a page throws or violates its policy; an
 * array in `problems` collects these instead.
 *
 * @returns `open(t, url, options)`, which opens a page in a new context; `openGateway(t, options)`,
 * which opens the console of a new gateway to a Sandbox with all of its cards open; and
 * `openPanel(t)`, which opens the page of a new `utdk-plaid console`
 */
function useBrowser() {
  let browser
  before(async () => {
    browser = await launchBrowser()
  })
  after(() => browser?.close())
  async function open(t, url, { problems: expected, ...options } = {}) {
    const context = await browser.newContext({ viewport: DESKTOP, ...options })
    const problems = expected ?? []
    const page = await context.newPage()
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text())
    })
    t.after(async () => {
      await context.close()
      if (expected === undefined) assert.deepEqual(problems, [])
    })
    await page.goto(url)
    return page
  }
  async function openGateway(t, options, pageOptions) {
    const { gateway, sandbox } = await startConsole(t, options)
    const page = await open(t, gateway.url, pageOptions)
    await known(page)
    await unfold(page)
    return { page, gateway, sandbox, ...partsOf(page) }
  }
  async function openPanel(t, options, args) {
    const command = await startConsoleCommand(t, args)
    const page = await open(t, command.url, options)
    const panel = panelOf(page)
    await panel.live.waitFor()
    await reachable(page)
    return { page, command, ...panel }
  }
  return { open, openGateway, openPanel }
}

/** @param flags more of Chromium's flags */
function launchBrowser(flags = []) {
  return chromium.launch({ executablePath: browserPath(), args: [...FLAGS, ...flags] })
}

/** Where Chromium is installed. */
function browserPath() {
  const directories = (process.env.PATH ?? '').split(path.delimiter)
  const found = directories
    .map((directory) => path.join(directory, 'chromium'))
    .find((file) => fs.existsSync(file))
  if (found) return found
  throw new Error('chromium is missing: install it with node scripts/set-up.js --chromium')
}

/** A gateway to a Sandbox; both are closed when the test `t` ends. */
async function startConsole(t, options) {
  const sandbox = await start(t)
  const { url: baseUrl, clientId, secret } = sandbox
  const credentials = options?.clientId === null ? {} : { clientId, secret }
  const { clientId: _, ...rest } = options ?? {}
  const gateway = await startGateway({ baseUrl, ...credentials, maxRetries: 0, ...rest })
  t.after(() => gateway.close())
  return { sandbox, gateway }
}

/** Starts `utdk-plaid console`, on free ports if `args` names no others. */
async function startConsoleCommand(t, args = ['--port', '0']) {
  const command = startCommand(t, ['console', ...args])
  const [, url, sandbox] = await command.until(/^Open (\S+)\n[\s\S]*Sandbox is at +(\S+)\n/)
  return Object.assign(command, { url, sandbox })
}

/** Starts an HTTP server for the test `t`. */
async function serve(t, onRequest) {
  const server = http.createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  return { server, url: `http://127.0.0.1:${server.address().port}` }
}

/** CORS headers that allow every origin. */
const ALLOWED = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
}

/** A server that passes for a healthy gateway; `onCall(request, response)` handles the calls. */
function startFakeGateway(t, onCall, { healthz, config } = {}) {
  const bodies = {
    '/healthz': healthz ?? { status: 'ok', token_required: false },
    '/config': config ?? { credentials: 'start', upstream: 'sandbox.plaid.com' },
  }
  return serve(t, (request, response) => {
    for (const [name, value] of Object.entries(ALLOWED)) response.setHeader(name, value)
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    const body = bodies[request.url]
    if (body === undefined) return onCall(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
}

/** The page's parts, found by role and name. */
function partsOf(page) {
  const form = (name) => page.getByRole('form', { name, exact: true })
  const region = (name) => page.getByRole('region', { name, exact: true })
  const operation = form('sandboxitemresetlogin')
  return {
    authentication: region('Authentication'),
    gateway: region('Gateway'),
    url: page.getByLabel('Gateway URL'),
    token: page.getByLabel('Gateway token', { exact: true }),
    operation,
    input: (name) => operation.getByLabel(name, { exact: true }),
    send: operation.getByRole('button', { name: /^Send/ }),
    cancel: operation.getByRole('button', { name: 'Cancel' }),
    snippet: region('Code snippet'),
    output: region('Output'),
    history: region('History'),
  }
}

/** The parts of the Sandbox's panel. */
function panelOf(page) {
  const panel = page.getByRole('region', { name: 'Local Sandbox' })
  const button = (name) => panel.getByRole('button', { name, exact: true })
  return {
    panel,
    live: panel.getByText('Live', { exact: true }),
    token: page.getByLabel('access_token', { exact: true }),
    create: button('Create'),
    resetLogin: button('Reset login'),
    repair: button('Repair'),
    status: (text) => panel.getByRole('status').getByText(text).waitFor(),
    items: panel.getByRole('list', { name: 'Items' }).getByRole('button'),
    webhooks: panel.getByRole('list', { name: 'Webhooks' }).getByRole('listitem'),
    verified: panel.getByText('Verified', { exact: true }),
    doneSteps: async () => (await panel.getByText('(done)').all()).length,
    nextStep: () => panel.locator('[aria-current=step] strong').innerText(),
  }
}

/** Creates an Item and resets its login, and waits for the webhook. */
async function breakItem(page) {
  const { live, create, resetLogin, verified, status } = panelOf(page)
  await live.waitFor()
  await create.click()
  await status('The Item is healthy')
  await resetLogin.click()
  await verified.waitFor()
}

/** Calls `act`, which opens the update page in a new tab, and returns that tab. */
async function updatePageOf(page, act) {
  const [tab] = await Promise.all([page.context().waitForEvent('page'), act()])
  await tab.getByRole('button', { name: 'Update login' }).waitFor()
  return tab
}

/** Opens the Authentication and Gateway cards. */
async function unfold(page) {
  const { authentication, gateway } = partsOf(page)
  for (const card of [authentication, gateway]) {
    const form = card.getByRole('form')
    if (!(await form.isVisible())) await card.locator('summary').click()
    await form.waitFor()
  }
}

/** Waits until the page knows its gateway's state. */
async function known(page) {
  const { gateway } = partsOf(page)
  await gateway.getByRole('status').first().waitFor()
  await gateway.getByText('Checking…').waitFor({ state: 'detached' })
}

/** Waits until the page shows that its gateway is reachable. */
async function reachable(page) {
  await partsOf(page).gateway.getByText('Reachable', { exact: true }).waitFor()
}

/** Sends a call, and returns the output's text. */
async function send(page, access_token) {
  const { input, send, output, history } = partsOf(page)
  const calls = history.getByRole('listitem')
  const before = await calls.count()
  if (access_token !== undefined) await input('access_token').fill(access_token)
  await send.click()
  await calls.nth(before).waitFor()
  return output.innerText()
}

/** Context options for `useAxe`. */
const AXE_OPTIONS = { bypassCSP: true, reducedMotion: 'reduce' }

/** Adds axe to a page, and returns a function that fails on a violation in the named state. */
async function useAxe(page) {
  await page.addScriptTag({ path: AXE })
  return async (state) => {
    const { violations } = await page.evaluate(() => globalThis.axe.run())
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((it) => it.html)}`)
    assert.deepEqual(found, [], state)
  }
}

module.exports = {
  AXE_OPTIONS,
  breakItem,
  browserPath,
  launchBrowser,
  panelOf,
  partsOf,
  reachable,
  send,
  serve,
  startConsole,
  startConsoleCommand,
  startFakeGateway,
  unfold,
  updatePageOf,
  useAxe,
  useBrowser,
}
