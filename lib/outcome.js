'use strict'

// What a Sandbox or a gateway on the I/O thread answered: its value, or an error.

const { ending, handOver } = require('./engine.js')
const { PlaidError, PlaidTimeoutError, PlaidUsageError } = require('./errors.js')

/** Has the I/O thread do it, and gives its value back. */
async function outcome(send) {
  const answer = await ending(handOver(send))
  if (answer.kind === 'value') return answer.value
  const { code = 'CLOSED', message = 'it was closed meanwhile', field } = answer
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
