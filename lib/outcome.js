'use strict'

// The result of a request to a Sandbox or a gateway on the I/O thread: its value, or an error.

const { ending, handOver } = require('./engine.js')
const { PlaidError, PlaidTimeoutError, PlaidUsageError } = require('./errors.js')

/** Sends a request to the I/O thread, and returns the value of the response. */
async function outcome(send) {
  const response = await ending(handOver(send))
  if (response.kind === 'value') return response.value
  const { code = 'CLOSED', message = 'it was closed before it answered', field } = response
  const error = new (classOf(code))(message, { code, field: field ?? undefined })
  Error.captureStackTrace(error, outcome)
  throw error
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
