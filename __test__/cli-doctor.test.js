'use strict'

// Promise: `utdk-plaid doctor` says what is installed, how far the way to Plaid or the gateway leads
// and what to do where it ends, and prints no secret.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
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

/** The report as data: `[exit code, the checks by their names]`. */
async function report(env, args = []) {
  const { code, stdout, stderr } = await doctor(['--json', ...args], env)
  assert.equal(stderr, '')
  const { ok, checks } = JSON.parse(stdout)
  assert.equal(ok, code === 0)
  return { code, checks, of: (name) => checks.findLast((check) => check.name === name) }
}

async function sandbox(t, options) {
  const running = await startSandbox(options)
  t.after(() => running.close())
  return running
}

/** Answers as Plaid does without credentials. */
function refuses(_, response) {
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error_code: 'MISSING_FIELDS' }))
}

/** A file with `text`. */
async function fileOf(t, text) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'plaid-doctor-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'authority.pem')
  await writeFile(file, text)
  return file
}

test('with all in order it says so, what is installed, and how long each step took', async (t) => {
  const { url } = await sandbox(t)
  const env = { ...CREDENTIALS, PLAID_BASE_URL: url }
  const { code, stdout, stderr } = await doctor([], env)
  assert.deepEqual([code, stderr], [0, ''])
  for (const pattern of [
    new RegExp(`✓ package +@utdk/plaid ${version.replaceAll('.', '\\.')}\n`),
    new RegExp(`✓ platform +${process.platform}-${process.arch}`),
    new RegExp(`✓ Node\\.js +${process.version.replaceAll('.', '\\.')}\n`),
    /✓ binary +\S+\.node\n/,
    /✓ credentials +PLAID_CLIENT_ID and PLAID_SECRET are set\n/,
    /✓ certificates +\d+ of /,
    new RegExp(`\nPlaid: ${url}\n`),
    /✓ way +direct, without a proxy\n/,
    /✓ dns +[\d.]+ ms {2}127\.0\.0\.1\n/,
    /✓ tcp +[\d.]+ ms\n/,
    /✓ answer +[\d.]+ ms {2}HTTP 400, as Plaid refuses/,
    /\n\nAll is well\.\n$/,
  ]) {
    assert.match(stdout, pattern)
  }
  assert.ok(!stdout.includes(os.homedir()) || os.homedir() === '/')
})

test('of credentials it says whether they are set, and that half a pair is wrong', async (t) => {
  const { url: PLAID_BASE_URL } = await sandbox(t)
  const none = await report({ PLAID_BASE_URL, PLAID_CLIENT_ID: '', PLAID_SECRET: '' })
  assert.deepEqual([none.code, none.of('credentials').state], [0, 'warning'])
  const half = await report({ PLAID_BASE_URL, PLAID_CLIENT_ID: '', PLAID_SECRET: SECRET })
  assert.deepEqual([half.code, half.of('credentials').state], [1, 'bad'])
  assert.equal(half.of('credentials').value, 'PLAID_SECRET is set without PLAID_CLIENT_ID')
})

test('TLS is shown with what was agreed on, and with certificates of your own', async (t) => {
  const authority = createAuthority()
  const tls = authority.issue({})
  const server = await startServer(t, { tls, replies: [refuses] })
  const env = { ...CREDENTIALS, PLAID_BASE_URL: server.url }
  const NODE_EXTRA_CA_CERTS = await fileOf(t, authority.pem)
  const trusted = await report({ ...env, NODE_EXTRA_CA_CERTS })
  assert.match(trusted.of('tls').value, /^TLS 1\.3, HTTP\/(1\.1|2)$/)
  assert.deepEqual([trusted.code, trusted.of('answer').state], [0, 'good'])
  assert.match(trusted.of('certificates').value, /, 1 of NODE_EXTRA_CA_CERTS$/)
  const untrusted = await report(env)
  assert.deepEqual([untrusted.code, untrusted.of('tls').code], [1, 'CERT_UNTRUSTED'])
  assert.match(untrusted.of('tls').advice, /NODE_EXTRA_CA_CERTS/)
  assert.equal(untrusted.of('answer'), undefined)
})

test('a file of certificates that holds none is pointed out', async (t) => {
  const { url: PLAID_BASE_URL } = await sandbox(t)
  const empty = await fileOf(t, 'nothing of use\n')
  for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const { of } = await report({ ...CREDENTIALS, PLAID_BASE_URL, [variable]: empty })
    assert.equal(of('certificates').state, 'warning')
    assert.ok(of('certificates').advice.startsWith(variable))
  }
})

