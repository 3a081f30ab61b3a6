'use strict'

// Promise: whatever is wrong between the console and Plaid, the console says what it is and what to
// do about it.

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
  startConsole,
  startStandIn,
  useBrowser,
} = require('./support/browser.js')
const { ACCESS_TOKEN, GATEWAY_TOKEN } = require('./support/client.js')
const { portOf, refusingPort } = require('./support/sandbox.js')

const { open } = useBrowser()

/** A page of one gateway's that calls `stranger` instead. */
async function pageBefore(t, stranger) {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  await partsOf(page).url.fill(stranger.url)
  return { page, origin: gateway.url }
}

/** Waits until the card of the gateway says so. */
async function told(page, sentence) {
  await partsOf(page).gateway.locator('.hint', { hasText: sentence }).waitFor()
}

function htmlReply(status) {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Oops</h1>')
  }
}

test('a gateway that is not there is seen as one types, and seen when it comes', async (t) => {
  const port = await refusingPort()
  const { page, origin } = await pageBefore(t, { url: `http://127.0.0.1:${port}` })
  await told(page, `Nothing answers there: start one with npx @utdk/plaid gateway --port ${port}.`)
  const { gateway } = partsOf(page)
  await gateway.getByText('Unreachable', { exact: true }).waitFor()
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /\nNo reply\n/)
  assert.match(shown, /nothing listens there, or it ended during the call/)
  assert.match(shown, new RegExp(`npx @utdk/plaid gateway --port ${port}\\), then send it again`))

  const started = await startGateway({ port, allowOrigins: [origin] })
  t.after(() => started.close())
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await reachable(page)
})

test('a gateway that does not take calls from this page says how it would', async (t) => {
  const { sandbox, gateway: other } = await startConsole(t)
  const { page, origin } = await pageBefore(t, other)
  await told(page, `It refuses this page: start it with --allow-origin ${origin}.`)
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /ORIGIN_REFUSED/)
  assert.match(shown, new RegExp(`--allow-origin ${origin}\\.`))
  assert.deepEqual(await sandbox.requests(), [])
})

test('a page of another origin that the gateway allows makes the call', async (t) => {
  const { gateway: home } = await startConsole(t)
  const { gateway, sandbox } = await startConsole(t, { allowOrigins: [home.url] })
  const page = await open(t, home.url)
  await reachable(page)
  await partsOf(page).url.fill(gateway.url)
  await told(page, `sends the call to 127.0.0.1:${portOf(sandbox)}`)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200\n/)
})

test('a gateway that needs a token says so, and takes the right one', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { token: GATEWAY_TOKEN })
  const page = await open(t, gateway.url)
  const { gateway: card, token, operation, input, send: button } = partsOf(page)
  await card.getByText('Needs a token', { exact: true }).waitFor()
  await told(page, 'Enter the gateway’s token.')
  const { access_token } = await sandbox.createItem()
  await input('access_token').fill(access_token)
  await operation.getByText('Enter the gateway’s token above to enable sending.').waitFor()
  assert.equal(await button.isEnabled(), false)
  await token.fill(`${GATEWAY_TOKEN}x`)
  await told(page, 'It does not take this token.')
  await token.fill(GATEWAY_TOKEN)
  await reachable(page)
  assert.match(await send(page), /\b200\n/)
})

test('a gateway that ends during the call is missed, and the next step is said', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { graceMs: 0 })
  const page = await open(t, gateway.url)
  await reachable(page)
  await sandbox.failNext({ kind: 'hang' })
  const { input, send, output, gateway: card } = partsOf(page)
  await input('access_token').fill(ACCESS_TOKEN)
  await send.click()
  await output.getByText('Waiting for the reply …').waitFor()
  while ((await sandbox.requests()).length === 0) await page.evaluate(() => 0)
  await gateway.close()
  await output.getByText('GATEWAY_UNREACHABLE').waitFor()
  assert.match(await output.innerText(), /it ended during the call.*\n+Bring the gateway back/s)
  await card.getByText('Unreachable', { exact: true }).waitFor()
})

test('a connection that is cut is told from a gateway that is gone', async (t) => {
  const cut = await startStandIn(t, (request) => request.socket.destroy())
  const { page } = await pageBefore(t, cut)
  await reachable(page)
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /CONNECTION_LOST\n+The connection ended before the reply/)
  assert.match(shown, /Send it again: doing so twice does no harm\./)
})

test('a slow call says that it takes long, and can be cancelled', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  await sandbox.failNext({ kind: 'hang' })
  const { input, send, cancel, output } = partsOf(page)
  await page.clock.install()
  await input('access_token').fill(ACCESS_TOKEN)
  await send.click()
  await output.getByText('Waiting for the reply …').waitFor()
  assert.equal(await output.getByText('This takes long.').count(), 0)
  await page.clock.runFor(5_200)
  await output.getByText('This takes long.').waitFor()

  await cancel.click()

  await output.getByText('Cancelled', { exact: true }).waitFor()
  assert.match(await output.innerText(), /You cancelled the call\. It may have reached the Item/)
  assert.equal(await cancel.count(), 0)
  assert.equal(await send.isEnabled(), true)
})

test('what the gateway says when Plaid keeps it waiting is explained', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { timeoutMs: 50 })
  const page = await open(t, gateway.url)
  await reachable(page)
  await sandbox.failNext({ kind: 'hang' })
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /\b504\n/)
  assert.match(shown, /TIMEOUT\n+Plaid did not answer the gateway in time\.\n+Send it again/)
})

