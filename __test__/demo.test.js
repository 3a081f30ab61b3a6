'use strict'

// Promise: `utdk-plaid demo` runs the whole flow in the terminal, prints no secret, and exits with 0
// only if every step succeeded.

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { version } = require('../package.json')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, CLIENT_ID, PRODUCTION_TOKEN, SECRET } = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { good, json, raw, startServer } = require('./support/server.js')

const COMMAND = path.join(__dirname, '../bin/utdk-plaid.js')
const CREDENTIALS = {
  PLAID_CLIENT_ID: CLIENT_ID,
  PLAID_SECRET: SECRET,
  PLAID_ACCESS_TOKEN: ACCESS_TOKEN,
}

/** Runs the command with only `env` in its environment. */
function command(args, env = {}) {
  const nothing = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
  return run(COMMAND, { args, env: { ...nothing, ...env } })
}

/** The printed lines that start with `mark`, without it. */
function marked(mark, text) {
  const lines = text.split('\n').filter((line) => line.includes(mark))
  for (const line of lines) assert.ok(line.startsWith(`  ${mark} `), line)
  return lines.map((line) => line.slice(4))
}

/** Asserts that the demo fails on `env` with one line that matches `reason`, after `steps`. */
async function fails(env, reason, steps = 0) {
  const { code, stdout, stderr } = await command(['demo'], { ...CREDENTIALS, ...env })
  assert.deepEqual([code, stderr], [1, ''])
  assert.equal(marked('✓', stdout).length, steps)
  const [line, ...more] = marked('✗', stdout)
  assert.deepEqual(more, [])
  assert.match(line, reason)
  // The title, the steps and the error: nothing else, and no stack.
  assert.equal(stdout.split('\n').filter(Boolean).length, 1 + steps + 1, stdout)
  assertNoSecret(stdout, 'the demo')
  return stdout
}

test('the demo prints its ten steps in order, without an account', async () => {
  const { code, stdout, stderr } = await command(['demo'])
  assert.deepEqual([code, stderr], [0, ''])
  const expected = [
    /^Started a local Plaid Sandbox at http:\/\/127\.0\.0\.1:\d+ in \d+\.\d ms$/,
    /^Created an Item; its webhooks go to http:\/\/127\.0\.0\.1:\d+\//,
    /^\/item\/get: the Item is healthy, its error is null$/,
    /^plaid\.sandboxitemresetlogin\(\) returned \{.*"reset_login":true.*\} in \d+\.\d ms$/,
    /^Received the webhook: ITEM \/ ERROR, with ITEM_LOGIN_REQUIRED$/,
    /^Verified its signature: ES256, with key [0-9a-f-]{36} from Plaid's API$/,
    /^\/item\/get: the login is broken, its error is ITEM_LOGIN_REQUIRED$/,
    /^\/link\/token\/create: a page for Link's update mode at http:\/\/127\.0\.0\.1:\d+\/hl\/ls\w{32}$/,
    /^Logged in again on that page: this program submitted its form$/,
    /^\/item\/get: the Item is healthy again, its error is null$/,
  ]
  const steps = marked('✓', stdout)
  assert.equal(steps.length, expected.length)
  for (const [i, step] of steps.entries()) assert.match(step, expected[i])
  assert.deepEqual(marked('✗', stdout), [])
})

test('the demo prints no token, and no colours unless it prints to a terminal', async () => {
  const { stdout } = await command(['demo'])
  assert.ok(!stdout.includes('access-sandbox-'))
  // 30 hex characters are a Sandbox's secret, 24 its client id.
  assert.doesNotMatch(stdout, /\b[0-9a-f]{24,}\b/)
  assert.ok(!stdout.includes('\u001b'))
})

test('the demo ends with commands that exist for users of the package', async () => {
  const { stdout } = await command(['demo'])
  const [, next] = stdout.split('healthy again, its error is null\n')
  const commands = [...next.matchAll(/^ {2}npx @utdk\/plaid (\S+)$/gm)].map(([, name]) => name)
  assert.deepEqual(commands, ['console', 'demo'])
  for (const name of commands) assert.equal((await command([name, '--help'])).code, 0)
  assert.ok(!next.includes('npm start'))
})

