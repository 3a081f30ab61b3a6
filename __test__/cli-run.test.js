'use strict'

// Promise: `run` starts an app with a local Sandbox in Plaid's place. The app keeps its output, its
// signals, its exit code and its credentials.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startCommand } = require('./support/command.js')
const { GUARD, program, startedSandbox } = require('./support/intercept.js')
const { assertFree } = require('./support/sandbox.js')

const CLIENT_ID = '0123456789abcdef01234567'
const ENV = { NODE_OPTIONS: GUARD, NODE_ENV: '', PLAID_SANDBOX_URL: '', NODE_TEST_CONTEXT: '' }
/** Without credentials of its own. */
const BARE = { ...ENV, PLAID_CLIENT_ID: '', PLAID_SECRET: '' }

/** Starts `run` with a Node program as the app: a file, or with `-e` its text. */
function startRun(t, app, { args = [], env = BARE } = {}) {
  return startCommand(t, ['run', ...args, '--', process.execPath, ...app], { env })
}

const CREATE = `
  const { PLAID_CLIENT_ID: client_id, PLAID_SECRET: secret } = process.env
  fetch('https://sandbox.plaid.com/sandbox/public_token/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id, secret, institution_id: 'ins_109508', initial_products: ['auth'] }),
  }).then(async (reply) => console.log(reply.status, client_id, secret))
`

test('an app without credentials gets those of a new Sandbox, which run prints', async (t) => {
  const run = startRun(t, ['-e', CREATE])
  assert.deepEqual(await run.ended(), [0, null], run.stderr)
  const [, url] = run.stderr.match(/runs at (http:\/\/127\.0\.0\.1:\d+)\n/)
  const [, id] = run.stderr.match(/^PLAID_CLIENT_ID=([0-9a-f]{24})$/m)
  const [, secret] = run.stderr.match(/^PLAID_SECRET=([0-9a-f]{30})$/m)
  assert.equal(run.stdout, `200 ${id} ${secret}\n`)
  await assertFree(Number(new URL(url).port))
})

test('an app keeps its own credentials, and the Sandbox takes them', async (t) => {
  const env = { ...ENV, PLAID_CLIENT_ID: CLIENT_ID, PLAID_SECRET: 'of-an-app' }
  const run = startRun(t, ['-e', CREATE], { env })
  assert.deepEqual(await run.ended(), [0, null], run.stderr)
  assert.equal(run.stdout, `200 ${CLIENT_ID} of-an-app\n`)
  assert.doesNotMatch(run.stderr, /of-an-app/)
})

test('with PLAID_SANDBOX_URL, it uses that Sandbox', async (t) => {
  const { sandbox, item_id, env } = await startedSandbox(t)
  const run = startRun(t, [program('call.mjs'), 'here'], { env })
  assert.deepEqual(await run.ended(), [0, null], run.stderr)
  assert.deepEqual([run.stdout, run.stderr], [`${item_id}\n`, ''])
  assert.equal((await sandbox.requests()).length, 1)
  const args = ['--port', '1']
  const wrong = startRun(t, ['-e', '0'], { args, env })
  assert.deepEqual(await wrong.ended(), [2, null])
  assert.match(wrong.stderr, /^error: --port and --seed .*PLAID_SANDBOX_URL/)
})

test('a seed makes the credentials the same in each run', async (t) => {
  const printed = []
  for (const args of [
    ['--seed', '1'],
    ['--seed', '1', '--port', '0'],
  ]) {
    const run = startRun(t, ['-e', CREATE], { args })
    await run.ended()
    printed.push(run.stdout)
  }
  assert.match(printed[0], /^200 /)
  assert.equal(printed[0], printed[1])
})

test('it exits as the app does', async (t) => {
  const code = startRun(t, ['-e', 'process.exit(7)'])
  assert.deepEqual(await code.ended(), [7, null])
  const signal = startRun(t, ['-e', "process.kill(process.pid, 'SIGKILL')"])
  assert.deepEqual(await signal.ended(), [null, 'SIGKILL'])
})

test('it passes signals on, and waits for the app to end', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    const app = `process.on('${signal}', () => setTimeout(() => process.exit(3), 100))
      setInterval(() => {}, 1000)
      console.log('ready')`
    const run = startRun(t, ['-e', app])
    await run.until(/ready/)
    assert.deepEqual(await run.ended(signal), [3, null], signal)
  }
  const run = startRun(t, ['-e', "setInterval(() => {}, 1000); console.log('ready')"])
  await run.until(/ready/)
  assert.deepEqual(await run.ended('SIGTERM'), [null, 'SIGTERM'])
})

test('an app that cannot be started is an error, with exit code 127', async (t) => {
  const run = startCommand(t, ['run', '--', 'no-such-program', '--port', '1'], { env: BARE })
  assert.deepEqual(await run.ended(), [127, null])
  assert.match(run.stderr, /^error: cannot start no-such-program: there is no such program$/m)
})

test('what keeps the preload from starting ends the app with its one error', async (t) => {
  const run = startRun(t, ['-e', CREATE], { env: { ...BARE, NODE_ENV: 'production' } })
  assert.deepEqual(await run.ended(), [1, null])
  assert.equal(run.stdout, '')
  assert.match(run.stderr, /^@utdk\/plaid\/intercept: refuses to run with NODE_ENV=production$/m)
})
