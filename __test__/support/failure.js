'use strict'

// The check for every failing call: it rejects as documented, and neither the error, its causes nor
// the events on the channel show a secret.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { PlaidError } = require('../../index.js')
const { INPUT, SECRETS } = require('./client.js')
const { recordEvents } = require('./events.js')

/**
 * Makes a call with `args` (default: a good input), asserts that it rejects with a `Class` that has
 * `fields`, and returns that error.
 */
async function failure(client, Class, fields, ...args) {
  const events = recordEvents()
  let promise
  try {
    promise = client.sandboxitemresetlogin(...(args.length > 0 ? args : [INPUT]))
    assert.ok(promise instanceof Promise, 'a call returns a promise')
    const error = await rejectionOf(promise)
    checkError(error, Class, fields)
    for (const { text } of events) assertNoSecret(text, 'an event')
    return error
  } finally {
    events.stop()
  }
}

/** The same check for a `create` that throws. */
function refusal(create, Class, fields) {
  try {
    create()
  } catch (error) {
    checkError(error, Class, fields)
    return error
  }
  assert.fail('the options were accepted')
}

async function rejectionOf(promise) {
  const resolved = Symbol('resolved')
  let error = resolved
  try {
    await promise
  } catch (reason) {
    error = reason
  }
  assert.notEqual(error, resolved, 'the call resolved, but should have been rejected')
  return error
}

function checkError(error, Class, fields) {
  assertNoSecretShown(error)
  assert.ok(error instanceof Class, `expected a ${Class.name}, got: ${inspect(error)}`)
  assert.equal(error.name, Class.name)
  assert.ok(error instanceof PlaidError && error instanceof Error)
  assert.match(error.code, /^[A-Z][A-Z0-9_]*$/)
  assert.ok(Number.isInteger(error.attempts) && error.attempts >= 0)
  assert.equal(typeof error.retryable, 'boolean')
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof RegExp) assert.match(error[name], value)
    else assert.deepEqual(error[name], value, `${name} of ${inspect(error)}`)
  }
}

/** Prints an error and each of its causes in every way. */
function assertNoSecretShown(error) {
  for (let next = error; next !== undefined && next !== null; next = next.cause) {
    assertNoSecret(String(next), 'String()')
    assertNoSecret(inspect(next, { depth: 10, showHidden: true }), 'util.inspect()')
    assertNoSecret(JSON.stringify(next) ?? '', 'JSON.stringify()')
    assertNoSecret(String(next.stack), 'the stack')
  }
}

function assertNoSecret(text, where) {
  const shown = SECRETS.find((secret) => text.toLowerCase().includes(secret.toLowerCase()))
  assert.equal(shown, undefined, `${where} shows a secret: ${text}`)
}

module.exports = { failure, refusal, assertNoSecret, assertNoSecretShown }
