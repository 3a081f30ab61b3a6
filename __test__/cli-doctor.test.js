'use strict'

// Promise: `utdk-plaid doctor` checks the installation, the environment and one request to Plaid or
// the gateway, says what to do about each problem, and prints no secret.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const { once } = require('node:events')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { version } = require('../package.json')
const { startGateway } = require('../gateway.js')
const { startSandbox } = require('../sandbox.js')
const { CLIENT_ID, PASSWORD, SECRET } = require('./support/client.js')
const { createAuthority } = require('./support/certificates.js')
const { run } = require('./support/child.js')
const { COMMAND } = require('./support/command.js')
const { assertNoSecret } = require('./support/failure.js')
const { startProxy } = require('./support/proxy.js')
const { startServer } = require('./support/server.js')

const TOKEN = 'fakegatewaytoken-5b1e6d0c7f3a'
const CREDENTIALS = { PLAID_CLIENT_ID: CLIENT_ID, PLAID_SECRET: SECRET }

async function doctor(args, env = {}) {
  const ended = await run(COMMAND, { args: ['doctor', ...args], env })
  assertNoSecret(ended.stdout, ended.stderr)
  for (const secret of [SECRET, TOKEN, PASSWORD]) {
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(secret))
  }
  return ended
}

/** The exit code, and the checks by name. */
async function report(env, args = []) {
  const { code, stdout, stderr } = await doctor(['--json', ...args], env)
  assert.equal(stderr, '')
  const { ok, checks } = JSON.parse(stdout)
  assert.equal(ok, code === 0)
  return { code, checks, of: (name) => checks.findLast((check) => check.name === name) }
}

/** A local Sandbox, and the environment that calls it. */
async function sandbox(t) {
  const running = await startSandbox()
  t.after(() => running.close())
  const { url, clientId, secret } = running
  const env = { PLAID_BASE_URL: url, PLAID_CLIENT_ID: clientId, PLAID_SECRET: secret }
  return { url, clientId, secret, env }
}

/** Answers as Plaid does for an access token it does not know. */
function knowsNoToken(_, response) {
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error_code: 'INVALID_ACCESS_TOKEN' }))
}

async function fileOf(t, text) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'plaid-doctor-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'authority.pem')
  await writeFile(file, text)
  return file
}

test('a healthy setup reports the installation and no problems', async (t) => {
  const { url, env } = await sandbox(t)
  const { code, stdout, stderr } = await doctor([], env)
  assert.deepEqual([code, stderr], [0, ''])
  for (const pattern of [
    new RegExp(`✓ package +@utdk/plaid ${version.replaceAll('.', '\\.')}\n`),
    new RegExp(`✓ platform +${process.platform}-${process.arch}`),
    new RegExp(`✓ Node\\.js +${process.version.replaceAll('.', '\\.')}\n`),
    /✓ binary +\S+\.node\n/,
    /✓ credentials +set\n/,
    /✓ certificates +\d+ from /,
    /✓ proxy +none\n/,
    new RegExp(`\nPlaid: ${url}\n`),
    /✓ answer +credentials accepted {2}[\d.]+ ms\n/,
    /\n\nNo problems found\.\n$/,
  ]) {
    assert.match(stdout, pattern)
  }
  assert.ok(!stdout.includes(os.homedir()) || os.homedir() === '/')
})

test('missing credentials are a warning, half a pair is a problem', async (t) => {
  const { env } = await sandbox(t)
  const none = await report({ ...env, PLAID_CLIENT_ID: '', PLAID_SECRET: '' })
  assert.deepEqual([none.code, none.of('credentials').state], [0, 'warning'])
  assert.deepEqual([none.of('answer').state, none.of('answer').value], ['good', 'reached'])
  const half = await report({ ...env, PLAID_CLIENT_ID: '' })
  assert.deepEqual([half.code, half.of('credentials').state], [1, 'bad'])
  assert.equal(half.of('credentials').value, 'PLAID_SECRET is set without PLAID_CLIENT_ID')
})

test('a local Sandbox refuses credentials that it did not print', async (t) => {
  const { env } = await sandbox(t)
  for (const [wrong, refused] of [
    [{ PLAID_SECRET: '0'.repeat(30) }, 'INVALID_API_KEYS'],
    [CREDENTIALS, 'INVALID_FIELD'],
  ]) {
    const { code, of } = await report({ ...env, ...wrong })
    assert.deepEqual([code, of('answer').code], [1, refused])
    assert.match(of('answer').advice, /^A local Sandbox accepts only .* it prints when it starts/)
    assert.doesNotMatch(of('answer').advice, /dashboard/)
  }
})

test('a server is trusted by your own certificates, and reported without them', async (t) => {
  const authority = createAuthority()
  const server = await startServer(t, { tls: authority.issue({}), replies: [knowsNoToken] })
  const env = { ...CREDENTIALS, PLAID_BASE_URL: server.url }
  const NODE_EXTRA_CA_CERTS = await fileOf(t, authority.pem)
  const trusted = await report({ ...env, NODE_EXTRA_CA_CERTS })
  assert.deepEqual([trusted.code, trusted.of('answer').state], [0, 'good'])
  assert.match(trusted.of('certificates').value, /, 1 from NODE_EXTRA_CA_CERTS$/)
  const untrusted = await report(env)
  assert.deepEqual([untrusted.code, untrusted.of('answer').code], [1, 'CERT_UNTRUSTED'])
  assert.match(untrusted.of('answer').advice, /NODE_EXTRA_CA_CERTS/)
})

