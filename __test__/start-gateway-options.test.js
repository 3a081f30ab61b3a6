'use strict'

// Promise: every option of `startGateway()` does what gateway.d.ts says, and what is not given comes
// from the environment or has the default that stands there.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidApiError, PlaidConnectionError, PlaidTimeoutError } = require('../index.js')
const { startGateway } = require('../gateway.js')
const { createAuthority } = require('./support/certificates.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const {
  PLAID,
  TOOL,
  ask,
  checkRefusal,
  fileWith,
  linesOf,
  post,
  start,
  through,
} = require('./support/gateway.js')
const { GOOD_REPLY, holding, json, silent, startServer } = require('./support/server.js')

const BOUND = { timeout: 20_000 }

/** The credentials that came with the last request. */
function sent({ requests }) {
  const { client_id, secret } = JSON.parse(requests.at(-1).body)
  return [client_id, secret]
}

/** Sets variables of this process until the test ends. */
function setVariables(t, env) {
  Object.assign(process.env, env)
  t.after(() => {
    for (const name of Object.keys(env)) delete process.env[name]
  })
}

test('clientId and secret go to Plaid with every call', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  await works(through(gateway))
  assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
})

test('credentials and where Plaid is come from the environment', async (t) => {
  const server = await startServer(t)
  setVariables(t, {
    PLAID_CLIENT_ID: CLIENT_ID,
    PLAID_SECRET: SECRET,
    PLAID_BASE_URL: server.url,
    UTDK_GATEWAY_URL: 'http://127.0.0.1:1',
    UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN,
  })
  const gateway = await startGateway()
  t.after(() => gateway.close())
  await works(through(gateway))
  assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
  // UTDK_GATEWAY_TOKEN is a caller's.
  assert.equal((await post(gateway, PLAID, INPUT)).status, 200)
})

test('options win over the environment', async (t) => {
  const [server, other] = [await startServer(t), await startServer(t)]
  setVariables(t, { PLAID_CLIENT_ID: 'b', PLAID_SECRET: 'b', PLAID_BASE_URL: other.url })
  const gateway = await start(t, server)
  await works(through(gateway))
  assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
  assert.equal(other.connectionCount(), 0)
})

test('without credentials callers bring their own', async (t) => {
  const server = await startServer(t)
  const gateway = await startGateway({ baseUrl: server.url })
  t.after(() => gateway.close())
  checkRefusal(await post(gateway, PLAID, INPUT), 400, 'MISSING_CREDENTIALS')
  assert.equal(server.connectionCount(), 0)
  const own = { ...INPUT, client_id: CLIENT_ID, secret: SECRET }
  assert.equal((await post(gateway, PLAID, own)).status, 200)
  assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
})

test('credentialsFile wins over clientId and secret, given or of the environment', async (t) => {
  const server = await startServer(t)
  const file = fileWith(t, linesOf({ clientId: CLIENT_ID, secret: SECRET }))
  // Also over half a pair.
  setVariables(t, { PLAID_CLIENT_ID: 'another' })
  for (const other of [{}, { clientId: 'another', secret: 'another' }]) {
    const gateway = await startGateway({ baseUrl: server.url, credentialsFile: file, ...other })
    t.after(() => gateway.close())
    await works(through(gateway))
    assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
  }
})

for (const [name, options] of [
  ['token', () => ({ token: GATEWAY_TOKEN })],
  ['tokenFile', (t) => ({ token: 'x'.repeat(16), tokenFile: fileWith(t, `${GATEWAY_TOKEN}\n`) })],
]) {
  test(`a ${name} is needed by all but those who ask whether it is there`, async (t) => {
    const server = await startServer(t)
    const gateway = await start(t, server, options(t))
    for (const authorization of ['', 'Bearer another', `Basic ${GATEWAY_TOKEN}`]) {
      const headers = authorization ? { authorization } : {}
      for (const [method, route] of [
        ['POST', TOOL],
        ['POST', PLAID],
        ['GET', '/tools'],
        ['GET', '/metrics'],
        ['GET', '/config'],
        ['DELETE', '/credentials'],
      ]) {
        const body = method === 'POST' ? INPUT : undefined
        const refused = await ask(gateway, method, route, { headers, body })
        checkRefusal(refused, 401, 'UNAUTHORIZED')
        assert.equal(refused.headers['www-authenticate'], 'Bearer')
      }
      const healthy = { status: 'ok', token_required: true }
      assert.deepEqual((await ask(gateway, 'GET', '/healthz', { headers })).body, healthy)
    }
    const wrong = through(gateway, { token: 'another-token-of-somebody' })
    await failure(wrong, PlaidApiError, { code: 'UNAUTHORIZED', status: 401 })
    assert.equal(server.connectionCount(), 0)
    await works(through(gateway, { token: GATEWAY_TOKEN }))
  })
}

