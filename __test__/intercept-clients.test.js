'use strict'

// Promise: under the preload, whatever client an app uses, its calls to sandbox.plaid.com reach the
// local Sandbox, also with a proxy, and mocks of an app's tests still see Plaid's own host.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { program, root, runIntercepted, startedSandbox } = require('./support/intercept.js')
const { startProxy } = require('./support/proxy.js')

const directory = program('.')
const runners = path.join(root, 'examples/test-runners/node_modules')

const CLIENTS = [
  'plaid, CommonJS',
  'plaid, ESM',
  'node:https',
  'node:https, a captured function',
  'node:https, an own agent',
  'node:https, own authorities',
  'node:https, an own secure context',
  'node:https, other ways to the host',
  'tls.connect over an own socket',
  'tls.connect, a captured function',
  'fetch',
  'undici 6',
  'undici 7',
  'undici 7, a pool of HTTP/2',
  'got',
  'got, HTTP/2',
  'ky',
  'node-fetch 2',
  'node-fetch 3',
  'superagent',
  'http2.connect',
  'http2.connect, a captured function',
  'axios',
]

/** Clients that take a proxy from the environment. */
const WITH_PROXY_OF_ENVIRONMENT = ['axios', 'plaid, ESM', 'undici 7, EnvHttpProxyAgent']
/** Clients that always ask their proxy for a tunnel; it is not used. */
const WITH_OWN_PROXY = ['an explicit HttpsProxyAgent', 'undici 7, an explicit ProxyAgent']

/** What each client got, in one process. */
async function ask(names, env) {
  const ended = await runIntercepted('clients.mjs', { args: names, env })
  assert.equal(ended.code, 0, ended.stderr)
  return JSON.parse(ended.stdout)
}

const all = (names, value) => Object.fromEntries(names.map((name) => [name, value]))

test('every client reaches the local Sandbox', async (t) => {
  const { sandbox, item_id, env } = await startedSandbox(t)
  assert.deepEqual(await ask(CLIENTS, env), all(CLIENTS, item_id))
  const requests = await sandbox.requests()
  assert.deepEqual(
    requests.map(({ path, status }) => [path, status]),
    CLIENTS.map(() => ['/item/get', 200]),
  )
})

test('a function that was imported before the preload is changed too', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const names = ['tls.connect, a captured function', 'node:https, a captured function']
  const earlier = '--import=data:text/javascript,import"node:tls";import"node:https"'
  const got = await ask(names, { ...env, NODE_OPTIONS: `${env.NODE_OPTIONS} ${quoted(earlier)}` })
  assert.deepEqual(got, all(names, item_id))
})

/** In NODE_OPTIONS, a quote needs a backslash. */
function quoted(option) {
  return `"${option.replaceAll('"', '\\"')}"`
}

test('a proxy of the environment is not used', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const proxy = await startProxy(t, { refuse: 502 })
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    const names = WITH_PROXY_OF_ENVIRONMENT
    const proxied = { ...env, [name]: proxy.url }
    assert.deepEqual(await ask(names, proxied), all(names, item_id), name)
  }
  // Node 24 and newer; older ones ignore it.
  const node = ['fetch', 'node:https']
  const built_in = { ...env, NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy.url }
  assert.deepEqual(await ask(node, built_in), all(node, item_id))
  const targets = new Set(proxy.connects.map(({ target }) => target))
  targets.delete('sandbox.plaid.com:443')
  assert.deepEqual([...targets], [])
})

test('the tunnel of an explicit proxy is dropped: nothing passes through it', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const silent = net.createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const proxy = await startProxy(t, { to: silent.address() })
  const proxied = { ...env, PROXY: proxy.url }
  assert.deepEqual(await ask(WITH_OWN_PROXY, proxied), all(WITH_OWN_PROXY, item_id))
  for (const { target } of proxy.connects) assert.equal(target, 'sandbox.plaid.com:443')
  for (const secret of [env.PLAID_SECRET, env.ACCESS_TOKEN, '\u0016\u0003']) {
    assert.ok(!proxy.passedInClear().includes(secret))
  }
})

/** nock 15 needs Node 22.20. */
const [major, minor] = process.versions.node.split('.').map(Number)
const NOCKS = major > 22 || (major === 22 && minor >= 20) ? ['14', '15'] : ['14']

for (const [name, ...args] of [...NOCKS.map((version) => ['nock', version]), ['msw']]) {
  test(`${[name, ...args].join(' ')} sees Plaid's own host, and lets the rest through`, async (t) => {
    const { item_id, env } = await startedSandbox(t)
    const ended = await runIntercepted('mocks.mjs', { args: [name, ...args], env })
    assert.deepEqual([ended.code, ended.stdout], [0, `mocked\n${item_id}\n`], ended.stderr)
  })
}

/** Test runners, with their programs and arguments. */
const RUNNERS = {
  'node --test': [undefined, ['--test'], /pass 1\b/],
  jest: ['jest/bin/jest.js', ['--rootDir', directory, '--testRegex', 'runner.test.js'], /1 passed/],
  'vitest, forks': ['vitest/vitest.mjs', vitest('forks'), /1 passed/],
  'vitest, threads': ['vitest/vitest.mjs', vitest('threads'), /1 passed/],
}

function vitest(pool) {
  return ['run', 'runner.test.js', '--globals', '--pool', pool, '--root', directory]
}

for (const [name, [bin, args, prints]] of Object.entries(RUNNERS)) {
  test(`an app's tests reach the local Sandbox under ${name}`, async (t) => {
    const { sandbox, env } = await startedSandbox(t)
    const file = bin ? path.join(runners, bin) : path.join(directory, 'runner.test.js')
    const ended = await runIntercepted(file, { args, env: { ...env, NO_COLOR: '1' } })
    const printed = ended.stdout + ended.stderr
    assert.equal(ended.code, 0, printed)
    assert.match(printed, prints)
    assert.equal((await sandbox.requests()).length, 2)
    assert.equal(printed.match(/go to the local Sandbox/g).length, 1, 'it says so once')
  })
}

test('an app in TypeScript reaches the local Sandbox under tsx', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs')
  const ended = await runIntercepted(tsx, { args: [path.join(directory, 'typed.mts')], env })
  assert.deepEqual([ended.code, ended.stdout], [0, `${item_id}\n`], ended.stderr)
})

test("this package's own client and verifier reach the local Sandbox, past a proxy too", async (t) => {
  const { sandbox, env } = await startedSandbox(t)
  const body = '{"webhook_type":"ITEM","webhook_code":"ERROR"}'
  const args = [env.ACCESS_TOKEN, body, await sandbox.signWebhook(body)]
  const { stdout } = await runIntercepted('own.js', {
    args,
    env: { ...env, HTTPS_PROXY: 'http://127.0.0.1:9' },
  })
  assert.equal(stdout, 'true ERROR\n'.repeat(3))
  assert.equal((await sandbox.requests()).length, 6)
})
