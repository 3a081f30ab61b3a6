'use strict'

// Promise: a good call sends what the operation documents, and resolves with the reply's object.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { createPlaidClient } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, INPUT, SECRET, clientOf } = require('./support/client.js')
const { GOOD_REPLY, json, startServer } = require('./support/server.js')

test('it posts the documented body, byte for byte, to the documented path', async (t) => {
  const server = await startServer(t)
  await clientOf(server).sandboxitemresetlogin(INPUT)
  const [{ method, url, body }] = server.requests
  assert.equal(method, 'POST')
  assert.equal(url, '/sandbox/item/reset_login')
  assert.equal(body.toString(), `{"access_token":"${ACCESS_TOKEN}"}`)
})

test('it sends the documented headers, each of them once', async (t) => {
  const server = await startServer(t)
  await clientOf(server).sandboxitemresetlogin(INPUT)
  const [{ headers, rawHeaders, body }] = server.requests
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['plaid-version'], '2020-09-14')
  assert.equal(headers['plaid-client-id'], CLIENT_ID)
  assert.equal(headers['plaid-secret'], SECRET)
  assert.equal(headers['content-length'], String(body.length))
  assert.equal(headers.host, `127.0.0.1:${server.port}`)
  assert.equal(headers.authorization, undefined)
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  assert.equal(new Set(names).size, names.length)
})

test('credentials of the input travel in the body and not in headers', async (t) => {
  const server = await startServer(t)
  const input = { client_id: 'caller-id-0f3a9c', secret: 'caller-secret-41d8', ...INPUT }
  await clientOf(server).sandboxitemresetlogin(input)
  const [{ headers, body }] = server.requests
  assert.deepEqual(JSON.parse(body), input)
  assert.equal(headers['plaid-client-id'], undefined)
  assert.equal(headers['plaid-secret'], undefined)
})

test('one credential of the input is combined with the client’s other one', async (t) => {
  const server = await startServer(t)
  await clientOf(server).sandboxitemresetlogin({ ...INPUT, client_id: 'caller-id-0f3a9c' })
  const [{ headers, body }] = server.requests
  assert.deepEqual(JSON.parse(body), { ...INPUT, client_id: 'caller-id-0f3a9c' })
  assert.equal(headers['plaid-client-id'], undefined)
  assert.equal(headers['plaid-secret'], SECRET)
})

test('credentials of the input are enough for a client that has none', async (t) => {
  const server = await startServer(t)
  const client = createPlaidClient({ baseUrl: server.url })
  const input = { ...INPUT, client_id: CLIENT_ID, secret: SECRET }
  assert.deepEqual(await client.sandboxitemresetlogin(input), GOOD_REPLY)
  assert.deepEqual(JSON.parse(server.requests[0].body), input)
})

test('it resolves with the reply', async (t) => {
  const server = await startServer(t)
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), GOOD_REPLY)
})

test('unknown fields of the reply are kept', async (t) => {
  const reply = {
    ...GOOD_REPLY,
    warnings: [{ code: 'SLOW', weight: 0.25 }, null],
    institution: { name: 'Bank „Ünïcode“ 🏦', 'a.b': true },
    count: 12345678901,
  }
  const server = await startServer(t, { replies: [json(200, reply)] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), reply)
})

test('reset_login: false is passed on', async (t) => {
  const reply = { reset_login: false, request_id: 'q' }
  const server = await startServer(t, { replies: [json(200, reply)] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), reply)
})

test('a request_id may hold any characters', async (t) => {
  const reply = { reset_login: true, request_id: 'é"\\\n\u2028🏦' }
  const server = await startServer(t, { replies: [json(200, reply)] })
  assert.deepEqual(await clientOf(server).sandboxitemresetlogin(INPUT), reply)
})

test('a token may hold characters beyond ASCII', async (t) => {
  const server = await startServer(t)
  const input = { access_token: 'access-sandbox-"é\\🏦' }
  await clientOf(server).sandboxitemresetlogin(input)
  assert.deepEqual(JSON.parse(server.requests[0].body), input)
})

test('the input and the options are not changed', async (t) => {
  const server = await startServer(t)
  const options = Object.freeze({ headers: Object.freeze({ 'x-one': '1' }), timeoutMs: 10_000 })
  await clientOf(server).sandboxitemresetlogin(Object.freeze({ ...INPUT }), options)
  assert.equal(server.requests.length, 1)
})

test('the method works without its client as this', async (t) => {
  const server = await startServer(t)
  const { sandboxitemresetlogin } = clientOf(server)
  assert.deepEqual(await sandboxitemresetlogin(INPUT), GOOD_REPLY)
})

test('a client may be awaited', async (t) => {
  const server = await startServer(t)
  const options = { baseUrl: server.url, clientId: CLIENT_ID, secret: SECRET }
  const client = await createPlaidClient(options)
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
})

test('two clients keep their own credentials and servers', async (t) => {
  const [one, two] = [await startServer(t), await startServer(t)]
  await Promise.all([
    clientOf(one, { secret: 'secret-of-one' }).sandboxitemresetlogin(INPUT),
    clientOf(two, { secret: 'secret-of-two' }).sandboxitemresetlogin(INPUT),
  ])
  assert.equal(one.requests[0].headers['plaid-secret'], 'secret-of-one')
  assert.equal(two.requests[0].headers['plaid-secret'], 'secret-of-two')
})

test('a header of the call replaces the client’s header of the same name', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server, { headers: { 'X-One': 'client', 'X-Two': 'client' } })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await client.sandboxitemresetlogin(INPUT, { headers: { 'x-two': 'call', traceparent } })
  await client.sandboxitemresetlogin(INPUT)
  const [first, second] = server.requests.map(({ headers }) => headers)
  assert.equal(first['x-one'], 'client')
  assert.equal(first['x-two'], 'call')
  assert.equal(first.traceparent, traceparent)
  assert.equal(second['x-two'], 'client')
  assert.equal(second.traceparent, undefined)
})

test('headers may be given as a record, as Headers, as a Map, or as pairs', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  const pairs = [['x-form', 'yes']]
  for (const headers of [Object.fromEntries(pairs), new Headers(pairs), new Map(pairs), pairs]) {
    await client.sandboxitemresetlogin(INPUT, { headers })
  }
  assert.deepEqual(
    server.requests.map(({ headers }) => headers['x-form']),
    ['yes', 'yes', 'yes', 'yes'],
  )
})

test('ten calls one after another use one connection', async (t) => {
  const server = await startServer(t)
  const client = clientOf(server)
  for (let i = 0; i < 10; i++) await client.sandboxitemresetlogin(INPUT)
  assert.equal(server.requests.length, 10)
  assert.equal(server.connectionCount(), 1)
})
