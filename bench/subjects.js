// Who is measured: each client as its own README shows it, with everything left at its default.
//
// A subject is data. `load` is what a user's import costs; `connect` takes what was loaded and the
// server, and gives the one call, which resolves with the parsed reply. `acceptsCa` says that a
// client can be handed an authority in code; the others know it from the environment alone.

'use strict'

const PATH = '/sandbox/item/reset_login'

// Made up: the server only checks that they are there.
const CLIENT_ID = '0123456789abcdef01234567'
const SECRET = 'fedcba9876543210fedcba98765432'
const ACCESS_TOKEN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

/** The subject that every ratio and every goal is about. */
const OURS = '@utdk/plaid'

/** The subject that does nothing: what the loop around a call costs by itself. */
const IDLE = 'idle loop'

const REQUEST_HEADERS = {
  'content-type': 'application/json',
  'plaid-client-id': CLIENT_ID,
  'plaid-secret': SECRET,
}

const subjects = {
  [OURS]: {
    acceptsCa: true,
    load: () => require('..'),
    connect({ createPlaidClient }, { baseUrl, ca }) {
      // The rivals do not retry: a retry would hide a failure.
      const client = createPlaidClient({
        baseUrl,
        ca,
        clientId: CLIENT_ID,
        secret: SECRET,
        maxRetries: 0,
      })
      return () => client.sandboxitemresetlogin({ access_token: ACCESS_TOKEN })
    },
  },

  plaid: {
    acceptsCa: true,
    load: () => require('plaid'),
    connect({ Configuration, PlaidApi }, { baseUrl, ca }) {
      const headers = { 'PLAID-CLIENT-ID': CLIENT_ID, 'PLAID-SECRET': SECRET }
      const baseOptions = { headers }
      if (ca !== undefined) {
        const { Agent } = require('node:https')
        baseOptions.httpsAgent = new Agent({ ca, keepAlive: true })
      }
      const client = new PlaidApi(new Configuration({ basePath: baseUrl, baseOptions }))
      return async () => {
        const response = await client.sandboxItemResetLogin({ access_token: ACCESS_TOKEN })
        return response.data
      }
    },
  },

  fetch: {
    acceptsCa: false,
    load: () => globalThis.fetch,
    connect(fetch, { baseUrl }) {
      return async () => {
        const response = await fetch(baseUrl + PATH, {
          method: 'POST',
          headers: REQUEST_HEADERS,
          body: JSON.stringify({ access_token: ACCESS_TOKEN }),
        })
        return response.json()
      }
    },
  },

  undici: {
    acceptsCa: true,
    load: () => require('undici'),
    connect({ Agent, request }, { baseUrl, ca }) {
      const dispatcher = ca === undefined ? undefined : new Agent({ connect: { ca } })
      return async () => {
        const { body } = await request(baseUrl + PATH, {
          method: 'POST',
          headers: REQUEST_HEADERS,
          body: JSON.stringify({ access_token: ACCESS_TOKEN }),
          dispatcher,
        })
        return body.json()
      }
    },
  },

  [IDLE]: {
    acceptsCa: false,
    load: () => undefined,
    connect: () => async () => ({ reset_login: true }),
  },
}

module.exports = { IDLE, OURS, subjects }
