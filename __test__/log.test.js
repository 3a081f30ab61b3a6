'use strict'

// Promise: PLAID_LOG logs each attempt to standard error, and never a secret.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, CLIENT_ID, SECRET } = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { good, json, reset, startServer } = require('./support/server.js')

/** Makes a call that fails twice, with a secret in the first reply, and returns the lines. */
async function logOf(t, PLAID_LOG) {
  const busy = json(503, { error_code: 'PLANNED_MAINTENANCE', error_message: SECRET })
  const server = await startServer(t, { replies: [busy, reset, good] })
  const env = {
    PLAID_BASE_URL: server.url,
    PLAID_CLIENT_ID: CLIENT_ID,
    PLAID_LOG,
    PLAID_SECRET: SECRET,
    TEST_ACCESS_TOKEN: ACCESS_TOKEN,
  }
  const { code, stdout, stderr } = await run('logged.js', { env })
  assert.deepEqual([code, stdout], [0, 'resolved'])
  assertNoSecret(stderr, 'the log')
  const lines = stderr.trim().split('\n')
  return { lines, host: `127.0.0.1:${server.port}`, stderr }
}

test('PLAID_LOG=info logs the end of each attempt', async (t) => {
  const { lines, stderr } = await logOf(t, 'info')
  assert.equal(lines.length, 3, stderr)
  assert.match(lines[0], /^@utdk\/plaid: attempt 1: 503 after \d+ ms: .*PLANNED_MAINTENANCE/)
  assert.match(lines[1], /^@utdk\/plaid: attempt 2: no reply after \d+ ms: .+/)
  assert.match(lines[2], /^@utdk\/plaid: attempt 3: 200 after \d+ ms$/)
})

test('PLAID_LOG=debug also logs the start of each attempt, and the waits', async (t) => {
  const { lines, host, stderr } = await logOf(t, 'debug')
  assert.equal(lines.length, 8, stderr)
  assert.equal(lines[0], `@utdk/plaid: attempt 1: POST to ${host}`)
  assert.match(lines[2], /^@utdk\/plaid: the next attempt is in \d+ ms$/)
})

test('without PLAID_LOG nothing is logged', async (t) => {
  assert.equal((await logOf(t, '')).stderr, '')
})

test('another level is a warning, and the call goes on', async (t) => {
  const { stderr } = await logOf(t, 'verbose')
  assert.match(stderr, /\[PLAID_LOG\] Warning: PLAID_LOG is neither info nor debug/)
})
