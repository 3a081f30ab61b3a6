'use strict'

// Promise: HTTPS_PROXY and NO_PROXY are honoured, loopback is never taken to a proxy, and the
// proxy's credentials are shown as little as Plaid's.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { PlaidConnectionError, PlaidTimeoutError, PlaidUsageError } = require('../index.js')
const {
  ACCESS_TOKEN,
  CLIENT_ID,
  PASSWORD,
  SECRET,
  clientOf,
  works,
} = require('./support/client.js')
const { createAuthority } = require('./support/certificates.js')
const { run } = require('./support/child.js')
const { assertNoSecret, failure, refusal } = require('./support/failure.js')
const { startProxy } = require('./support/proxy.js')
const { GOOD_REPLY, startServer } = require('./support/server.js')

const authority = createAuthority()
const ELSEWHERE = { url: 'https://plaid-sandbox.invalid' }

/** One call to the default base URL, from a process of its own. */
async function callSandbox(t, env) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'plaid-proxy-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'authority.pem')
  await writeFile(file, authority.pem)
  const { code, stdout, stderr } = await run('call.js', {
    env: {
      NODE_EXTRA_CA_CERTS: file,
      PLAID_CLIENT_ID: CLIENT_ID,
      PLAID_SECRET: SECRET,
      TEST_ACCESS_TOKEN: ACCESS_TOKEN,
      ...env,
    },
  })
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return JSON.parse(stdout)
}

/** A server that stands in for the Sandbox, and a proxy that leads to it. */
async function startBoth(t) {
  const tls = authority.issue({ hosts: ['sandbox.plaid.com', 'plaid-sandbox.invalid'] })
  const server = await startServer(t, { tls })
  return { server, proxy: await startProxy(t, { to: server }) }
}

/** Makes a client while `env` is set. */
function clientWith(env, target = ELSEWHERE, options = {}) {
  Object.assign(process.env, env)
  try {
    return clientOf(target, { ca: authority.pem, maxRetries: 0, ...options })
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
  }
}

function basic(user, password) {
  return Buffer.from(`${user}:${password}`).toString('base64')
}

for (const variable of ['HTTPS_PROXY', 'https_proxy']) {
  test(`${variable} takes a call to the Sandbox through the proxy, encrypted`, async (t) => {
    const { server, proxy } = await startBoth(t)
    const { reply } = await callSandbox(t, { [variable]: proxy.url })
    assert.deepEqual(reply, GOOD_REPLY)
    assert.deepEqual(
      proxy.connects.map(({ target }) => target),
      ['sandbox.plaid.com:443'],
    )
    assert.equal(server.requests[0].headers.host, 'sandbox.plaid.com')
    assert.equal(server.requests[0].headers['plaid-secret'], SECRET)
    assert.equal(proxy.connects[0].headers['proxy-authorization'], undefined)
    assertNoSecret(proxy.passedInClear(), 'what the proxy saw')
  })
}

test('credentials in the proxy’s URL are sent to the proxy and to nobody else', async (t) => {
  const { server, proxy } = await startBoth(t)
  const client = clientWith({ HTTPS_PROXY: `http://us%40er:${PASSWORD}%2F@${proxy.host}` })
  await works(client)
  const expected = `Basic ${basic('us@er', `${PASSWORD}/`)}`
  assert.equal(proxy.connects[0].headers['proxy-authorization'], expected)
  assert.equal(server.requests[0].headers['proxy-authorization'], undefined)
})

test('calls in turn keep using one tunnel', async (t) => {
  const { proxy } = await startBoth(t)
  const client = clientWith({ HTTPS_PROXY: proxy.url })
  for (let i = 0; i < 5; i++) await works(client)
  assert.equal(proxy.connects.length, 1)
})

