'use strict'

// A gateway for a test, and its callers.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { startGateway } = require('../../gateway.js')
const { createPlaidClient } = require('../../index.js')
const { CLIENT_ID, SECRET } = require('./client.js')

/** The two doors to the operation. */
const TOOL = '/tools/plaid/sandboxitemresetlogin'
const PLAID = '/sandbox/item/reset_login'

/**
 * A gateway to `upstream`, which tries once and turns nobody away for calling often; it is closed
 * when the test `t` ends.
 */
async function start(t, upstream, options) {
  const gateway = await startGateway({
    baseUrl: upstream.url,
    clientId: upstream.clientId ?? CLIENT_ID,
    secret: upstream.secret ?? SECRET,
    maxRetries: 0,
    rateLimit: false,
    ...options,
  })
  t.after(() => gateway.close())
  return gateway
}

/** This package's client of a gateway. */
function through({ url }, { token, ...options } = {}) {
  return createPlaidClient({ gateway: { url, token }, maxRetries: 0, ...options })
}

/** Makes a request, and returns `{ status, headers, body }`, the body read as JSON if it is. */
async function ask({ url }, method, route, { headers = {}, body } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const ofBody = text && { 'content-type': 'application/json', 'content-length': text.length }
  const { hostname, port } = new URL(url)
  const request = http.request({
    method,
    path: route,
    hostname: hostname.replace(/[[\]]/g, ''),
    port,
    headers: { ...ofBody, ...headers },
    agent: false,
  })
  request.end(text)
  const [response] = await once(request, 'response')
  const received = Buffer.concat(await response.toArray()).toString()
  const isJson = response.headers['content-type'] === 'application/json'
  const parsed = isJson ? JSON.parse(received) : received
  return { status: response.statusCode, headers: response.headers, body: parsed }
}

function post(gateway, route, body, headers) {
  return ask(gateway, 'POST', route, { body, headers })
}

/** Sends `bytes` as they are, and returns what comes back until the connection is closed. */
async function send({ url }, bytes) {
  const socket = net.connect(new URL(url).port, '127.0.0.1')
  // Not its end: who hangs up wants no answer any more.
  socket.write(bytes)
  return Buffer.concat(await socket.toArray()).toString()
}

/** Asserts that a gateway refuses with `status` and `code`, by a sentence. */
function checkRefusal({ status, body }, expected, code) {
  assert.deepEqual([status, body.error_code, body.error_type], [expected, code, 'GATEWAY_ERROR'])
  assert.match(body.error_message, /^[a-z].{20,}/)
}

/** The path of a file with this text, which is deleted when the test `t` ends. */
function fileWith(t, text, mode = 0o600) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-gateway-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'file')
  fs.writeFileSync(file, text)
  fs.chmodSync(file, mode)
  return file
}

function linesOf({ clientId, secret }) {
  return `PLAID_CLIENT_ID=${clientId}\nPLAID_SECRET=${secret}\n`
}

module.exports = { PLAID, TOOL, ask, checkRefusal, fileWith, linesOf, post, send, start, through }
