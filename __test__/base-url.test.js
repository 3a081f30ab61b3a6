'use strict'

// Promise: only the Sandbox, and stand-ins for it, can be called; no plain http leaves this
// machine.

const { test } = require('node:test')
const { PlaidUsageError, createPlaidClient } = require('../index.js')
const { PASSWORD, SECRET, clientOf, works } = require('./support/client.js')
const { refusal } = require('./support/failure.js')
const { startServer } = require('./support/server.js')

/** A base URL, and the code it is refused with. */
const REFUSED = [
  ['https://production.plaid.com', 'NOT_SANDBOX'],
  ['https://development.plaid.com', 'NOT_SANDBOX'],
  ['https://plaid.com', 'NOT_SANDBOX'],
  ['https://PRODUCTION.Plaid.Com/', 'NOT_SANDBOX'],
  ['https://production.plaid.com.', 'NOT_SANDBOX'],
  ['https://production.plaid.com:443', 'NOT_SANDBOX'],
  ['https://production%2eplaid%2ecom', 'NOT_SANDBOX'],
  ['https://production。plaid。com', 'NOT_SANDBOX'],
  ['https:\\\\production.plaid.com', 'NOT_SANDBOX'],
  ['https://sandbox.plaid.com/sandbox', 'INVALID_BASE_URL'],
  ['https://sandbox.plaid.com//', 'INVALID_BASE_URL'],
  [`https://user:${PASSWORD}@sandbox.plaid.com`, 'INVALID_BASE_URL'],
  [`https://${PASSWORD}@sandbox.plaid.com`, 'INVALID_BASE_URL'],
  [`https://sandbox.plaid.com?secret=${SECRET}`, 'INVALID_BASE_URL'],
  [`https://sandbox.plaid.com#${SECRET}`, 'INVALID_BASE_URL'],
  ['http://sandbox.plaid.com', 'INSECURE_URL'],
  ['http://192.0.2.1:4000', 'INSECURE_URL'],
  ['http://0.0.0.0:4000', 'INSECURE_URL'],
  ['http://localhost.example', 'INSECURE_URL'],
  ['http://127.0.0.1.example', 'INSECURE_URL'],
  ['http://notlocalhost', 'INSECURE_URL'],
  ['http://[2001:db8::1]', 'INSECURE_URL'],
  ['ftp://sandbox.plaid.com', 'INVALID_BASE_URL'],
  ['file:///etc/passwd', 'INVALID_BASE_URL'],
  ['data:text/plain,hello', 'INVALID_BASE_URL'],
  ['sandbox.plaid.com', 'INVALID_BASE_URL'],
  ['https://', 'INVALID_BASE_URL'],
  ['https://sandbox.plaid.com:99999', 'INVALID_BASE_URL'],
  [SECRET, 'INVALID_BASE_URL'],
  [' ', 'INVALID_BASE_URL'],
  ['', 'INVALID_OPTION'],
]

for (const [baseUrl, code] of REFUSED) {
  test(`the base URL ${JSON.stringify(baseUrl)} is refused as ${code}`, () => {
    refusal(() => createPlaidClient({ baseUrl }), PlaidUsageError, { code, field: 'baseUrl' })
  })
}

const ACCEPTED = [
  'https://sandbox.plaid.com',
  'https://sandbox.plaid.com/',
  'https://SANDBOX.plaid.com:443',
  'https://plaid-sandbox.example:8443',
  'https://notplaid.com',
  'http://localhost:3000',
  'http://sandbox.localhost:3000',
  'http://127.0.0.1',
  'http://127.1.2.3:4000',
  'http://[::1]:3000',
]

for (const baseUrl of ACCEPTED) {
  test(`the base URL ${baseUrl} is accepted`, () => {
    createPlaidClient({ baseUrl })
  })
}

test('localhost, its address, and a slash at the end reach the same server', async (t) => {
  const server = await startServer(t)
  const { port } = server
  for (const url of [`http://localhost:${port}`, `http://127.0.0.1:${port}/`]) {
    await works(clientOf({ url }))
  }
})
