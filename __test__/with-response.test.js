'use strict'

// Promise: `{ withResponse: true }` resolves with the data and the HTTP response. Plaid's own spelling
// of the operation works too.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const plaid = require('../index.js')
const { CLIENT_ID, INPUT, SECRET, clientOf } = require('./support/client.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, json, startServer } = require('./support/server.js')

/** A good reply with headers. */
const goodWith = (headers) => (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(GOOD_REPLY))
}

test('withResponse resolves with the data, the status, the headers and the attempts', async (t) => {
  const reply = goodWith({ 'Plaid-Version': '2020-09-14', 'x-two': ['1', '2'] })
  const server = await startServer(t, { replies: [json(500, {}), reply] })
  const client = clientOf(server)
  const { data, response } = await client.sandboxitemresetlogin(INPUT, { withResponse: true })
  assert.deepEqual(data, GOOD_REPLY)
  const { date, ...headers } = response.headers
  assert.ok(Date.parse(date) > 0)
  assert.deepEqual(
    { ...response, headers },
    {
      status: 200,
      headers: {
        connection: 'keep-alive',
        'content-type': 'application/json',
        'keep-alive': 'timeout=5',
        'plaid-version': '2020-09-14',
        'transfer-encoding': 'chunked',
        'x-two': '1, 2',
      },
      attempts: 2,
    },
  )
})

test('a header that echoes the credentials is shown without them', async (t) => {
  const server = await startServer(t, {
    replies: [goodWith({ 'x-echo': `${CLIENT_ID} ${SECRET} ${encodeURIComponent(SECRET)}` })],
  })
  const { response } = await clientOf(server).sandboxitemresetlogin(INPUT, { withResponse: true })
  assert.ok(!response.headers['x-echo'].includes(SECRET), response.headers['x-echo'])
  assert.ok(!response.headers['x-echo'].includes(CLIENT_ID), response.headers['x-echo'])
})

test('an error is thrown as without withResponse', async (t) => {
  const server = await startServer(t, { replies: [json(400, { error_code: 'A_CODE' })] })
  await assert.rejects(clientOf(server).sandboxitemresetlogin(INPUT, { withResponse: true }), {
    error_code: 'A_CODE',
  })
})

for (const value of ['yes', 1, null]) {
  test(`withResponse refuses ${JSON.stringify(value)}`, async (t) => {
    const call = clientOf(await startServer(t)).sandboxitemresetlogin(INPUT, {
      withResponse: value,
    })
    await assert.rejects(call, { code: 'INVALID_OPTION', field: 'withResponse' })
  })
}

test('the name that Plaid’s own client uses works too', async (t) => {
  assert.equal(plaid.sandboxItemResetLogin, plaid.sandboxitemresetlogin)
  const server = await startServer(t)
  assert.deepEqual(await clientOf(server).sandboxItemResetLogin(INPUT), GOOD_REPLY)
})

for (const [input, kind] of [
  ['access-sandbox-1', 'a string'],
  [7, 'a number'],
  [['access-sandbox-1'], 'an array'],
]) {
  test(`${kind} in place of the input is called ${kind}`, async (t) => {
    const error = await failure(clientOf(await startServer(t)), plaid.PlaidUsageError, {}, input)
    assert.equal(error.code, 'MISSING_FIELD')
    assert.match(error.message, new RegExp(`the input is ${kind}: pass an object`))
    assert.ok(!error.message.includes('access-sandbox-'))
  })
}
