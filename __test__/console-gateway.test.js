'use strict'

// Promise: whatever fails between the console and Plaid, the page says what it is and what to do.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { startGateway } = require('../gateway.js')
const {
  partsOf,
  reachable,
  send,
  serve,
  startConsole,
  startFakeGateway,
  unfold,
  useBrowser,
} = require('./support/browser.js')
const { ACCESS_TOKEN, GATEWAY_TOKEN } = require('./support/client.js')
const { portOf, refusingPort } = require('./support/sandbox.js')

const { open, openGateway } = useBrowser()

/** Opens the page of one gateway, and enters another server's URL there. */
async function openWith(t, other) {
  const { page, url } = await openGateway(t)
  const origin = await url.inputValue()
  await url.fill(other.url)
  return { page, origin }
}

/** Waits for a hint in the gateway's form. */
async function hint(page, text) {
  await partsOf(page).gateway.locator('.hint', { hasText: text }).waitFor()
}

function html(status) {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Oops</h1>')
  }
}

test('a gateway that does not run is reported while typing, and found once it runs', async (t) => {
  const port = await refusingPort()
  const { page, origin } = await openWith(t, { url: `http://127.0.0.1:${port}` })
  await hint(page, `No response: start a gateway with npx @utdk/plaid gateway --port ${port}.`)
  const { gateway } = partsOf(page)
  await gateway.getByText('Unreachable', { exact: true }).waitFor()
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /\nNo response\n/)
  assert.match(shown, /the gateway does not run, or stopped during the call/)
  assert.match(
    shown,
    new RegExp(`Start a gateway with npx @utdk/plaid gateway --port ${port}\\. Safe`),
  )

  const started = await startGateway({ port, allowOrigins: [origin] })
  t.after(() => started.close())
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await reachable(page)
})

test('a server that does not allow this page is reported, and how a gateway would', async (t) => {
  const { sandbox, gateway: other } = await startConsole(t)
  const { page, origin } = await openWith(t, other)
  const advice = `If it is a gateway, start it with --allow-origin ${origin}.`
  await hint(page, `A server runs there, but does not allow this page. ${advice}`)
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /ORIGIN_REFUSED/)
  assert.ok(shown.includes(advice))
  assert.deepEqual(await sandbox.requests(), [])
})

test('a page of an allowed origin sends the call', async (t) => {
  const { page, url } = await openGateway(t)
  const allowOrigins = [await url.inputValue()]
  const { gateway, sandbox } = await startConsole(t, { allowOrigins })
  await url.fill(gateway.url)
  await hint(page, `Sends requests to 127.0.0.1:${portOf(sandbox)}`)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200 OK\n/)
})

test('a gateway that requires a token accepts only the right one', async (t) => {
  const { page, sandbox, ...parts } = await openGateway(t, { token: GATEWAY_TOKEN })
  const { gateway: card, token, operation, input, send: button } = parts
  await card.getByText('Token required', { exact: true }).waitFor()
  await hint(page, 'Enter the gateway’s token.')
  const { access_token } = await sandbox.createItem()
  await input('access_token').fill(access_token)
  await operation.getByText('Enter the gateway’s token to enable sending.').waitFor()
  assert.equal(await button.isEnabled(), false)
  await token.fill(`${GATEWAY_TOKEN}x`)
  await hint(page, 'Wrong token.')
  await token.fill(GATEWAY_TOKEN)
  await reachable(page)
  assert.match(await send(page), /\b200 OK\n/)
})

test('a gateway that stops during the call is reported with the next step', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { graceMs: 0 })
  const page = await open(t, gateway.url)
  await reachable(page)
  await sandbox.failNext({ kind: 'hang' })
  const { input, send, output, gateway: card } = partsOf(page)
  await input('access_token').fill(ACCESS_TOKEN)
  await send.click()
  await output.getByText('Waiting for the response…').waitFor()
  while ((await sandbox.requests()).length === 0) await page.evaluate(() => 0)
  await gateway.close()
  await output.getByText('GATEWAY_UNREACHABLE').waitFor()
  assert.match(await output.innerText(), /stopped during the call.*\n+Start a gateway with/s)
  await card.getByText('Unreachable', { exact: true }).waitFor()
})

test('a cut connection is not mistaken for a stopped gateway', async (t) => {
  const cut = await startFakeGateway(t, (request) => request.socket.destroy())
  const { page } = await openWith(t, cut)
  await reachable(page)
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /CONNECTION_LOST\n+The connection closed before the response/)
  assert.match(shown, /Safe to retry\./)
})

test('a slow call says so, and can be cancelled', async (t) => {
  const { page, sandbox, input, send, cancel, output } = await openGateway(t)
  await sandbox.failNext({ kind: 'hang' })
  await page.clock.install()
  await input('access_token').fill(ACCESS_TOKEN)
  await send.click()
  await output.getByText('Waiting for the response…').waitFor()
  assert.equal(await output.getByText('Taking longer than usual.').count(), 0)
  await page.clock.runFor(5_200)
  await output.getByText('Taking longer than usual.').waitFor()

  await cancel.click()

  await output.getByText('Cancelled', { exact: true }).waitFor()
  assert.match(await output.innerText(), /You cancelled the call\. The login may have been reset/)
  assert.equal(await cancel.count(), 0)
  assert.equal(await send.isEnabled(), true)
})

