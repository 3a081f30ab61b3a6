'use strict'

// A Sandbox with a verifier for its webhooks.

const assert = require('node:assert/strict')
const { startServer } = require('./server.js')
const { start } = require('./sandbox.js')
const { PlaidError } = require('../../index.js')
const { createWebhookVerifier, PlaidWebhookError } = require('../../webhooks.js')

const BODY = '{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"x"}'
const KEY_ROUTE = '/webhook_verification_key/get'

/** A verifier with the credentials of `sandbox`. */
function verifierOf({ url, clientId, secret }, options) {
  return createWebhookVerifier({ baseUrl: url, clientId, secret, ...options })
}

/** A Sandbox until the test `t` ends, and a verifier. */
async function startVerifier(t, options) {
  const sandbox = await start(t)
  return { sandbox, verify: verifierOf(sandbox, options) }
}

/** A Sandbox, a verifier, and one of the Sandbox's own webhooks: its `rawBody`, its `verification`. */
async function receiveWebhook(t) {
  const { sandbox, verify } = await startVerifier(t)
  const receiver = await startServer(t)
  const { item_id } = await sandbox.createItem({ webhook: `${receiver.url}/webhook` })
  await sandbox.fireWebhook({ item_id, webhook_type: 'ITEM', webhook_code: 'ERROR' })
  const { rawBody, verification } = await sandbox.nextWebhook({ item_id })
  return { sandbox, verify, item_id, rawBody, verification }
}

/** How many keys were asked for. */
async function keyRequests(sandbox) {
  return (await sandbox.requests()).filter(({ path }) => path === KEY_ROUTE).length
}

/** A JWT with this header and payload, and the signature of another one. */
function jwt(header, payload, signature = '') {
  const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)))
  return [...parts.map((part) => part.toString('base64url')), signature].join('.')
}

/** The parsed header and payload of a JWT, and its signature. */
function partsOf(verification) {
  const [header, payload, signature] = verification.split('.')
  const parsed = [header, payload].map((part) => JSON.parse(Buffer.from(part, 'base64url')))
  return [...parsed, signature]
}

/** Asserts that a promise rejects with a PlaidWebhookError of this code, and returns the error. */
async function refused(promise, code) {
  const error = await promise.then(
    () => assert.fail(`accepted, not ${code}`),
    (error) => error,
  )
  assert.ok(error instanceof PlaidWebhookError, error.stack)
  assert.ok(error instanceof PlaidError)
  assert.equal(error.code, code, error.message)
  assert.equal(error.name, 'PlaidWebhookError')
  assert.equal(error.retryable, code === 'KEY_UNAVAILABLE')
  return error
}

module.exports = {
  BODY,
  KEY_ROUTE,
  jwt,
  keyRequests,
  partsOf,
  receiveWebhook,
  refused,
  startVerifier,
  verifierOf,
}
