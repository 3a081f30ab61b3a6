'use strict'

// Promise: a reply that is not what Plaid documents is a PlaidResponseError that says where it
// goes wrong and never shows what it holds; no redirect is followed; no long reply is read.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { PlaidResponseError } = require('../index.js')
const { ACCESS_TOKEN, INPUT, SECRET, clientOf, works } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, json, raw, startServer } = require('./support/server.js')

const MIB = 1024 * 1024

/** Asserts that `reply` is refused at the first attempt, and that the client goes on. */
async function check(t, reply, fields) {
  const server = await startServer(t, { replies: [reply] })
  const client = clientOf(server)
  const common = { code: 'UNEXPECTED_RESPONSE', attempts: 1, retryable: false }
  const error = await failure(client, PlaidResponseError, { ...common, ...fields })
  assert.equal(server.requests.length, 1)
  await works(client)
  return error
}

const PAGE = `<!doctype html><title>${SECRET}</title><p>${ACCESS_TOKEN}`

const JSON_TYPE = { 'content-type': 'application/json' }

const UNREADABLE = [
  ['an HTML page', raw(200, PAGE, { 'content-type': 'text/html' }), /line 1 column 1/],
  ['an HTML page that says it is JSON', raw(200, PAGE, JSON_TYPE), /line 1/],
  ['a truncated object', raw(200, `{"request_id":"${SECRET}","reset_l`), /line 1 column \d+/],
  ['an empty body', raw(200, ''), /no body/],
  ['only white space', raw(200, ' \n '), /JSON/],
  ['a list', json(200, [SECRET]), /./],
  ['null', raw(200, 'null'), /./],
  ['a bare string', json(200, SECRET), /./],
  ['an object without reset_login', json(200, { request_id: SECRET }), /./],
  ['a reset_login of text', json(200, { ...GOOD_REPLY, reset_login: SECRET }), /reset_login/],
  ['a reset_login of null', json(200, { ...GOOD_REPLY, reset_login: null }), /reset_login/],
  ['a request_id of a number', json(200, { ...GOOD_REPLY, request_id: 7 }), /request_id/],
  ['an object and something after it', raw(200, `${JSON.stringify(GOOD_REPLY)}${SECRET}`), /./],
  ['bytes that are no UTF-8', raw(200, Buffer.from('{"reset_login":"\xff\xfe"}', 'latin1')), /./],
  ['very deep JSON', raw(200, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /./],
  ['a very deep object', raw(200, '{"a":'.repeat(100_000)), /./],
  ['a compressed body', raw(200, '\x1f\x8b', { 'content-encoding': 'gzip' }), /./],
  ['a Plaid error under status 200', json(200, { error_code: 'ITEM_NOT_FOUND' }), /./],
]

for (const [what, reply, message] of UNREADABLE) {
  test(`${what} in place of the reply is refused`, (t) => check(t, reply, { status: 200, message }))
}

for (const status of [201, 202, 206, 226]) {
  test(`status ${status} is refused, whatever the body says`, (t) =>
    check(t, json(status, GOOD_REPLY), { status }))
}

test('status 204 is refused', (t) =>
  check(t, (_, response) => response.writeHead(204).end(), { status: 204 }))

test('an error status without a Plaid error is refused, with its status', async (t) => {
  await check(t, raw(403, PAGE, { 'content-type': 'text/html' }), { status: 403 })
  await check(t, raw(404, ''), { status: 404 })
  await check(t, json(400, { message: SECRET }), { status: 400 })
  await check(t, json(400, { error_code: 7 }), { status: 400 })
})

test('an HTML page under status 502 may be tried again, and shows nothing of itself', async (t) => {
  const page = raw(502, PAGE, { 'content-type': 'text/html' })
  const server = await startServer(t, { replies: [page, page] })
  const client = clientOf(server, { maxRetries: 1 })
  const fields = { code: 'UNEXPECTED_RESPONSE', status: 502, attempts: 2, retryable: true }
  await failure(client, PlaidResponseError, fields)
  assert.equal(server.requests.length, 2)
  await works(client)
})

for (const status of [300, 301, 302, 303, 304, 307, 308]) {
  test(`a redirect with status ${status} is not followed`, async (t) => {
    const target = await startServer(t)
    const location = `${target.url}/sandbox/item/reset_login`
    const redirect = (_, response) => response.writeHead(status, { location }).end()
    await check(t, redirect, { status, message: /redirect/ })
    assert.equal(target.connectionCount(), 0)
  })
}

test('a redirect to the same server is not followed either', (t) =>
  check(t, raw(307, '', { location: '/sandbox/item/reset_login' }), { status: 307 }))

/** A good reply with so much white space after it that it has `size` bytes. */
function padded(size) {
  return JSON.stringify(GOOD_REPLY).padEnd(size)
}

test('a reply of 1 MiB is read', async (t) => {
  const server = await startServer(t, { replies: [raw(200, padded(MIB))] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), GOOD_REPLY)
})

test('a reply announced as 2 MiB is refused', (t) =>
  check(t, raw(200, padded(2 * MIB)), { status: 200, message: /1 MiB/ }))

test('a reply of 2 MiB in chunks is refused', async (t) => {
  const chunked = (_, response) => response.writeHead(200).end(padded(2 * MIB))
  await check(t, chunked, { status: 200, message: /1 MiB/ })
})

test('an error reply of 2 MiB is refused', (t) =>
  check(t, raw(400, JSON.stringify({ error_code: 'A' }).padEnd(2 * MIB)), { status: 400 }))

test('a reply without end is cut off', { timeout: 20_000 }, async (t) => {
  const endless = (_, response) => {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(padded(65_536)));
    }
    response.on('drain', more)
    more()
  }
  const server = await startServer(t, { replies: [endless] })
  const client = clientOf(server)
  const closed = once(server, 'close')
  await failure(client, PlaidResponseError, { status: 200, message: /1 MiB/ })
  await closed
  await works(client)
})

test('an interim response before the reply is passed over', async (t) => {
  const hinted = (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end(JSON.stringify(GOOD_REPLY))
  }
  const server = await startServer(t, { replies: [hinted] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), GOOD_REPLY)
})
