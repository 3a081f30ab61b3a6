'use strict'

// Promise: calls work while a test runner fakes the timers, and keep the process alive.

const assert = require('node:assert/strict')
const { mock, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, clientOf, works } = require('./support/client.js')
const { good, json, startServer } = require('./support/server.js')

test('calls are answered under the mock timers of node:test', async (t) => {
  const busy = json(503, { error_code: 'BUSY' }, { 'retry-after': '0' })
  const server = await startServer(t, { replies: [good, busy, good] })
  const client = clientOf(server)
  mock.timers.enable()
  t.after(() => mock.timers.reset())
  await works(client)
  await works(client)
  await client.close()
})

test('a call keeps the process alive although every timer is faked', async (t) => {
  const late = async (request, response) => {
    await wait(300)
    good(request, response)
  }
  const server = await startServer(t, { replies: [late] })
  const { code, stdout, stderr } = await run('fake-timers.js', {
    env: { TEST_ACCESS_TOKEN: ACCESS_TOKEN, TEST_URL: server.url },
  })
  assert.deepEqual([code, stdout, stderr], [0, 'answered', ''])
})
