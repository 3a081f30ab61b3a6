'use strict'

// A worker thread that makes one call to `workerData.url` and posts its outcome.

const { parentPort, workerData } = require('node:worker_threads')
const { createPlaidClient } = require('../../index.js')

const { url, access_token } = workerData
const client = createPlaidClient({
  baseUrl: url,
  clientId: 'id',
  secret: 'secret',
  timeoutMs: 60_000,
})
client.sandboxitemresetlogin({ access_token }).then(
  (reply) => parentPort.postMessage({ reply }),
  ({ name, code }) => parentPort.postMessage({ error: { name, code } }),
)
