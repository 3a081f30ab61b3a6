// Who is measured: each client as its own README shows it, with its defaults.
//
// `load` is a user's import. `connect` takes what was loaded and the server, and returns the call,
// which resolves with the parsed reply.

'use strict'

const { CLIENT_ID, OURS, PATH, SECRET } = require('../plaid')

const ACCESS_TOKEN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

/** The subject without calls: what the loop around a call costs by itself. */
const IDLE = 'idle loop'

const CLIENTS = [OURS, 'plaid', 'fetch', 'undici']

/** The clients in packages. They take a certificate authority in code; fetch does not. */
const INSTALLED = [OURS, 'plaid', 'undici']

const REQUEST_HEADERS = {
  'content-type': 'application/json',
  'plaid-client-id': CLIENT_ID,
  'plaid-secret': SECRET,
}

const subjects = {
  [OURS]: {
    load: () => require('../..'),
    connect({ createPlaidClient }, { baseUrl, ca }) {
      // The rivals do not retry, and a retry would hide a failure.
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
    load: () => undefined,
    connect: () => async () => ({ reset_login: true }),
  },
}

module.exports = { CLIENTS, IDLE, INSTALLED, subjects }
