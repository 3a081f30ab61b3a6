'use strict'

// Promise: verifiers work in every thread, hold a process only while they verify, and end with it.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { run } = require('./support/child.js')
const { post } = require('./support/sandbox.js')
const { json, silent, startServer } = require('./support/server.js')
const { BODY, KEY_ROUTE, partsOf, startVerifier } = require('./support/webhooks.js')

const BOUND = { timeout: 40_000 }
const PROGRAM = path.join(__dirname, 'programs/webhooks.js')

/** A key service with the key of a Sandbox, and a signed body. */
async function startService(t, replies = []) {
  const { sandbox, verify } = await startVerifier(t)
  const signature = await sandbox.signWebhook(BODY)
  const [{ kid }] = partsOf(signature)
  const reply = await (await post(sandbox, KEY_ROUTE, { key_id: kid })).json()
  const service = await startServer(t, { replies: [...replies, json(200, reply)] })
  return { service, verify, signature, given: [service.url, BODY, signature] }
}

test(
  'a process verifies a webhook, and exits although its connection is open',
  BOUND,
  async (t) => {
    const { given } = await startService(t)
    const { code, stdout, stderr } = await run(PROGRAM, { args: given })
    assert.deepEqual([code, stdout, stderr], [0, 'ERROR\n', ''])
  },
)

test('a worker thread verifies a webhook and exits', BOUND, async (t) => {
  const { given } = await startService(t)
  const worker = new Worker(PROGRAM, { workerData: given })
  const exited = once(worker, 'exit')
  assert.deepEqual(await once(worker, 'message'), ['ERROR'])
  assert.deepEqual(await exited, [0])
})

test(
  'a worker that is terminated while it fetches a key closes the connection',
  BOUND,
  async (t) => {
    const { service, verify, signature, given } = await startService(t, [silent])
    const [asked, closed] = [once(service, 'request'), once(service, 'close')]
    const worker = new Worker(PROGRAM, { workerData: given })
    await asked
    await worker.terminate()
    await closed
    await verify(BODY, signature)
  },
)

test(
  'a key service that never answers ends in an error before Plaid gives up',
  BOUND,
  async (t) => {
    const { given } = await startService(t, [silent])
    const { code, stdout, ms } = await run(PROGRAM, { args: given })
    assert.deepEqual([code, stdout], [0, 'KEY_UNAVAILABLE\n'])
    assert.ok(ms > 7_000 && ms < 20_000, `${ms} ms`)
  },
)

test('a request to a key service has the credentials and the id of the key', BOUND, async (t) => {
  const { service, signature, given } = await startService(t)
  await run(PROGRAM, { args: given })
  const [{ method, url, headers, body }] = service.requests
  assert.deepEqual([method, url], ['POST', KEY_ROUTE])
  assert.deepEqual(JSON.parse(body), { key_id: partsOf(signature)[0].kid })
  assert.equal(headers['plaid-client-id'], 'id')
  assert.equal(headers['plaid-secret'], 'secret')
  assert.equal(headers['plaid-version'], '2020-09-14')
})
