'use strict'

// The result of a request to a Sandbox, a gateway or a client on the I/O thread: its value, or an error.

const { ending, handOver } = require('./engine.js')
const { PlaidError, PlaidTimeoutError, PlaidUsageError, nativeError } = require('./errors.js')

/** Sends a request to the I/O thread, and returns the value of the response. */
async function outcome(send) {
  const response = await ending(handOver(send))
  if (response.kind === 'value') return response.value
  const error = errorOf(response)
  Error.captureStackTrace(error, outcome)
  throw error
}

function errorOf({ kind, code, message, field }) {
  switch (kind) {
    case 'error':
      return new (classOf(code))(message, { code, field: field ?? undefined })
    case 'cancelled':
      return new PlaidUsageError('it was closed before it answered', { code: 'CLOSED' })
    default:
      return nativeError(kind)
  }
}

function classOf(code) {
  switch (code) {
    case 'WEBHOOK_TIMEOUT':
      return PlaidTimeoutError
    case 'EADDRINUSE':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'GATEWAY_NOT_STARTED':
    case 'SANDBOX_NOT_STARTED':
      return PlaidError
    default:
      return PlaidUsageError
  }
}

module.exports = { outcome }
