'use strict'

// A Sandbox for a test, and calls to it over HTTP.

const assert = require('node:assert/strict')
const { createHash, createPublicKey, verify } = require('node:crypto')
const { once } = require('node:events')
const net = require('node:net')
const { startSandbox } = require('../../sandbox.js')
const { clientOf } = require('./client.js')

/** A receiver on another machine: a webhook to it is fired, but not sent. */
const NOWHERE = 'http://192.0.2.1/webhook'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A Sandbox that is closed when the test `t` ends. */
async function start(t, options) {
  const sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  return sandbox
}

/** Posts `body` to a route of Plaid, and resolves with the response. */
function post({ url, clientId, secret }, route, body) {
  return fetch(url + route, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'plaid-client-id': clientId,
      'plaid-secret': secret,
    },
    body: JSON.stringify(body),
  })
}

/** Posts `body` to a route of Plaid, and resolves with the reply and its `httpStatus`. */
async function call(sandbox, route, body) {
  const response = await post(sandbox, route, body)
  return { httpStatus: response.status, ...(await response.json()) }
}

/** This package's client for the Sandbox. */
function ownClient(sandbox, options) {
  const { clientId, secret } = sandbox
  return clientOf(sandbox, { clientId, secret, ...options })
}

/** Resets the login of an Item with this package's client. */
async function resetLogin(sandbox, { access_token }) {
  const reply = await ownClient(sandbox).sandboxitemresetlogin({ access_token })
  assert.equal(reply.reset_login, true)
}

/** A new Item with this webhook and a broken login. */
async function brokenItem(sandbox, webhook) {
  const item = await sandbox.createItem({ webhook })
  await resetLogin(sandbox, item)
  return item
}

async function itemError(sandbox, { access_token }) {
  const { httpStatus, item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(httpStatus, 200)
  return item.error?.error_code ?? null
}

const USER = { client_user_id: 'user-7' }
const LINK = { client_name: 'Test', country_codes: ['US'], language: 'en', user: USER }

/** A link token: for update mode with an `access_token`, for a new Item with `products`. */
async function linkToken(sandbox, fields) {
  const { httpStatus, link_token } = await call(sandbox, '/link/token/create', {
    ...LINK,
    ...fields,
  })
  assert.equal(httpStatus, 200)
  return link_token
}

function portOf({ url }) {
  return Number(new URL(url).port)
}

/** Fails if something listens on `port`. */
async function assertFree(port) {
  const server = net.createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}

/** A loopback port that refuses connections. */
async function refusingPort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Fetches the key that signed a webhook, and asserts that the signature is valid.
 *
 * @returns the key, and the header and payload of the JWT
 */
async function verified(sandbox, { verification, rawBody }) {
  const [header, payload] = verification
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url')))
  const { key } = await call(sandbox, '/webhook_verification_key/get', { key_id: header.kid })
  const end = verification.lastIndexOf('.')
  const genuine = verify(
    'sha256',
    Buffer.from(verification.slice(0, end)),
    { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(verification.slice(end + 1), 'base64url'),
  )
  assert.equal(genuine, true, 'the signature does not match the key')
  const hash = createHash('sha256').update(rawBody).digest('hex')
  assert.equal(payload.request_body_sha256, hash, 'the signature is for another body')
  return { key, header, payload }
}

module.exports = {
  DAY,
  HOUR,
  MINUTE,
  NOWHERE,
  SECOND,
  assertFree,
  brokenItem,
  call,
  itemError,
  linkToken,
  ownClient,
  portOf,
  post,
  refusingPort,
  resetLogin,
  start,
  verified,
}