test('pages of allowOrigins and of its own origin may call, others not', async (t) => {
  const server = await startServer(t)
  const allowed = ['http://localhost:5173', 'https://console.example']
  const gateway = await start(t, server, { allowOrigins: allowed })
  for (const origin of [...allowed, gateway.url]) {
    const { status, headers } = await post(gateway, TOOL, INPUT, { origin })
    assert.deepEqual([status, headers['access-control-allow-origin']], [200, origin])
    const preflight = await ask(gateway, 'OPTIONS', TOOL, { headers: { origin } })
    assert.deepEqual([preflight.status, preflight.body], [204, ''])
    assert.match(preflight.headers['access-control-allow-methods'], /\bPOST\b/)
  }
  const calls = server.requests.length
  for (const origin of ['null', 'http://localhost:5174', 'https://console.example.evil.example']) {
    for (const method of ['POST', 'OPTIONS']) {
      const body = method === 'POST' ? INPUT : undefined
      const refused = await ask(gateway, method, TOOL, { headers: { origin }, body })
      checkRefusal(refused, 403, 'FORBIDDEN_ORIGIN')
      assert.equal(refused.headers['access-control-allow-origin'], undefined)
    }
  }
  assert.equal(server.requests.length, calls)
})

/** Calls that a gateway holds in flight until they are answered. */
async function hold(t, count, options) {
  const server = await startServer(t, { replies: Array.from({ length: count }, () => holding) })
  const gateway = await start(t, server, options)
  const arrived = once(server, 'request')
  return { server, gateway, arrived, call: () => post(gateway, PLAID, INPUT) }
}

test(
  'beyond maxInFlight calls wait, beyond maxWaiting they are told when to come back',
  BOUND,
  async (t) => {
    const { server, gateway, arrived, call } = await hold(t, 2, { maxInFlight: 1, maxWaiting: 1 })
    const first = call()
    const [request] = await arrived
    const second = call()
    while (!/in_flight 2\n/.test((await ask(gateway, 'GET', '/metrics')).body));
    assert.equal(server.requests.length, 1)
    const third = await call()
    checkRefusal(third, 503, 'OVERLOADED')
    assert.equal(third.headers['retry-after'], '1')
    const next = once(server, 'request')
    request.answer()
    assert.equal((await first).status, 200)
    const [{ answer }] = await next
    answer()
    assert.equal((await second).status, 200)
    assert.equal((await call()).status, 200)
  },
)

test('with maxWaiting: 0 none waits', BOUND, async (t) => {
  const { arrived, call } = await hold(t, 1, { maxInFlight: 1, maxWaiting: 0 })
  const first = call()
  const [request] = await arrived
  checkRefusal(await call(), 503, 'OVERLOADED')
  request.answer()
  assert.equal((await first).status, 200)
})

/** How often so many calls at once were answered, and how often turned away. */
async function crowd(gateway, size) {
  const replies = await Promise.all(Array.from({ length: size }, () => post(gateway, PLAID, INPUT)))
  const away = replies.filter(({ status }) => status === 429)
  for (const reply of away) {
    checkRefusal(reply, 429, 'RATE_LIMITED')
    assert.match(reply.headers['retry-after'], /^[1-9]\d*$/)
  }
  const served = replies.filter(({ status }) => status === 200)
  assert.equal(served.length + away.length, size)
  return { served: served.length, away: away.length }
}