test('a gateway that cannot reach Plaid is explained', async (t) => {
  const baseUrl = `http://127.0.0.1:${await refusingPort()}`
  const { gateway } = await startConsole(t, { baseUrl })
  const page = await open(t, gateway.url)
  await reachable(page)
  const shown = await send(page, ACCESS_TOKEN)
  assert.match(shown, /\b502\n/)
  assert.match(shown, /ECONNREFUSED\n+The gateway could not reach Plaid\./)
})

test('too many calls are told for how long to wait', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { rateLimit: { perSecond: 1, burst: 1 } })
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  await send(page, access_token)
  const shown = await send(page, access_token)
  assert.match(shown, /RATE_LIMITED\n+The gateway has had too many calls.*It asks for 1 s\./s)
})

for (const [what, reply] of [
  ['an error page of a proxy’s', htmlReply(500)],
  ['a page that says all is well', htmlReply(200)],
  ['JSON that is no object', (_, response) => response.end('[1]')],
  ['a reply cut short', (_, response) => response.end('{"data":')],
  ['a reply beyond all measure', (_, response) => response.end(' '.repeat(70_000))],
]) {
  test(`${what} is not taken for a gateway’s reply, and the page says where to look`, async (t) => {
    const { page } = await pageBefore(t, await startStandIn(t, reply))
    await reachable(page)
    const shown = await send(page, ACCESS_TOKEN)
    assert.match(shown, /NOT_A_GATEWAY\n+What came from http\S+ is not a gateway’s reply \(status/)
    assert.match(shown, /Check the gateway URL, and what stands between/)
    assert.ok(!shown.includes('Oops'))
  })
}

test('what answers but is no gateway is seen as one types', async (t) => {
  for (const stranger of [
    await startStandIn(t, htmlReply(404), { healthz: 'ok' }),
    await startStandIn(t, htmlReply(404), { healthz: { status: 'ok' } }),
    await startStandIn(t, htmlReply(404), { config: ['none'] }),
  ]) {
    const { page } = await pageBefore(t, stranger)
    await told(page, 'Something answers there, but not as a gateway does: check the URL.')
  }
})

test('a gateway that answers nothing when asked how it is counts as unreachable', async (t) => {
  const { gateway } = await startConsole(t)
  const silent = await startStandIn(t, () => {}, { healthz: undefined })
  silent.server.removeAllListeners('request')
  const asked = once(silent.server, 'request')
  const page = await open(t, gateway.url)
  await reachable(page)
  await page.clock.install()
  await partsOf(page).url.fill(silent.url)
  await page.clock.runFor(400)
  await asked
  await page.clock.runFor(5_100)
  await told(page, 'Nothing answers there')
})

test('an answer that comes late says nothing about the URL that is typed by then', async (t) => {
  const held = []
  const slow = await startStandIn(t, () => {})
  slow.server.removeAllListeners('request')
  slow.server.on('request', (request, response) => held.push(response) && request.resume())
  const { page, origin } = await pageBefore(t, slow)
  while (held.length === 0) await page.evaluate(() => 0)
  await partsOf(page).url.fill(origin)
  await reachable(page)
  for (const response of held) response.writeHead(500).end()
  await page.evaluate(() => fetch('/healthz'))
  await reachable(page)
})

test('a page below a path of a proxy’s calls the gateway there', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const { port } = new URL(gateway.url)
  const proxy = http.createServer((request, response) => {
    const { method, headers } = request
    const path = request.url.replace(/^\/plaid/, '')
    const passed = http.request({ port, host: '127.0.0.1', method, headers, path })
    passed.on('response', (reply) => {
      reply.pipe(response.writeHead(reply.statusCode, reply.headers))
    })
    request.pipe(passed)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  t.after(() => proxy.closeAllConnections())
  const home = `http://127.0.0.1:${proxy.address().port}/plaid`
  const page = await open(t, `${home}/`)
  await reachable(page)
  assert.equal(await partsOf(page).url.inputValue(), home)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200\n/)
})

test('a page that no gateway serves asks for a URL, and makes the call once it has one', async (t) => {
  const html = fs.readFileSync(path.join(__dirname, '../console/dist/index.html'))
  const host = http.createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(html)
  })
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  t.after(() => host.close())
  t.after(() => host.closeAllConnections())
  const origin = `http://127.0.0.1:${host.address().port}`
  const { gateway, sandbox } = await startConsole(t, { allowOrigins: [origin] })
  const page = await open(t, origin)
  const { url, operation } = partsOf(page)
  await operation.getByText('Enter a gateway URL above to enable sending.').waitFor()
  assert.equal(await url.inputValue(), '')
  await url.fill(gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  assert.match(await send(page, access_token), /\b200\n/)
})

test('a page that was saved as a file asks for a URL, too', async (t) => {
  const { gateway } = await startConsole(t)
  const saved = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-console-')), 'page.html')
  t.after(() => fs.rmSync(path.dirname(saved), { recursive: true }))
  fs.writeFileSync(saved, await (await fetch(gateway.url)).text())
  const page = await open(t, `file://${saved}`)
  await page.getByText('Enter a gateway URL above to enable sending.').waitFor()
  await partsOf(page).url.fill(gateway.url)
  await told(
    page,
    'It refuses this page: open the page at the gateway’s own URL instead of as a file.',
  )
})
