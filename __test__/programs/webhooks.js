'use strict'

// Verifies a webhook: as a process with arguments, or as a worker thread with `workerData`.
//
//     node webhooks.js <the URL of the key service> <the body> <the signature>

const { isMainThread, parentPort, workerData } = require('node:worker_threads')
const { createWebhookVerifier } = require('../../webhooks.js')

const [baseUrl, body, signature] = isMainThread ? process.argv.slice(2) : workerData
const verify = createWebhookVerifier({ baseUrl, clientId: 'id', secret: 'secret' })
const print = (text) => (isMainThread ? console.log(text) : parentPort.postMessage(text))
verify(body, signature).then(
  ({ webhook_code }) => print(webhook_code),
  ({ code }) => print(code),
)