for (const [limit, burst] of [
  [undefined, 20],
  [{}, 20],
  [{ perSecond: 1 }, 2],
  [{ burst: 5 }, 5],
  [{ perSecond: 1, burst: 7 }, 7],
]) {
  const perSecond = limit?.perSecond ?? 10
  test(`with rateLimit ${JSON.stringify(limit)} an address has ${burst} calls at once`, async (t) => {
    const gateway = await start(t, await startServer(t), { rateLimit: limit })
    const began = performance.now()
    const { served, away } = await crowd(gateway, 3 * burst)
    // A slow machine has time for a few more.
    const since = Math.ceil(((performance.now() - began) / 1000) * perSecond)
    assert.ok(served >= burst && served <= burst + since, `${served} were served`)
    assert.ok(away > 0)
  })
}

test('with rateLimit: false there is no limit', async (t) => {
  const gateway = await start(t, await startServer(t), { rateLimit: false })
  assert.deepEqual(await crowd(gateway, 100), { served: 100, away: 0 })
})

test('Retry-After says when the next call is let in', BOUND, async (t) => {
  const gateway = await start(t, await startServer(t), { rateLimit: { perSecond: 1, burst: 1 } })
  await works(through(gateway))
  checkRefusal(await post(gateway, PLAID, INPUT), 429, 'RATE_LIMITED')
  // A client waits for as long as it says.
  await works(through(gateway, { maxRetries: 1 }))
})

test('timeoutMs bounds a call to Plaid', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent, silent] })
  const gateway = await start(t, server, { timeoutMs: 100 })
  const fields = { code: 'TIMEOUT', message: 'no reply within 100 ms' }
  await failure(through(gateway), PlaidTimeoutError, fields)
  const { status, body } = await post(gateway, PLAID, INPUT)
  assert.deepEqual([status, body.error_code, body.error_type], [504, 'TIMEOUT', 'GATEWAY_TIMEOUT'])
  while (server.sockets.size > 0) await once(server, 'close')
  await works(through(gateway))
})

for (const [maxRetries, attempts] of [
  [0, 1],
  [1, 2],
  [undefined, 3],
]) {
  test(`with maxRetries: ${maxRetries} a request is sent ${attempts} times`, BOUND, async (t) => {
    const error = { error_type: 'API_ERROR', error_code: 'INTERNAL_SERVER_ERROR' }
    const server = await startServer(t, { replies: Array(5).fill(json(500, error)) })
    const gateway = await start(t, server, { maxRetries })
    await failure(through(gateway), PlaidApiError, { code: 'INTERNAL_SERVER_ERROR', status: 500 })
    assert.equal(server.requests.length, attempts)
  })
}

test('ca has a server trusted that the system does not', async (t) => {
  const authority = createAuthority()
  const server = await startServer(t, { tls: authority.issue() })
  const trusting = await start(t, server, { ca: [Buffer.from(authority.pem)] })
  await works(through(trusting))
  const wary = await start(t, server)
  await failure(through(wary), PlaidConnectionError, { code: 'CERT_UNTRUSTED', retryable: false })
  assert.equal(server.requests.length, 1)
})

test('graceMs bounds the wait of close() for calls in flight', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const gateway = await start(t, server, { graceMs: 100 })
  const arrived = once(server, 'request')
  const call = failure(through(gateway), PlaidConnectionError, {})
  await arrived
  const cut = once(server, 'close')
  const began = performance.now()
  await gateway.close()
  assert.ok(performance.now() - began >= 100)
  await Promise.all([call, cut])
})

test('the good reply is passed on whole, with fields that are unknown', async (t) => {
  const reply = { ...GOOD_REPLY, more: { of: ['it', 1, null] } }
  const server = await startServer(t, { replies: [json(200, reply), json(200, reply)] })
  const gateway = await start(t, server)
  assert.deepEqual(await through(gateway).sandboxitemresetlogin(INPUT), reply)
  assert.deepEqual((await post(gateway, PLAID, INPUT)).body, reply)
})
