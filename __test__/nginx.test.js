'use strict'

// Promise: deploy/nginx.conf puts TLS in front of gateways, passes on the headers that they check,
// and refuses requests in the gateway's JSON. No log quotes a caller.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { test } = require('node:test')
const { startGateway } = require('../gateway.js')
const { PlaidApiError, PlaidConnectionError, createPlaidClient } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET, SECRETS } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { startNginx } = require('./support/nginx.js')
const { GOOD_REPLY, startServer } = require('./support/server.js')

const root = path.join(__dirname, '..')
const PATH = '/tools/plaid/sandboxitemresetlogin'

/** nginx's burst limit for one address. */
const BURST = 20

/** nginx in front of two gateways with a token, and a server that plays Plaid. */
async function start(t) {
  const plaid = await startServer(t)
  const gateways = [
    await gateway(t, { baseUrl: plaid.url }),
    await gateway(t, { baseUrl: plaid.url }),
  ]
  const nginx = await startNginx(t, gateways.map(addressOf))
  return { plaid, gateways, nginx }
}

async function gateway(t, options) {
  const credentials = { clientId: CLIENT_ID, secret: SECRET, token: GATEWAY_TOKEN }
  const gateway = await startGateway({ ...credentials, maxRetries: 0, ...options })
  t.after(() => gateway.close())
  return gateway
}

const addressOf = ({ url }) => new URL(url).host

function clientOf({ url, ca }) {
  return createPlaidClient({ gateway: { url, token: GATEWAY_TOKEN }, ca, maxRetries: 0 })
}

/** Makes one request on a new connection. */
async function ask({ url, ca }, target, { method = 'GET', headers = {}, body = '' } = {}) {
  const { port } = new URL(url)
  const framing = headers['transfer-encoding'] ? {} : { 'content-length': Buffer.byteLength(body) }
  const request = https.request(url, {
    ca,
    agent: false,
    method,
    path: target,
    headers: { host: `localhost:${port}`, ...framing, ...headers },
  })
  if (headers.expect) await once(request, 'continue')
  request.end(body)
  const [response] = await once(request, 'response')
  return { status: response.statusCode, headers: response.headers, body: await bodyOf(response) }
}

async function bodyOf(response) {
  const text = Buffer.concat(await response.toArray()).toString()
  return text.startsWith('{') ? JSON.parse(text) : text
}

/** A request with the gateway's token. */
const asCaller = ({ headers, ...more } = {}) => ({
  ...more,
  headers: {
    authorization: `Bearer ${GATEWAY_TOKEN}`,
    'content-type': 'application/json',
    ...headers,
  },
})

test('calls go over TLS, and every gateway gets some', async (t) => {
  const { plaid, gateways, nginx } = await start(t)
  const client = clientOf(nginx)
  for (let call = 0; call < 4; call += 1) {
    assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
  }
  for (const { body } of plaid.requests) assert.equal(JSON.parse(body).secret, SECRET)
  await nginx.stop()
  const lines = nginx.log('access.log').map((line) => JSON.parse(line))
  const asked = lines.map((line) => line.gateway)
  assert.deepEqual(new Set(asked), new Set(gateways.map(addressOf)))
})

test('a client that does not trust the certificate sends nothing', async (t) => {
  const { plaid, nginx } = await start(t)
  await failure(clientOf({ url: nginx.url }), PlaidConnectionError, { code: 'CERT_UNTRUSTED' })
  assert.equal(plaid.requests.length, 0)
})

test('plain http is refused without a redirect', async (t) => {
  const { nginx } = await start(t)
  const request = http.get(nginx.url.replace('https:', 'http:'), { agent: false })
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 400)
  assert.equal(response.headers.location, undefined)
})

test('replies have Strict-Transport-Security', async (t) => {
  const { nginx } = await start(t)
  for (const target of ['/healthz', '/metrics']) {
    const { headers } = await ask(nginx, target)
    assert.match(headers['strict-transport-security'], /^max-age=\d{8}$/, target)
    assert.equal(headers.server, 'nginx', target)
  }
})

test('the Host header reaches the gateway, so it recognises its own pages', async (t) => {
  const { nginx } = await start(t)
  const own = await ask(nginx, '/config', asCaller({ headers: { origin: nginx.url } }))
  assert.equal(own.status, 200)
  assert.equal(own.headers['access-control-allow-origin'], nginx.url)
  const other = asCaller({ headers: { origin: 'https://localhost' } })
  assert.equal((await ask(nginx, '/config', other)).body.error_code, 'FORBIDDEN_ORIGIN')
})

test('a chunked body reaches the gateway with its length', async (t) => {
  const { nginx } = await start(t)
  // The body is sent after nginx has read the head.
  const headers = { 'transfer-encoding': 'chunked', expect: '100-continue' }
  const body = JSON.stringify(INPUT)
  const reply = await ask(nginx, PATH, asCaller({ method: 'POST', headers, body }))
  assert.equal(reply.status, 200)
})

test('a body of 64 KiB is accepted, and a longer one is refused', async (t) => {
  const { nginx } = await start(t)
  const longest = JSON.stringify(INPUT).padEnd(64 * 1024)
  const post = (body) => ask(nginx, PATH, asCaller({ method: 'POST', body }))
  assert.equal((await post(longest)).status, 200)
  const { status, body } = await post(`${longest} `)
  assert.deepEqual([status, body.error_code], [413, 'BODY_TOO_LARGE'])
})

