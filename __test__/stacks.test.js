'use strict'

// Promise: the stack of every error shows the function that made the call, and its file.

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const plaid = require('../index.js')
const { ACCESS_TOKEN, INPUT, PRODUCTION_TOKEN, clientOf } = require('./support/client.js')
const { run } = require('./support/child.js')
const { recordEvents } = require('./support/events.js')
const { assertNoSecret } = require('./support/failure.js')
const { json, raw, reset, silent, startServer } = require('./support/server.js')

const REFUSED = json(400, { error_code: 'INVALID_ACCESS_TOKEN', error_message: 'no such token' })

/** Each class, and the reply, input and options that lead to it. */
const FAILURES = [
  ['PlaidApiError', REFUSED],
  ['PlaidTimeoutError', silent, INPUT, { timeoutMs: 100 }],
  ['PlaidConnectionError', reset, INPUT, { maxRetries: 0 }],
  ['PlaidResponseError', raw(200, 'hello')],
  ['PlaidUsageError', REFUSED, { access_token: PRODUCTION_TOKEN }],
  ['PlaidUsageError', REFUSED, {}],
]

async function repairThisItem(client, input, options) {
  const reply = await client.sandboxitemresetlogin(input, options)
  return reply
}

async function nightlyJob(client, input, options) {
  return await repairThisItem(client, input, options)
}

async function checkStack(t, name, reply, input = INPUT, options = undefined) {
  const client = clientOf(await startServer(t, { replies: [reply] }))
  const error = await nightlyJob(client, input, options).catch((error) => error)
  assert.ok(error instanceof plaid[name])
  const lines = error.stack.split('\n')
  assert.equal(lines[0], `${name}: ${error.message}`)
  const caller = lines.find((line) => line.includes('repairThisItem')) ?? ''
  assert.ok(caller.includes(path.basename(__filename)), error.stack)
  assert.match(error.stack, /nightlyJob/)
}

for (const [i, failure] of FAILURES.entries()) {
  test(`the stack of a ${failure[0]} shows its caller (${i + 1})`, (t) => checkStack(t, ...failure))
}

test('a subscriber on the channel does not hide the caller', async (t) => {
  const events = recordEvents()
  t.after(events.stop)
  for (const failure of FAILURES) await checkStack(t, ...failure)
})

test('at most two frames are the package’s own', async (t) => {
  const client = clientOf(await startServer(t, { replies: [REFUSED] }))
  const error = await repairThisItem(client, INPUT).catch((error) => error)
  const root = path.join(__dirname, '..')
  const own = error.stack.split('\n').filter((line) => {
    return line.includes(root) && !line.includes('__test__')
  })
  assert.ok(own.length <= 2, error.stack)
})

test('an unhandled rejection prints a stack that shows the caller', async (t) => {
  const server = await startServer(t, { replies: [REFUSED] })
  const { code, stderr } = await run('unhandled.js', {
    env: {
      PLAID_BASE_URL: server.url,
      PLAID_CLIENT_ID: 'id',
      PLAID_SECRET: 'secret-of-no-importance',
      TEST_ACCESS_TOKEN: ACCESS_TOKEN,
    },
  })
  assert.equal(code, 1)
  assert.match(stderr, /PlaidApiError: INVALID_ACCESS_TOKEN: no such token/)
  assert.match(stderr, /breakTheLogin .*unhandled\.js/)
  assertNoSecret(stderr, 'the standard error')
})
