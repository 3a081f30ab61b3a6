'use strict'

// A Sandbox for a test that checks every reply.

const assert = require('node:assert/strict')
const { startSandbox } = require('../../sandbox.js')
const { thingsOf } = require('./bodies.js')
const { call } = require('./check.js')

function assertGood({ status, reply, about }) {
  assert.equal(status, 200, `${about} is an error: ${reply.error_code}: ${reply.error_message}`)
  return reply
}

function assertBad({ status, reply, about }) {
  assert.ok(status >= 400 && status < 500, `${about} is not an error: ${JSON.stringify(reply)}`)
}

function assertEither({ status, about }) {
  assert.ok(status < 500, about)
}

/** A Sandbox that is closed when the test `t` ends, and the `things` for its calls. */
async function start(t, options) {
  const sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  const post = async (path, body) => assertGood(await call(sandbox, path, body))
  return { sandbox, things: thingsOf(sandbox, post) }
}

module.exports = { assertBad, assertEither, assertGood, start }
