'use strict'

// Promise: every option of `startGateway()` works as gateway.d.ts documents it. Options that are not
// given come from the environment, or have the documented default.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { parseEnv } = require('node:util')
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
const { holding, json, silent, startServer } = require('./support/server.js')

const BOUND = { timeout: 20_000 }

/** The credentials in the last request. */
function sent({ requests }) {
  const { client_id, secret } = JSON.parse(requests.at(-1).body)
  return [client_id, secret]
}

/** Sets environment variables until the test ends. */
function setVariables(t, env) {
  Object.assign(process.env, env)
  t.after(() => {
    for (const name of Object.keys(env)) delete process.env[name]
  })
}

test('credentials and the base URL come from the environment', async (t) => {
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
  // UTDK_GATEWAY_TOKEN is the token of a client, not of a gateway.
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

test('without credentials the caller brings its own', async (t) => {
  const server = await startServer(t)
  const gateway = await startGateway({ baseUrl: server.url })
  t.after(() => gateway.close())
  checkRefusal(await post(gateway, PLAID, INPUT), 400, 'MISSING_CREDENTIALS')
  const own = { ...INPUT, client_id: CLIENT_ID, secret: SECRET }
  assert.equal((await post(gateway, PLAID, own)).status, 200)
  assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
})

test('credentialsFile wins over clientId, secret and the environment', async (t) => {
  const server = await startServer(t)
  const file = fileWith(t, linesOf({ clientId: CLIENT_ID, secret: SECRET }))
  // The environment has only half a pair here.
  setVariables(t, { PLAID_CLIENT_ID: 'another' })
  for (const other of [{}, { clientId: 'another', secret: 'another' }]) {
    const gateway = await startGateway({ baseUrl: server.url, credentialsFile: file, ...other })
    t.after(() => gateway.close())
    await works(through(gateway))
    assert.deepEqual(sent(server), [CLIENT_ID, SECRET])
  }
})

test('credentialsFile is parsed as util.parseEnv does', async (t) => {
  const server = await startServer(t)
  const values = [
    'a',
    'a # note',
    'a#note',
    '"a # b"',
    "'a#b' # note",
    '`a"b`',
    '"a\\nb"',
    "'a\\nb'",
    '$HOME',
    'a b',
    ' a ',
    '=a=',
  ]
  for (const value of values) {
    const text = `# note\nexport PLAID_CLIENT_ID=first\nPLAID_CLIENT_ID=${value}\r\nPLAID_SECRET=b`
    const gateway = await startGateway({ baseUrl: server.url, credentialsFile: fileWith(t, text) })
    await works(through(gateway))
    await gateway.close()
    const { PLAID_CLIENT_ID, PLAID_SECRET } = parseEnv(text)
    assert.deepEqual(sent(server), [PLAID_CLIENT_ID, PLAID_SECRET], text)
  }
})

for (const [name, options] of [
  ['token', () => ({ token: GATEWAY_TOKEN })],
  ['tokenFile', (t) => ({ token: 'x'.repeat(16), tokenFile: fileWith(t, `${GATEWAY_TOKEN}\n`) })],
]) {
  test(`callers must send the ${name}`, async (t) => {
    const server = await startServer(t)
    const gateway = await start(t, server, options(t))
    const wrong = through(gateway, { token: 'another-token-than-that' })
    await failure(wrong, PlaidApiError, { code: 'UNAUTHORIZED', status: 401 })
    assert.equal(server.connectionCount(), 0)
    await works(through(gateway, { token: GATEWAY_TOKEN }))
  })
}

test('pages of allowOrigins may call, and no others', async (t) => {
  const origin = 'http://localhost:5173'
  const gateway = await start(t, await startServer(t), { allowOrigins: [origin] })
  const { status, headers } = await post(gateway, TOOL, INPUT, { origin })
  assert.deepEqual([status, headers['access-control-allow-origin']], [200, origin])
  const other = await post(gateway, TOOL, INPUT, { origin: 'http://localhost:5174' })
  checkRefusal(other, 403, 'FORBIDDEN_ORIGIN')
})

test('maxInFlight calls run at once, maxWaiting calls wait, others get a 503', BOUND, async (t) => {
  const server = await startServer(t, { replies: [holding, holding] })
  const gateway = await start(t, server, { maxInFlight: 1, maxWaiting: 1 })
  const call = () => post(gateway, PLAID, INPUT)
  const arrived = once(server, 'request')
  const first = call()
  const [request] = await arrived
  const second = call()
  while (!/in_flight 2\n/.test((await ask(gateway, 'GET', '/metrics')).body));
  assert.equal(server.requests.length, 1)
  checkRefusal(await call(), 503, 'OVERLOADED')
  const next = once(server, 'request')
  request.answer()
  assert.equal((await first).status, 200)
  const [{ answer }] = await next
  answer()
  assert.equal((await second).status, 200)
})

/** Makes `size` calls at once. Returns how many succeed; all others get a 429. */
async function succeeding(gateway, size) {
  const replies = await Promise.all(Array.from({ length: size }, () => post(gateway, PLAID, INPUT)))
  const refused = replies.filter(({ status }) => status !== 200)
  for (const reply of refused) {
    checkRefusal(reply, 429, 'RATE_LIMITED')
    assert.match(reply.headers['retry-after'], /^[1-9]\d*$/)
  }
  return size - refused.length
}

for (const [limit, burst] of [
  [undefined, 20],
  [{ perSecond: 1 }, 2],
  [{ perSecond: 1, burst: 7 }, 7],
]) {
  const perSecond = limit?.perSecond ?? 10
  test(`rateLimit ${JSON.stringify(limit)} allows a burst of ${burst} calls`, async (t) => {
    const gateway = await start(t, await startServer(t), { rateLimit: limit })
    const startedAt = performance.now()
    const count = await succeeding(gateway, 3 * burst)
    // On a slow machine the limit allows a few more meanwhile.
    const more = Math.ceil(((performance.now() - startedAt) / 1000) * perSecond)
    assert.ok(count >= burst && count <= burst + more, `${count} calls succeeded`)
  })
}

test('with rateLimit: false there is no limit', async (t) => {
  const gateway = await start(t, await startServer(t), { rateLimit: false })
  assert.equal(await succeeding(gateway, 100), 100)
})

test('timeoutMs limits a call to Plaid', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const gateway = await start(t, server, { timeoutMs: 100 })
  const fields = { code: 'TIMEOUT', message: 'no reply within 100 ms' }
  await failure(through(gateway), PlaidTimeoutError, fields)
})

for (const [maxRetries, attempts] of [
  [0, 1],
  [1, 2],
  [undefined, 1],
]) {
  test(`with maxRetries: ${maxRetries} a request is sent ${attempts} time(s)`, BOUND, async (t) => {
    const error = { error_type: 'API_ERROR', error_code: 'INTERNAL_SERVER_ERROR' }
    const server = await startServer(t, { replies: Array(5).fill(json(500, error)) })
    const gateway = await start(t, server, { maxRetries })
    await failure(through(gateway), PlaidApiError, { code: 'INTERNAL_SERVER_ERROR', status: 500 })
    assert.equal(server.requests.length, attempts)
  })
}

test('ca makes a server trusted', async (t) => {
  const authority = createAuthority()
  const server = await startServer(t, { tls: authority.issue() })
  await works(through(await start(t, server, { ca: [Buffer.from(authority.pem)] })))
  const without = through(await start(t, server))
  await failure(without, PlaidConnectionError, { code: 'CERT_UNTRUSTED', retryable: false })
})

test('graceMs limits how long close() waits for calls in flight', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const gateway = await start(t, server, { graceMs: 100 })
  const arrived = once(server, 'request')
  const call = failure(through(gateway), PlaidConnectionError, {})
  await arrived
  const cancelled = once(server, 'close')
  const startedAt = performance.now()
  await gateway.close()
  assert.ok(performance.now() - startedAt >= 100)
  await Promise.all([call, cancelled])
})