test('where the way ends is named, with what to do', async () => {
  const closed = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = closed.address()
  await new Promise((resolve) => closed.close(resolve))
  for (const [PLAID_BASE_URL, step, code] of [
    [`http://127.0.0.1:${port}`, 'tcp', 'ECONNREFUSED'],
    ['https://plaid-sandbox.invalid', 'dns', 'ENOTFOUND'],
    ['https://production.plaid.com', 'PLAID_BASE_URL', 'NOT_SANDBOX'],
    [`https://me:${SECRET}@localhost`, 'PLAID_BASE_URL', 'INVALID_BASE_URL'],
  ]) {
    const { code: exit, of } = await report({ ...CREDENTIALS, PLAID_BASE_URL })
    assert.deepEqual([exit, of(step)?.code], [1, code], PLAID_BASE_URL)
    assert.ok(of(step).advice.length > 20)
  }
})

test('a server that never answers is given up after --timeout', async (t) => {
  const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  t.after(() => silent.close())
  const env = { ...CREDENTIALS, PLAID_BASE_URL: `http://127.0.0.1:${silent.address().port}` }
  const { code, of } = await report(env, ['--timeout', '0.3'])
  assert.deepEqual([code, of('answer').code], [1, 'ETIMEDOUT'])
  assert.match(of('answer').advice, /within 0\.3 s/)
  assert.ok(of('answer').duration_ms >= 200)
})

test('an answer that is not of Plaid is told', async (t) => {
  const page = (_, response) => response.end('<html>Please log in</html>')
  const { url } = await startServer(t, { replies: [page] })
  const { code, of } = await report({ ...CREDENTIALS, PLAID_BASE_URL: url })
  assert.deepEqual([code, of('answer').code], [1, 'UNEXPECTED_RESPONSE'])
})

test('the gateway is asked for its health, and its token is not sent', async (t) => {
  const { url: baseUrl } = await sandbox(t)
  const gateway = await startGateway({ baseUrl, token: TOKEN, port: 0 })
  t.after(() => gateway.close())
  const env = { ...CREDENTIALS, PLAID_BASE_URL: baseUrl, UTDK_GATEWAY_URL: gateway.url }
  const gatewayAnswer = ({ checks }) =>
    checks.find(({ section, name }) => section.startsWith('Gateway') && name === 'answer')
  const without = await report(env)
  assert.deepEqual([without.code, gatewayAnswer(without).code], [1, 'TOKEN_MISSING'])
  const held = await report({ ...env, UTDK_GATEWAY_TOKEN: TOKEN })
  assert.deepEqual([held.code, gatewayAnswer(held).state], [0, 'good'])
  // Plaid need not be reached from where a gateway is.
  const alone = await report({
    ...env,
    UTDK_GATEWAY_TOKEN: TOKEN,
    PLAID_BASE_URL: 'http://[::1]:9',
  })
  assert.deepEqual([alone.code, alone.of('tcp').state], [0, 'warning'])
})

test('a proxy is shown without its credentials, and whether it leads there', async (t) => {
  const authority = createAuthority()
  const tls = authority.issue({ hosts: ['plaid-sandbox.invalid'] })
  const server = await startServer(t, { tls, replies: [refuses] })
  const proxy = await startProxy(t, { to: server })
  const env = {
    ...CREDENTIALS,
    HTTPS_PROXY: `http://me:${PASSWORD}@${proxy.host}`,
    NODE_EXTRA_CA_CERTS: await fileOf(t, authority.pem),
    PLAID_BASE_URL: 'https://plaid-sandbox.invalid',
  }
  const through = await report(env)
  assert.equal(through.of('way').value, `through the proxy ${proxy.host}`)
  assert.deepEqual([through.code, through.of('proxy').state], [0, 'good'])
  const beside = await report({ ...env, NO_PROXY: '.invalid' })
  assert.equal(beside.of('way').value, 'direct, without a proxy')
  assert.equal(beside.of('dns').code, 'ENOTFOUND')
  const refusing = await startProxy(t, { to: server, refuse: 407 })
  const refused = await report({ ...env, HTTPS_PROXY: `http://me:${PASSWORD}@${refusing.host}` })
  assert.deepEqual([refused.code, refused.of('proxy').code], [1, 'PROXY_FAILED'])
})

test('wrong usage exits with 2, and --help says what it looks at', async () => {
  for (const args of [['--timeout', '-1'], ['--timeout', 'soon'], ['--fix'], ['now']]) {
    const { code, stdout } = await doctor(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
  }
  const { code, stdout } = await doctor(['--help'])
  assert.equal(code, 0)
  assert.match(stdout, /npx @utdk\/plaid doctor --json/)
})