test('routes that concern one gateway are not served through nginx', async (t) => {
  const { nginx } = await start(t)
  const body = JSON.stringify({ client_id: 'another', secret: 'another' })
  const requests = [
    ['/metrics', {}],
    ['/credentials', { method: 'PUT', body }],
    ['/credentials?', { method: 'PUT', body }],
    ['/%63redentials', { method: 'PUT', body }],
    ['//credentials', { method: 'PUT', body }],
    ['/credentials', { method: 'DELETE' }],
  ]
  for (const [target, options] of requests) {
    const reply = await ask(nginx, target, asCaller(options))
    assert.deepEqual([reply.status, reply.body.error_code], [404, 'NOT_FOUND'], target)
  }
})

test('calls beyond the rate limit get a 429', async (t) => {
  const { nginx } = await start(t)
  const replies = await Promise.all(Array.from({ length: 4 * BURST }, () => ask(nginx, '/healthz')))
  const refused = replies.filter(({ status }) => status === 429)
  assert.ok(
    refused.length > 0 && refused.length <= 3 * BURST,
    `${refused.length} calls were refused`,
  )
  for (const { body, headers } of refused) {
    assert.equal(body.error_code, 'RATE_LIMITED')
    assert.equal(headers['retry-after'], '1')
    assert.match(headers['strict-transport-security'], /^max-age=/)
  }
})

test('if no gateway answers, the error is retryable', async (t) => {
  const { gateways, nginx } = await start(t)
  for (const gateway of gateways) await gateway.close()
  const error = await failure(clientOf(nginx), PlaidApiError, { status: 502, code: 'NO_GATEWAY' })
  assert.match(error.message, /safe to retry/)
  assert.equal(error.retryable, true)
})

test('no log quotes a caller', async (t) => {
  const { gateways, nginx } = await start(t)
  const everywhere = asCaller({
    method: 'POST',
    headers: { 'user-agent': SECRET, referer: `https://example.com/${SECRET}`, cookie: SECRET },
    body: JSON.stringify({ ...INPUT, client_id: CLIENT_ID, secret: SECRET }),
  })
  const target = `/${INPUT.access_token}?secret=${SECRET}`
  assert.equal((await ask(nginx, target, everywhere)).status, 404)
  for (const gateway of gateways) await gateway.close()
  assert.equal((await ask(nginx, target, everywhere)).status, 502)
  const tooLarge = { ...everywhere, body: everywhere.body.padEnd(65 * 1024) }
  assert.equal((await ask(nginx, target, tooLarge)).status, 413)
  await nginx.stop()
  const lines = [...nginx.log('access.log'), ...nginx.log('error.log')]
  assert.equal(lines.length, 3)
  for (const secret of SECRETS) assert.ok(!lines.join('\n').includes(secret))
  const [first] = lines.map((line) => JSON.parse(line))
  assert.equal(first.gateway_status, '404')
  assert.match(first.request_id, /^[0-9a-f]{16}$/)
})

test('nginx closes idle connections before a gateway, and waits longer for a call', () => {
  const configuration = fs.readFileSync(path.join(root, 'deploy/nginx.conf'), 'utf8')
  const seconds = (name) => Number(configuration.match(new RegExp(` ${name} (\\d+)s;`))[1])
  const server = fs.readFileSync(path.join(root, 'crates/gateway/src/connections.rs'), 'utf8')
  const [, idle] = server.match(/IDLE_TIME_LIMIT: Duration = Duration::from_secs\((\d+)\)/)
  assert.ok(seconds('keepalive_timeout') < Number(idle))
  const client = fs.readFileSync(path.join(root, 'crates/client/src/config.rs'), 'utf8')
  const [, deadline] = client.match(/timeout: Duration::from_secs\((\d+)\)/)
  assert.ok(seconds('proxy_read_timeout') > Number(deadline))
})

test('the documentation shows lines of the configuration, in order', () => {
  const lines = (text) => text.split('\n').map((line) => line.trim())
  const page = fs.readFileSync(path.join(root, 'docs/gateway.md'), 'utf8')
  const [, shown] = page.match(/^```nginx\n(.*?)\n```$/ms)
  const configuration = lines(fs.readFileSync(path.join(root, 'deploy/nginx.conf'), 'utf8'))
  let from = 0
  for (const line of lines(shown)) {
    from = configuration.indexOf(line, from) + 1
    assert.ok(from > 0, line)
  }
})

test('a gateway calls the local Sandbox through TLS', async (t) => {
  const sandbox = await startSandbox({ seed: 1 })
  t.after(() => sandbox.close())
  const tls = await startNginx(t, [], {
    file: 'sandbox-tls.conf',
    change: [['http://sandbox:8321', sandbox.url]],
  })
  const { clientId, secret } = sandbox
  const behind = await gateway(t, { baseUrl: tls.url, ca: tls.ca, clientId, secret })
  const nginx = await startNginx(t, [addressOf(behind)])
  const { access_token } = await sandbox.createItem()
  const { reset_login } = await clientOf(nginx).sandboxitemresetlogin({ access_token })
  assert.equal(reset_login, true)
  const [{ state }] = await sandbox.items()
  assert.equal(state, 'login_required')
})
