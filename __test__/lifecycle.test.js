'use strict'

// Promise: a call in flight keeps the process alive, an idle client does not, and the process may
// exit in the middle of a call.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, CLIENT_ID, SECRET } = require('./support/client.js')
const { GOOD_REPLY, good, json, startServer } = require('./support/server.js')

/** Far less than an idle connection is kept open. */
const AT_ONCE_MS = 20_000

async function runIdle(server, mode) {
  const ended = await run('idle.js', {
    env: {
      PLAID_BASE_URL: server.url,
      PLAID_CLIENT_ID: CLIENT_ID,
      PLAID_SECRET: SECRET,
      TEST_ACCESS_TOKEN: ACCESS_TOKEN,
      TEST_MODE: mode,
    },
  })
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
  assert.ok(ended.ms < AT_ONCE_MS, `it ran for ${ended.ms} ms`)
  return ended
}

test('a call in flight keeps the process alive until it is answered', async (t) => {
  const late = async (request, response) => {
    await wait(300)
    good(request, response)
  }
  const server = await startServer(t, { replies: [late] })
  const { stdout } = await runIdle(server, 'call')
  assert.equal(stdout, 'resolved')
})

test('a call that waits before a retry keeps the process alive', async (t) => {
  const busy = json(503, { error_code: 'BUSY' }, { 'retry-after': '1' })
  const server = await startServer(t, { replies: [busy, good] })
  const { stdout } = await runIdle(server, 'call')
  assert.equal(stdout, 'resolved')
})

test('the process exits after a call, although its connection is open', async (t) => {
  const server = await startServer(t)
  const keptOpen = new Promise((resolve) => server.once('close', resolve))
  const { stdout } = await runIdle(server, 'call')
  assert.equal(stdout, 'resolved')
  await keptOpen
})

test('the process exits after a call that failed', async (t) => {
  const server = await startServer(t, { replies: [json(400, { error_code: 'A_CODE' })] })
  const { stdout } = await runIdle(server, 'failed')
  assert.equal(stdout, 'A_CODE')
})

for (const mode of ['import', 'client']) {
  test(`the process exits after only: ${mode}`, async (t) => {
    const server = await startServer(t)
    await runIdle(server, mode)
    assert.equal(server.connectionCount(), 0)
  })
}

test('process.exit() works while calls are in flight', async () => {
  const { code, signal, stdout, stderr } = await run('exit.js', {
    env: { TEST_ACCESS_TOKEN: ACCESS_TOKEN },
  })
  assert.deepEqual([code, signal, stdout, stderr], [0, null, '', ''])
})

test('a process that can open no more files is told so, and goes on when it can', {
  skip: process.platform === 'win32',
}, async (t) => {
  const server = await startServer(t)
  const { code, stdout, stderr } = await run('no-files.js', {
    env: { TEST_ACCESS_TOKEN: ACCESS_TOKEN, TEST_URL: server.url },
    mostFiles: 200,
  })
  assert.deepEqual([code, stderr], [0, ''])
  const { message, ...rest } = JSON.parse(stdout)
  const reply = GOOD_REPLY
  assert.deepEqual(rest, { isOurs: true, code: 'IO_THREAD_NOT_STARTED', retryable: true, reply })
  assert.match(message, /open no more files/)
})
