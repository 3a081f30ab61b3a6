'use strict'

// The console in a real browser: a headless Chromium of the test file's own, the page as a gateway
// serves it, and what a test does there.

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

/** Without a sandbox of its own it can run as root; nothing of it leaves this machine. */
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

/**
 * A browser for the tests of a file.
 *
 * @returns `open(t, url, options)`, which opens a page with a storage of its own, and fails the test
 * `t` if the page throws or breaks its policy; `problems`, if given, takes them instead
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
  return { open }
}

function launchBrowser() {
  return chromium.launch({ executablePath: browserPath(), args: FLAGS })
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

/** A gateway before a Sandbox; both are closed when the test `t` ends. */
async function startConsole(t, options) {
  const sandbox = await start(t)
  const { url: baseUrl, clientId, secret } = sandbox
  const credentials = options?.clientId === null ? {} : { clientId, secret }
  const { clientId: _, ...rest } = options ?? {}
  const gateway = await startGateway({ baseUrl, ...credentials, maxRetries: 0, ...rest })
  t.after(() => gateway.close())
  return { sandbox, gateway }
}

/** Starts `utdk-plaid console`, on free ports if `args` name no others. */
async function startStory(t, args = ['--port', '0']) {
  const command = startCommand(t, ['console', ...args])
  const [, url, sandbox] = await command.until(/^Open (\S+)\n[\s\S]*Sandbox is at +(\S+)\n/)
  return Object.assign(command, { url, sandbox })
}

/** What a page of another origin must be told, to be let in everywhere. */
const ALLOWED = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
}

/** What stands for a gateway in good order: `onCall(request, response)` answers the calls. */
async function startStandIn(t, onCall, { healthz, config } = {}) {
  const replies = {
    '/healthz': healthz ?? { status: 'ok', token_required: false },
    '/config': config ?? { credentials: 'start', upstream: 'sandbox.plaid.com' },
  }
  const server = http.createServer((request, response) => {
    for (const [name, value] of Object.entries(ALLOWED)) response.setHeader(name, value)
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    const reply = replies[request.url]
    if (reply === undefined) return onCall(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(reply))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  return { server, url: `http://127.0.0.1:${server.address().port}` }
}

/** The parts of the page that the tests use, as a person finds them. */
function partsOf(page) {
  const card = (name) => page.getByRole('form', { name, exact: true })
  const beside = (name) => page.getByRole('region', { name, exact: true })
  const operation = card('sandboxitemresetlogin')
  return {
    authentication: card('Authentication'),
    gateway: card('Gateway'),
    url: page.getByLabel('Gateway URL'),
    token: page.getByLabel('Gateway token', { exact: true }),
    operation,
    input: (name) => operation.getByLabel(name, { exact: true }),
    send: operation.getByRole('button', { name: /^Send/ }),
    cancel: operation.getByRole('button', { name: 'Cancel' }),
    snippet: beside('Code snippet'),
    output: beside('Output'),
    history: beside('History'),
  }
}

/** Waits until the page knows its gateway to be there. */
async function reachable(page) {
  await partsOf(page).gateway.getByText('Reachable', { exact: true }).waitFor()
}

/** Makes a call, and waits for what came of it: the output's text. */
async function send(page, access_token) {
  const { input, send, output, history } = partsOf(page)
  const calls = history.getByRole('listitem')
  const before = await calls.count()
  if (access_token !== undefined) await input('access_token').fill(access_token)
  await send.click()
  await calls.nth(before).waitFor()
  return output.innerText()
}

module.exports = {
  browserPath,
  launchBrowser,
  partsOf,
  reachable,
  send,
  startConsole,
  startStandIn,
  startStory,
  useBrowser,
}
