'use strict'

// Promise: no object of the package shows a secret, however it is printed.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { test } = require('node:test')
const plaid = require('../index.js')
const { GATEWAY_TOKEN, INPUT, SECRETS, clientOf } = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { startServer } = require('./support/server.js')

test('a client shows no secret, before, during and after a call', async (t) => {
  const client = clientOf(await startServer(t))
  const gateway = { url: 'http://localhost:4000', token: GATEWAY_TOKEN }
  const printed = [inspect(plaid.createPlaidClient({ gateway }), { depth: 10, showHidden: true })]
  const print = () => {
    printed.push(inspect(client, { depth: 10, showHidden: true }), JSON.stringify(client))
    printed.push(inspect(client.sandboxitemresetlogin, { depth: 10, showHidden: true }))
  }
  print()
  const call = client.sandboxitemresetlogin(INPUT)
  print()
  printed.push(inspect(call, { depth: 10, showHidden: true }))
  await call
  print()
  for (const text of printed) assertNoSecret(text, 'the client')
})

test('the check for secrets finds each of them, in any case', () => {
  for (const secret of SECRETS) {
    assert.throws(() => assertNoSecret(`… ${secret.toUpperCase()} …`, 'a text'), /shows a secret/)
  }
})