for (const refuse of [407, 502, 403]) {
  test(`a proxy that answers ${refuse} is PROXY_FAILED, showing no credentials`, async (t) => {
    const proxy = await startProxy(t, { refuse })
    const client = clientWith({ HTTPS_PROXY: `http://user:${PASSWORD}@${proxy.host}` })
    const error = await failure(client, PlaidConnectionError, { code: 'PROXY_FAILED', attempts: 1 })
    assert.equal(proxy.connects.length, 1)
    for (let next = error; next; next = next.cause) {
      assert.ok(!String(next.stack).includes(basic('user', PASSWORD)), next.stack)
    }
  })
}

test('a proxy that is not there is PROXY_FAILED', async (t) => {
  const server = await startServer(t)
  await server.stop()
  const client = clientWith({ HTTPS_PROXY: `http://user:${PASSWORD}@127.0.0.1:${server.port}` })
  await failure(client, PlaidConnectionError, { code: 'PROXY_FAILED', attempts: 1 })
})

test('a proxy that is silent is a timeout', async (t) => {
  const server = await startServer(t, { connections: [() => {}] })
  const client = clientWith({ HTTPS_PROXY: server.url }, ELSEWHERE, { timeoutMs: 200 })
  await failure(client, PlaidTimeoutError, { code: 'TIMEOUT', attempts: 1 })
})

test('a certificate is checked through a proxy as well', async (t) => {
  const server = await startServer(t, { tls: createAuthority('Somebody else').issue() })
  const proxy = await startProxy(t, { to: server })
  const client = clientWith({ HTTPS_PROXY: proxy.url })
  await failure(client, PlaidConnectionError, { code: 'CERT_UNTRUSTED', attempts: 1 })
  assert.equal(server.requests.length, 0)
})

for (const url of ['ftp://user:PASS@proxy.invalid', 'http://user:PASS@', 'http://[']) {
  test(`a proxy URL such as ${url} is refused, without being shown`, () => {
    const HTTPS_PROXY = url.replace('PASS', PASSWORD)
    const fields = { code: 'INVALID_PROXY', field: 'HTTPS_PROXY' }
    refusal(() => clientWith({ HTTPS_PROXY }), PlaidUsageError, fields)
  })
}

const BYPASSED = [
  'plaid-sandbox.invalid',
  '.invalid',
  'invalid',
  'example.com, plaid-sandbox.invalid',
  'PLAID-SANDBOX.INVALID',
  '*',
]

for (const rule of BYPASSED) {
  test(`NO_PROXY=${rule} goes past the proxy`, async (t) => {
    const proxy = await startProxy(t, { refuse: 502 })
    for (const variable of ['NO_PROXY', 'no_proxy']) {
      const client = clientWith({ HTTPS_PROXY: proxy.url, [variable]: rule })
      await failure(client, PlaidConnectionError, { code: 'ENOTFOUND', attempts: 1 })
    }
    assert.equal(proxy.connectionCount(), 0)
  })
}

for (const rule of ['plaid.invalid', 'sandbox.invalid', 'example.com']) {
  test(`NO_PROXY=${rule} does not go past the proxy`, async (t) => {
    const proxy = await startProxy(t, { refuse: 502 })
    const client = clientWith({ HTTPS_PROXY: proxy.url, NO_PROXY: rule })
    await failure(client, PlaidConnectionError, { code: 'PROXY_FAILED', attempts: 1 })
    assert.equal(proxy.connectionCount(), 1)
  })
}

test('loopback is never taken to a proxy, by http or https, by name or address', async (t) => {
  const proxy = await startProxy(t, { refuse: 502 })
  const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
  const [plain, secure] = [await startServer(t), await startServer(t, { tls: authority.issue() })]
  for (const url of [plain.url, `http://localhost:${plain.port}`, secure.url]) {
    await works(clientWith(env, { url }))
  }
  await works(clientWith(env, { url: `https://127.0.0.1:${secure.port}` }))
  assert.equal(proxy.connectionCount(), 0)
})

test('the proxy is read when the client is made', async (t) => {
  const { proxy } = await startBoth(t)
  const client = clientWith({ HTTPS_PROXY: proxy.url })
  assert.equal(process.env.HTTPS_PROXY, undefined)
  await works(client)
})
