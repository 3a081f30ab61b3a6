'use strict'

// Promise: HTTPS_PROXY and NO_PROXY are read when a client is made, loopback is never sent to a
// proxy, and no error shows the proxy's credentials.

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

/** Makes one call to the default base URL, in a process of its own. */
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

/** A server that takes the Sandbox's place, and a proxy that leads to it. */
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
  test(`${variable} sends calls to the Sandbox through the proxy, encrypted`, async (t) => {
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

test('credentials in the proxy’s URL are sent to the proxy only, once for many calls', async (t) => {
  const { server, proxy } = await startBoth(t)
  const client = clientWith({ HTTPS_PROXY: `http://us%40er:${PASSWORD}%2F@${proxy.host}` })
  for (let i = 0; i < 5; i++) await works(client)
  assert.equal(proxy.connects.length, 1)
  const expected = `Basic ${basic('us@er', `${PASSWORD}/`)}`
  assert.equal(proxy.connects[0].headers['proxy-authorization'], expected)
  assert.equal(server.requests[0].headers['proxy-authorization'], undefined)
})

for (const [refuse, code] of [
  [407, 'PROXY_AUTH_REQUIRED'],
  [502, 'PROXY_REFUSED'],
  [403, 'PROXY_REFUSED'],
]) {
  test(`a proxy that answers ${refuse} is ${code}, and no credentials are shown`, async (t) => {
    const proxy = await startProxy(t, { refuse })
    const client = clientWith({ HTTPS_PROXY: `http://user:${PASSWORD}@${proxy.host}` })
    const error = await failure(client, PlaidConnectionError, { code, attempts: 1 })
    assert.equal(proxy.connects.length, 1)
    for (let next = error; next; next = next.cause) {
      assert.ok(!String(next.stack).includes(basic('user', PASSWORD)), next.stack)
    }
  })
}

test('a proxy that refuses the connection is PROXY_FAILED', async (t) => {
  const server = await startServer(t)
  await server.stop()
  const client = clientWith({ HTTPS_PROXY: `http://user:${PASSWORD}@127.0.0.1:${server.port}` })
  await failure(client, PlaidConnectionError, { code: 'PROXY_FAILED', attempts: 1 })
})

test('a proxy that never answers is a timeout', async (t) => {
  const server = await startServer(t, { connections: [() => {}] })
  const client = clientWith({ HTTPS_PROXY: server.url }, ELSEWHERE, { timeoutMs: 200 })
  await failure(client, PlaidTimeoutError, { code: 'TIMEOUT', attempts: 1 })
})

test('certificates are checked through a proxy', async (t) => {
  const server = await startServer(t, { tls: createAuthority('Another authority').issue() })
  const proxy = await startProxy(t, { to: server })
  const client = clientWith({ HTTPS_PROXY: proxy.url })
  await failure(client, PlaidConnectionError, { code: 'CERT_UNTRUSTED', attempts: 1 })
  assert.equal(server.requests.length, 0)
})

for (const url of ['ftp://user:PASS@proxy.invalid', 'http://user:PASS@', 'http://[']) {
  test(`the proxy URL ${url} is refused, without being shown`, () => {
    const HTTPS_PROXY = url.replace('PASS', PASSWORD)
    const fields = { code: 'INVALID_PROXY', field: 'HTTPS_PROXY' }
    refusal(() => clientWith({ HTTPS_PROXY }), PlaidUsageError, fields)
  })
}

/** Whether NO_PROXY with this value applies to plaid-sandbox.invalid. */
const RULES = [
  ['plaid-sandbox.invalid', true],
  ['.invalid', true],
  ['invalid', true],
  ['example.com, plaid-sandbox.invalid', true],
  ['PLAID-SANDBOX.INVALID', true],
  ['*', true],
  ['plaid.invalid', false],
  ['sandbox.invalid', false],
  ['example.com', false],
]

test('NO_PROXY and no_proxy say which hosts are called without the proxy', async (t) => {
  const proxy = await startProxy(t, { refuse: 502 })
  for (const [rule, applies] of RULES) {
    for (const variable of ['NO_PROXY', 'no_proxy']) {
      const client = clientWith({ HTTPS_PROXY: proxy.url, [variable]: rule })
      const code = applies ? 'ENOTFOUND' : 'PROXY_REFUSED'
      await failure(client, PlaidConnectionError, { code, attempts: 1 })
    }
  }
})

test('loopback is never sent to a proxy, over http or https, by name or address', async (t) => {
  const proxy = await startProxy(t, { refuse: 502 })
  const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
  const [plain, secure] = [await startServer(t), await startServer(t, { tls: authority.issue() })]
  for (const url of [plain.url, `http://localhost:${plain.port}`, secure.url]) {
    await works(clientWith(env, { url }))
  }
  await works(clientWith(env, { url: `https://127.0.0.1:${secure.port}` }))
  assert.equal(proxy.connectionCount(), 0)
})
