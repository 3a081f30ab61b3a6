'use strict'

// Promise: test runners may load the package many times: its copies share one I/O thread, which stops
// when nothing refers to them, and `instanceof` holds across the copies.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { run } = require('./support/child.js')
const { ACCESS_TOKEN, clientOf } = require('./support/client.js')
const { json, startServer } = require('./support/server.js')

/** What `programs/reloads.js` prints. */
async function reload(server, mode) {
  const env = { TEST_ACCESS_TOKEN: ACCESS_TOKEN, TEST_MODE: mode, TEST_URL: server.url }
  const { code, signal, stdout, stderr } = await run('reloads.js', { env })
  assert.deepEqual([code, signal, stderr], [0, null, ''])
  return JSON.parse(stdout)
}

const onLinux = { skip: process.platform !== 'linux' && 'it counts in /proc' }

for (const mode of ['JavaScript', 'binary']) {
  test(`200 reloads of the ${mode} add few threads and descriptors`, onLinux, async (t) => {
    const { first, last } = await reload(await startServer(t), mode)
    const grown = JSON.stringify({ first, last })
    assert.ok(last.threads - first.threads <= 2, grown)
    assert.ok(last.descriptors - first.descriptors <= 10, grown)
    assert.equal(last.ioThreads, 1, grown)
  })
}

test('the I/O thread stops when nothing refers to the package', onLinux, async (t) => {
  const { used, collected, again } = await reload(await startServer(t), 'dropped')
  assert.equal(used.ioThreads, 1)
  assert.equal(collected.ioThreads, 0)
  assert.equal(again, 'answered')
})

test('instanceof holds across copies, and only for the class and its bases', async (t) => {
  const ours = require('../index.js')
  for (const file of Object.keys(require.cache)) {
    if (/[\\/](index|errors|client)\.js$/.test(file)) delete require.cache[file]
  }
  const theirs = require('../index.js')
  assert.notEqual(theirs.PlaidApiError, ours.PlaidApiError)
  const server = await startServer(t, { replies: [json(400, { error_code: 'A_CODE' })] })
  const error = await clientOf(server)
    .sandboxitemresetlogin({ access_token: ACCESS_TOKEN })
    .then(
      () => assert.fail('it resolved'),
      (error) => error,
    )
  for (const copy of [ours, theirs]) {
    assert.ok(error instanceof copy.PlaidApiError && error instanceof copy.PlaidError)
    assert.ok(!(error instanceof copy.PlaidUsageError))
    class Own extends copy.PlaidApiError {}
    assert.ok(!(error instanceof Own))
    assert.ok(new Own('mine', { code: 'MINE' }) instanceof Own)
    assert.ok(new Own('mine', { code: 'MINE' }) instanceof ours.PlaidApiError)
    for (const other of [undefined, null, 'text', new Error('other'), {}]) {
      assert.ok(!(other instanceof copy.PlaidError))
    }
  }
})
