'use strict'

// Promise: whatever crosses between the threads, every promise settles, and the process can exit.

const assert = require('node:assert/strict')
const { createHook } = require('node:async_hooks')
const { once } = require('node:events')
const { test } = require('node:test')
const { startSandbox } = require('../sandbox.js')
const { PlaidError } = require('../index.js')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, INPUT, clientOf, works } = require('./support/client.js')
const { holding, json, startServer } = require('./support/server.js')

const MIB = 1024 * 1024

const resources = []
createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'utdk.plaid') resources.push(resource)
  },
}).enable()

async function runCrossing(server, mode) {
  const env = { TEST_ACCESS_TOKEN: ACCESS_TOKEN, TEST_MODE: mode, TEST_URL: server.url }
  const { code, signal, stdout, stderr } = await run('crossing.js', { env })
  assert.deepEqual([code, signal, stderr], [0, null, ''])
  return JSON.parse(stdout)
}

test('long completions cross in parts of about 1 MiB', async (t) => {
  const reply = json(200, { reset_login: true, request_id: 'q', filler: 'x'.repeat(MIB / 2) })
  const server = await startServer(t, { replies: Array(40).fill(reply) })
  const { settled, longest, parts } = await runCrossing(server, 'busy')
  assert.equal(settled, 40)
  assert.ok(longest <= 1.1 * MIB, `one part had ${longest} bytes`)
  assert.ok(parts >= 20)
})

test('a result that is too long to cross is an error, and the Sandbox works on', async (t) => {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const body = JSON.stringify({ client_name: 'y'.repeat(MIB - 200) })
  for (let i = 0; i < 70; i++) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${sandbox.url}/link/token/create`, {
      method: 'POST',
      headers,
      body,
    })
    await response.arrayBuffer()
  }
  await sandbox.requests().then(
    (requests) => assert.ok(JSON.stringify(requests).length <= 32 * MIB),
    (error) => {
      assert.ok(error instanceof PlaidError)
      assert.equal(error.code, 'RESULT_TOO_LONG')
    },
  )
  assert.deepEqual(await sandbox.items(), [])
})

for (const mode of ['resetLogin', 'resetLogins', 'resetLoginWith']) {
  test(`calls that cannot cross by ${mode} reject, and leave no id behind`, async (t) => {
    const server = await startServer(t)
    const { codes, answered } = await runCrossing(server, mode)
    assert.deepEqual([...new Set(codes)], ['INTERNAL_ERROR'])
    assert.ok(codes.length >= 1)
    assert.equal(answered, 3 - codes.length)
  })
}

test('the async resource says whether a call is in flight', async (t) => {
  const server = await startServer(t, { replies: [holding] })
  const client = clientOf(server)
  assert.equal(resources.length, 1)
  const [resource] = resources
  assert.equal(resource.hasRef(), false)
  const arrived = once(server, 'request')
  const call = client.sandboxitemresetlogin(INPUT)
  assert.equal(resource.hasRef(), true)
  const [request] = await arrived
  request.answer()
  await call
  assert.equal(resource.hasRef(), false)
  await works(client)
})