test('a certificate file without a certificate is a warning', async (t) => {
  const { env } = await sandbox(t)
  const empty = await fileOf(t, 'nothing of use\n')
  for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const { of } = await report({ ...env, [variable]: empty })
    assert.equal(of('certificates').state, 'warning')
    assert.ok(of('certificates').advice.startsWith(variable))
  }
})

test('a server that cannot be reached is a problem, with what to do', async () => {
  const closed = net.createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address()
  await new Promise((resolve) => closed.close(resolve))
  for (const [PLAID_BASE_URL, name, code] of [
    [`http://127.0.0.1:${port}`, 'answer', 'ECONNREFUSED'],
    ['https://plaid-sandbox.invalid', 'answer', 'ENOTFOUND'],
    ['https://production.plaid.com', 'PLAID_BASE_URL', 'NOT_SANDBOX'],
    [`https://me:${SECRET}@localhost`, 'PLAID_BASE_URL', 'INVALID_BASE_URL'],
  ]) {
    const { code: exit, of } = await report({ ...CREDENTIALS, PLAID_BASE_URL })
    assert.deepEqual([exit, of(name)?.code], [1, code], PLAID_BASE_URL)
    assert.ok(of(name).advice.length > 20)
  }
})

test('--timeout ends the wait for a server that never answers', async (t) => {
  const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const env = { ...CREDENTIALS, PLAID_BASE_URL: `http://127.0.0.1:${silent.address().port}` }
  const { code, of } = await report(env, ['--timeout', '0.3'])
  assert.deepEqual([code, of('answer').code], [1, 'TIMEOUT'])
  assert.match(of('answer').advice, /within 300 ms/)
  assert.ok(of('answer').duration_ms >= 200)
})

test('an answer that is not from Plaid is a problem', async (t) => {
  const page = (_, response) => response.end('<html>Please log in</html>')
  const { url } = await startServer(t, { replies: [page] })
  const { code, of } = await report({ ...CREDENTIALS, PLAID_BASE_URL: url })
  assert.deepEqual([code, of('answer').code], [1, 'UNEXPECTED_RESPONSE'])
})

test('a server that is overloaded is only a warning', async (t) => {
  const busy = (_, response) => {
    response.writeHead(503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error_code: 'OVER\u001b[2J', error_message: 'busy\n' }))
  }
  const { url } = await startServer(t, { replies: [busy] })
  const { code, of } = await report({ ...CREDENTIALS, PLAID_BASE_URL: url })
  assert.deepEqual([code, of('answer').state], [0, 'warning'])
  assert.equal(of('answer').code, 'OVER\\u{1b}[2J')
})

test('a gateway is checked for its token and its credentials', async (t) => {
  const { url: baseUrl, clientId, secret, env } = await sandbox(t)
  for (const [own, token, code, state] of [
    [{ clientId, secret }, TOKEN, undefined, 'good'],
    [{ clientId, secret }, '', 'UNAUTHORIZED', 'bad'],
    [{ clientId, secret }, `${TOKEN}-of-another`, 'UNAUTHORIZED', 'bad'],
    [{}, TOKEN, 'MISSING_CREDENTIALS', 'bad'],
    [{ clientId, secret: '0'.repeat(30) }, TOKEN, 'INVALID_API_KEYS', 'bad'],
  ]) {
    const gateway = await startGateway({ ...own, baseUrl, token: TOKEN, port: 0 })
    t.after(() => gateway.close())
    const through = { UTDK_GATEWAY_URL: gateway.url, UTDK_GATEWAY_TOKEN: token }
    // Plaid need not be reachable from here.
    const { of } = await report({ ...env, ...through, PLAID_BASE_URL: 'http://[::1]:9' })
    assert.deepEqual([of('answer').state, of('answer').code], [state, code])
    assert.equal(of('answer').section, `Gateway: ${gateway.url}`)
  }
})

test('a proxy is shown without its credentials, and a refusal names it', async (t) => {
  const authority = createAuthority()
  const tls = authority.issue({ hosts: ['plaid-sandbox.invalid'] })
  const server = await startServer(t, { tls, replies: [knowsNoToken] })
  const proxy = await startProxy(t, { to: server })
  const env = {
    ...CREDENTIALS,
    HTTPS_PROXY: `http://me:${PASSWORD}@${proxy.host}`,
    NODE_EXTRA_CA_CERTS: await fileOf(t, authority.pem),
    PLAID_BASE_URL: 'https://plaid-sandbox.invalid',
  }
  const through = await report(env)
  assert.equal(through.of('proxy').value, proxy.host)
  assert.deepEqual([through.code, through.of('answer').state], [0, 'good'])
  const direct = await report({ ...env, NO_PROXY: '.invalid' })
  assert.equal(direct.of('proxy').value, 'none')
  assert.equal(direct.of('answer').code, 'ENOTFOUND')
  const refusing = await startProxy(t, { to: server, refuse: 407 })
  const refused = await report({ ...env, HTTPS_PROXY: `http://me:${PASSWORD}@${refusing.host}` })
  assert.equal(refused.code, 1)
  assert.match(refused.of('answer').code, /^PROXY_/)
})

test('the report fits 80 columns', async (t) => {
  const { url } = await sandbox(t)
  const { stdout } = await doctor([], { ...CREDENTIALS, PLAID_BASE_URL: url })
  const binary = /✓ binary .*/
  for (const line of stdout.replace(binary, '').split('\n')) assert.ok(line.length <= 80, line)
})

test('wrong usage exits with 2, and --help shows an example', async () => {
  for (const args of [['--timeout', '-1'], ['--timeout', 'soon'], ['--fix'], ['now']]) {
    const { code, stdout } = await doctor(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
  }
  const { code, stdout } = await doctor(['--help'])
  assert.equal(code, 0)
  assert.match(stdout, /npx @utdk\/plaid doctor --json/)
})