test('the gateway’s own errors are explained', async (t) => {
  const slow = await openGateway(t, { timeoutMs: 50 })
  await slow.sandbox.failNext({ kind: 'hang' })
  const baseUrl = `http://127.0.0.1:${await refusingPort()}`
  const lost = await openGateway(t, { baseUrl })
  const limited = await openGateway(t, { rateLimit: { perSecond: 1, burst: 1 } })
  for (const [{ page }, expected, calls = 1] of [
    [
      slow,
      /\b504 Gateway Timeout\n.*TIMEOUT\n+Plaid did not respond to the gateway in time\.\n+Safe to retry/s,
    ],
    [lost, /\b502 Bad Gateway\n.*ECONNREFUSED\n+The gateway could not reach Plaid\./s],
    [limited, /RATE_LIMITED\n+Too many requests to the gateway.*Retry after 1 s\./s, 2],
  ]) {
    let shown
    for (let call = 0; call < calls; call += 1) shown = await send(page, ACCESS_TOKEN)
    assert.match(shown, expected)
  }
})

test('a response that is not a gateway’s is reported, and never shown', async (t) => {
  let reply
  const fake = await startFakeGateway(t, (...args) => reply(...args))
  const { page } = await openWith(t, fake)
  await reachable(page)
  for (const [what, answer] of Object.entries({
    'an HTML error page': html(500),
    'an HTML page with status 200': html(200),
    'JSON that is not an object': (_, response) => response.end('[1]'),
    'a truncated body': (_, response) => response.end('{"data":'),
    'a body that is too long': (_, response) => response.end(' '.repeat(70_000)),
  })) {
    reply = answer
    const shown = await send(page, ACCESS_TOKEN)
    const expected =
      /NOT_A_GATEWAY\n+The response from http\S+ did not come from a gateway \(status/
    assert.match(shown, expected, what)
    assert.match(shown, /Check the gateway URL, and any proxy in between\./)
    assert.ok(!shown.includes('Oops'))
  }
})

test('a server that is not a gateway is reported while typing', async (t) => {
  for (const other of [
    await startFakeGateway(t, html(404), { healthz: 'ok' }),
    await startFakeGateway(t, html(404), { healthz: { status: 'ok' } }),
    await startFakeGateway(t, html(404), { config: ['none'] }),
  ]) {
    const { page } = await openWith(t, other)
    await hint(page, 'A server answers at this URL, but it is not a gateway. Check the URL.')
  }
})

test('a gateway that accepts a health check and never answers is unreachable', async (t) => {
  const silent = await serve(t, () => {})
  const asked = once(silent.server, 'request')
  const { page, url } = await openGateway(t)
  await page.clock.install()
  await url.fill(silent.url)
  await page.clock.runFor(400)
  await asked
  await page.clock.runFor(5_100)
  await hint(page, 'No response')
})

test('a late response about a previous URL changes nothing', async (t) => {
  const held = []
  const slow = await serve(t, (_, response) => held.push(response))
  const { page, origin } = await openWith(t, slow)
  while (held.length === 0) await page.evaluate(() => 0)
  await partsOf(page).url.fill(origin)
  await reachable(page)
  for (const response of held) response.writeHead(500).end()
  await page.evaluate(() => fetch('/healthz'))
  await reachable(page)
})

test('a page below a proxy’s path uses the gateway there', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const { port } = new URL(gateway.url)
  const proxy = await serve(t, (request, response) => {
    const { method, headers } = request
    const path = request.url.replace(/^\/plaid/, '')
    const forwarded = http.request({ port, host: '127.0.0.1', method, headers, path })
    forwarded.on('response', (reply) => {
      reply.pipe(response.writeHead(reply.statusCode, reply.headers))
    })
    request.pipe(forwarded)
  })
  const home = `${proxy.url}/plaid`
  const page = await open(t, `${home}/`)
  await reachable(page)
  await unfold(page)
  assert.equal(await partsOf(page).url.inputValue(), home)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200 OK\n/)
})

test('a page that no gateway serves asks for a URL, and then sends the call', async (t) => {
  const built = fs.readFileSync(path.join(__dirname, '../console/dist/index.html'))
  const host = await serve(t, (_, response) => {
    response.setHeader('content-type', 'text/html').end(built)
  })
  const { gateway, sandbox } = await startConsole(t, { allowOrigins: [host.url] })
  const page = await open(t, host.url)
  const { url, operation } = partsOf(page)
  await operation.getByText('Enter a gateway URL to enable sending.').waitFor()
  assert.equal(await url.inputValue(), '')
  await url.fill(gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200 OK\n/)
})

test('a page saved as a file asks for a URL', async (t) => {
  const { gateway } = await startConsole(t)
  const saved = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-console-')), 'page.html')
  t.after(() => fs.rmSync(path.dirname(saved), { recursive: true }))
  fs.writeFileSync(saved, await (await fetch(gateway.url)).text())
  const page = await open(t, `file://${saved}`)
  await page.getByText('Enter a gateway URL to enable sending.').waitFor()
  await partsOf(page).url.fill(gateway.url)
  await hint(page, 'If it is a gateway, open the page at the gateway’s URL, not as a file.')
})

test('at the start a card is open if it needs attention, and folded otherwise', async (t) => {
  for (const [options, isAuthenticationOpen, isGatewayOpen] of [
    [{}, false, false],
    [{ clientId: null }, true, false],
    [{ token: GATEWAY_TOKEN }, false, true],
  ]) {
    const { gateway } = await startConsole(t, options)
    const page = await open(t, gateway.url)
    const { authentication, gateway: card, url } = partsOf(page)
    await card.getByText(isGatewayOpen ? 'Token required' : 'Reachable', { exact: true }).waitFor()
    assert.equal(await authentication.getByRole('form').isVisible(), isAuthenticationOpen)
    assert.equal(await url.isVisible(), isGatewayOpen)
  }
})
