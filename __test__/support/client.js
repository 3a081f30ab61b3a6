'use strict'

// Clients for tests, with credentials that are easy to find in any text.
//
// Loading this file removes every variable that the package reads from the environment.

const assert = require('node:assert/strict')
const { createPlaidClient } = require('../../index.js')
const { GOOD_REPLY } = require('./server.js')

const CLIENT_ID = 'fakeclientid0f3a9c5e7b21d846aa77'
const SECRET = 'fakesecret41d8cd98f00b204e980099'
const ACCESS_TOKEN = 'access-sandbox-fa4e0000-7c69-4d34-b8a1-5e0c3f9d2b17'
const PRODUCTION_TOKEN = 'access-production-fa4e1111-7c69-4d34-b8a1-5e0c3f9d2b17'
const GATEWAY_TOKEN = 'fakegatewaytoken-93b1a7c2d4e5f60718293a4b5c6d7e8f'
const PASSWORD = 'fakepassword-5d41402abc4b2a76'
const SECRETS = [CLIENT_ID, SECRET, ACCESS_TOKEN, PRODUCTION_TOKEN, GATEWAY_TOKEN, PASSWORD]

const INPUT = Object.freeze({ access_token: ACCESS_TOKEN })

const VARIABLES =
  /^(plaid_.*|utdk_.*|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$/i
for (const name of Object.keys(process.env)) {
  if (VARIABLES.test(name)) delete process.env[name]
}

/** A client of `server`. */
function clientOf(server, options) {
  return createPlaidClient({ baseUrl: server.url, clientId: CLIENT_ID, secret: SECRET, ...options })
}

/** Asserts that a good call succeeds. */
async function works(client) {
  assert.deepEqual(await client.sandboxitemresetlogin(INPUT), GOOD_REPLY)
}

module.exports = {
  CLIENT_ID,
  SECRET,
  ACCESS_TOKEN,
  PRODUCTION_TOKEN,
  GATEWAY_TOKEN,
  PASSWORD,
  SECRETS,
  INPUT,
  clientOf,
  works,
}
