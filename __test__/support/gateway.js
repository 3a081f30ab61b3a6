'use strict'

// A gateway for a test, and requests to it.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { startGateway } = require('../../gateway.js')
const { createPlaidClient } = require('../../index.js')
const { CLIENT_ID, SECRET } = require('./client.js')

/** The two routes of the operation. */
const TOOL = '/tools/plaid/sandboxitemresetlogin'
const PLAID = '/sandbox/item/reset_login'

/** Starts a gateway to `upstream`, without retries and rate limit. It is closed when `t` ends. */
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

/** Makes a request. Returns `{ status, headers, body }`, with a JSON body parsed. */
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

/** Asserts that a gateway refused with `expected` and `code`, in a sentence. */
function checkRefusal({ status, body }, expected, code) {
  assert.deepEqual([status, body.error_code, body.error_type], [expected, code, 'GATEWAY_ERROR'])
  assert.match(body.error_message, /^[a-z].{20,}/)
}

/** Writes a file that is deleted when the test `t` ends, and returns its path. */
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

module.exports = { PLAID, TOOL, ask, checkRefusal, fileWith, linesOf, post, start, through }
