'use strict'

// The public surface: the default client, `createPlaidClient`, and the error classes.

// Loaded first: a missing binary must fail the import, not the first call.
require('./lib/native.js')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
} = require('./lib/errors.js')

function createPlaidClient(options) {
  // Loaded with the first client, so that an import costs little more than the binary.
  return require('./lib/client.js').createPlaidClient(options)
}

let defaultClient

function sandboxitemresetlogin(input, options) {
  try {
    defaultClient ??= createPlaidClient()
  } catch (error) {
    return Promise.reject(error)
  }
  return defaultClient.sandboxitemresetlogin(input, options)
}

// Shorthand names only: Node finds no other form for `import { … }`.
module.exports = {
  createPlaidClient,
  PlaidApiError,
  PlaidConnectionError,
  PlaidError,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
  sandboxitemresetlogin,
}
module.exports.default = module.exports
