'use strict'

// Promise: every worker thread can make calls, and can be terminated in the middle of one.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { ACCESS_TOKEN, clientOf, works } = require('./support/client.js')
const { checkWorkers } = require('./support/flood.js')
const { GOOD_REPLY, json, silent, startServer } = require('./support/server.js')

const BOUND = { timeout: 40_000 }

function startWorker(server) {
  return new Worker(path.join(__dirname, 'programs/worker.js'), {
    workerData: { url: server.url, access_token: ACCESS_TOKEN },
  })
}

/** Runs a worker until it exits, and returns what it posted. */
async function runWorker(server) {
  const worker = startWorker(server)
  const messages = []
  worker.on('message', (message) => messages.push(message))
  const [code] = await once(worker, 'exit')
  assert.equal(code, 0)
  assert.equal(messages.length, 1)
  return messages[0]
}

test('a worker makes a call and exits', async (t) => {
  const server = await startServer(t)
  assert.deepEqual(await runWorker(server), { reply: GOOD_REPLY })
})

test('a worker gets the error of its call', async (t) => {
  const server = await startServer(t, { replies: [json(400, { error_code: 'A_CODE' })] })
  assert.deepEqual(await runWorker(server), { error: { name: 'PlaidApiError', code: 'A_CODE' } })
})

test('terminating a worker in the middle of a call closes its connection', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const client = clientOf(server)
  const [arrived, closed] = [once(server, 'request'), once(server, 'close')]
  const worker = startWorker(server)
  await arrived
  await worker.terminate()
  await closed
  await works(client)
})

test('two workers and the main thread make calls at the same time', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  const messages = await Promise.all([runWorker(server), runWorker(server), works(client)])
  assert.deepEqual(messages.slice(0, 2), [{ reply: GOOD_REPLY }, { reply: GOOD_REPLY }])
})

test('workers terminated in the middle of a call leave nothing behind', BOUND, (t) =>
  checkWorkers(t, 20),
)