test('with PLAID_ACCESS_TOKEN the demo breaks that Item', async (t) => {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const receiver = await startServer(t)
  const { access_token, item_id } = await sandbox.createItem({ webhook: receiver.url })
  const { code, stdout, stderr } = await command(['demo'], {
    PLAID_BASE_URL: sandbox.url,
    PLAID_CLIENT_ID: sandbox.clientId,
    PLAID_SECRET: sandbox.secret,
    PLAID_ACCESS_TOKEN: access_token,
  })
  assert.deepEqual([code, stderr], [0, ''])
  const [reset, broken, ...more] = marked('✓', stdout)
  assert.match(reset, /^plaid\.sandboxitemresetlogin\(\) returned \{.*"reset_login":true.*\}/)
  assert.equal(broken, '/item/get: the login is broken, its error is ITEM_LOGIN_REQUIRED')
  assert.deepEqual(more, [])
  for (const hidden of [access_token, sandbox.secret, sandbox.clientId]) {
    assert.ok(!stdout.includes(hidden))
  }
  const { body } = await sandbox.nextWebhook({ item_id })
  assert.equal(body.error.error_code, 'ITEM_LOGIN_REQUIRED')
})

test('the demo fails with one line if the reply is not from Plaid', async (t) => {
  const server = await startServer(t, { replies: [raw(200, '<html>welcome</html>')] })
  const stdout = await fails({ PLAID_BASE_URL: server.url }, /^UNEXPECTED_RESPONSE: /)
  assert.ok(!stdout.includes('welcome'))
})

test('the demo fails with one line if Plaid refuses the call', async (t) => {
  const reply = json(400, { error_code: 'INVALID_API_KEYS', error_message: `no ${SECRET}` })
  const server = await startServer(t, { replies: [reply] })
  await fails({ PLAID_BASE_URL: server.url }, /^INVALID_API_KEYS: /)
})

test('the demo fails with one line if the Item is not broken afterwards', async (t) => {
  const server = await startServer(t, { replies: [good, json(200, { item: { error: null } })] })
  const reason = /^the error of \/item\/get: expected ITEM_LOGIN_REQUIRED, got null$/
  await fails({ PLAID_BASE_URL: server.url }, reason, 1)
})

test('the demo fails with one line, without the reply, if /item/get is not JSON', async (t) => {
  const server = await startServer(t, { replies: [good, raw(200, '<html>\nwel\ncome\n</html>')] })
  const stdout = await fails({ PLAID_BASE_URL: server.url }, /./, 1)
  assert.ok(!stdout.includes('<html>'))
})

test('the demo refuses a token that is not a Sandbox token, and sends nothing', async (t) => {
  const server = await startServer(t)
  const env = { PLAID_BASE_URL: server.url, PLAID_ACCESS_TOKEN: PRODUCTION_TOKEN }
  await fails(env, /^NOT_A_SANDBOX_TOKEN: /)
  assert.equal(server.connectionCount(), 0)
})

test('the demo names the missing credential', async (t) => {
  const server = await startServer(t)
  await fails({ PLAID_BASE_URL: server.url, PLAID_SECRET: undefined }, /PLAID_SECRET/)
  assert.equal(server.connectionCount(), 0)
})

test('--help lists the commands on standard output', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await command(args)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /Usage: utdk-plaid/)
    assert.match(stdout, /\bdemo\b/)
  }
  const { code, stdout } = await command(['demo', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /PLAID_ACCESS_TOKEN/)
})

test('--version prints the version of the package', async () => {
  const { code, stdout, stderr } = await command(['--version'])
  assert.deepEqual([code, stdout, stderr], [0, `utdk-plaid ${version}\n`, ''])
})

test('no arguments, an unknown command and an unknown option are wrong usage', async () => {
  for (const [args, named] of [
    [[], /Usage: utdk-plaid/],
    [['nope'], /nope/],
    [['demo', '--nope'], /--nope/],
  ]) {
    const { code, stdout, stderr } = await command(args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, named)
  }
})
