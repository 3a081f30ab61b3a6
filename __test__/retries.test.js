'use strict'

// Promise: what may pass is tried again, as often as allowed and no sooner than the server asks;
// the error tells how many attempts there were.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { PlaidApiError, PlaidConnectionError, PlaidTimeoutError } = require('../index.js')
const { INPUT, clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, good, json, reset, silent, startServer } = require('./support/server.js')

const BODY = {
  error_type: 'RATE_LIMIT_EXCEEDED',
  error_code: 'RATE_LIMIT',
  error_message: 'slow down',
}

/** Timers and clocks of two runtimes may differ by this much. */
const TOLERANCE_MS = 20

function error(status, retryAfter) {
  return json(status, BODY, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
}

/** Calls until `replies` are used up, and returns how long the client waited for the second. */
async function pauseAfter(t, ...replies) {
  const server = await startServer(t, { replies })
  const reply = await clientOf(server).sandboxitemresetlogin(INPUT)
  assert.deepEqual(reply, GOOD_REPLY)
  assert.equal(server.requests.length, replies.length)
  const [first, second] = server.requests
  return second.at - first.at
}

for (const status of [408, 429, 500, 502, 503, 504]) {
  test(`status ${status} is tried again`, async (t) => {
    const server = await startServer(t, { replies: [error(status), good] })
    assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), GOOD_REPLY)
    const [first, second] = server.requests
    assert.equal(server.requests.length, 2)
    assert.deepEqual(second.body, first.body)
    assert.deepEqual(second.rawHeaders, first.rawHeaders)
  })
}

test('after two retries the last error is told, with three attempts', async (t) => {
  const server = await startServer(t, { replies: Array(3).fill(error(503, '0')) })
  const client = clientOf(server)
  const fields = { status: 503, code: 'RATE_LIMIT', attempts: 3, retryable: true }
  await failure(client, PlaidApiError, fields)
  assert.equal(server.requests.length, 3)
  await works(client)
})

test('maxRetries of the client, and of the call before it, says how often', async (t) => {
  const server = await startServer(t, { replies: Array(7).fill(error(503, '0')) })
  const client = clientOf(server, { maxRetries: 4 })
  await failure(client, PlaidApiError, { attempts: 5 })
  assert.equal(server.requests.length, 5)
  await failure(client, PlaidApiError, { attempts: 2 }, INPUT, { maxRetries: 1 })
  assert.equal(server.requests.length, 7)
  await works(client)
})

test('with maxRetries 0 nothing is tried again', async (t) => {
  const server = await startServer(t, { replies: [error(500)] })
  const client = clientOf(server, { maxRetries: 0 })
  await failure(client, PlaidApiError, { attempts: 1 })
  assert.equal(server.requests.length, 1)
  await works(client)
})

test('a connection that was reset is tried again', async (t) => {
  const server = await startServer(t, { replies: [reset, good] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), GOOD_REPLY)
  assert.equal(server.requests.length, 2)
})

test('Retry-After in seconds is waited for', async (t) => {
  const pause = await pauseAfter(t, error(429, '1'), good)
  assert.ok(pause >= 1000 - TOLERANCE_MS, `it waited ${pause} ms`)
})

test('Retry-After as a date is waited for', async (t) => {
  // A date is in whole seconds: what is asked for is between two and three seconds away.
  const date = new Date(Date.now() + 3000)
  date.setMilliseconds(0)
  const server = await startServer(t, { replies: [error(503, date.toUTCString()), good] })
  await clientOf(server).sandboxitemresetlogin(INPUT)
  const arrived = performance.timeOrigin + server.requests[1].at
  assert.ok(arrived >= date.getTime() - TOLERANCE_MS, `${date.getTime() - arrived} ms too soon`)
})

test('a Retry-After that lies in the past asks for no wait', async (t) => {
  // Without it there would be a wait of up to half a second, at random: ten of them show it.
  const past = Array(10).fill(error(503, 'Thu, 01 Jan 2015 00:00:00 GMT'))
  const server = await startServer(t, { replies: past })
  await clientOf(server, { maxRetries: 10 }).sandboxitemresetlogin(INPUT)
  const pauses = server.requests.slice(1).map(({ at }, i) => at - server.requests[i].at)
  assert.ok(Math.max(...pauses) < 400, `it waited ${Math.max(...pauses)} ms`)
})

for (const garbage of ['soon', '-5', '1.5e3', '', 'Thu, 99 Foo 2015', '9'.repeat(30)]) {
  test(`a Retry-After of ${JSON.stringify(garbage)} is passed over`, async (t) => {
    await pauseAfter(t, error(429, garbage), good)
  })
}

for (const distant of ['3600', '18446744073709551615', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
  test(`a Retry-After of ${distant}, beyond the deadline, is the error at once`, async (t) => {
    const server = await startServer(t, { replies: [error(429, distant)] })
    const client = clientOf(server, { timeoutMs: 600_000 })
    await failure(client, PlaidApiError, { status: 429, attempts: 1, retryable: true })
    assert.equal(server.requests.length, 1)
    await works(client)
  })
}

test('without Retry-After the waits differ, and are at most half a second at first', async (t) => {
  const pauses = await Promise.all(Array.from({ length: 8 }, () => pauseAfter(t, error(500), good)))
  assert.ok(new Set(pauses.map(Math.round)).size > 1, `it waited ${pauses} ms`)
})

test('the deadline spans every attempt, and the timeout names what came before', async (t) => {
  const server = await startServer(t, { replies: [error(503, '0'), reset, silent] })
  const client = clientOf(server, { timeoutMs: 1500 })
  const started = performance.now()
  const timeout = await failure(client, PlaidTimeoutError, { code: 'TIMEOUT', attempts: 3 })
  assert.ok(performance.now() - started >= 1500 - TOLERANCE_MS)
  assert.ok(timeout.cause instanceof PlaidConnectionError)
  assert.equal(timeout.cause.code, 'ECONNRESET')
  await works(client)
})
