'use strict'

// The public surface: the default client, `createPlaidClient`, and the error classes.

const { createPlaidClient } = require('./lib/client.js')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
} = require('./lib/errors.js')

let defaultClient

function sandboxitemresetlogin(input, options) {
  try {
    defaultClient ??= createPlaidClient()
  } catch (error) {
    return Promise.reject(error)
  }
  return defaultClient.sandboxitemresetlogin(input, options)
}

const sandboxItemResetLogin = sandboxitemresetlogin

// Shorthand names only: Node finds no other form for `import { … }`.
module.exports = {
  createPlaidClient,
  PlaidApiError,
  PlaidConnectionError,
  PlaidError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
  sandboxItemResetLogin,
  sandboxitemresetlogin,
}
module.exports.default = module.exports
