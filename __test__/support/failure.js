'use strict'

// The one check that every failing call goes through: it rejects as documented, and shows no
// secret, neither in the error and what lies below it nor in the events on the channel.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { PlaidError } = require('../../index.js')
const { INPUT, SECRETS } = require('./client.js')
const { recordEvents } = require('./events.js')

/**
 * Makes a call with `args`, or a good input; asserts that it fails with an error of class `Class`
 * that has `fields`, and returns that error.
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

/** The same of a client that cannot be made. */
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
  assert.notEqual(error, resolved, 'the call resolved, where it should have been rejected')
  return error
}

function checkError(error, Class, fields) {
  assertNoSecretShown(error)
  assert.ok(error instanceof Class, `${Class.name} was expected, this came: ${inspect(error)}`)
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

/** Prints an error in every way there is, and each of its causes. */
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
