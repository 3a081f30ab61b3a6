'use strict'

// The error classes, and the Error made from the data that Rust reports.

class PlaidError extends Error {
  constructor(message, { code, attempts = 0, retryable = false, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.attempts = attempts
    this.retryable = retryable
  }
}

class PlaidApiError extends PlaidError {
  constructor(message, { api, ...common } = {}) {
    super(message, common)
    Object.assign(this, api)
  }
}

class PlaidTimeoutError extends PlaidError {}

class PlaidConnectionError extends PlaidError {}

class PlaidResponseError extends PlaidError {
  constructor(message, { status, ...common } = {}) {
    super(message, common)
    this.status = status
  }
}

class PlaidUsageError extends PlaidError {
  constructor(message, { field, ...common } = {}) {
    super(message, common)
    this.field = field
  }
}

/** A webhook is not Plaid's, or cannot be verified now. */
class PlaidWebhookError extends PlaidError {}

const classes = {
  PlaidError,
  PlaidApiError,
  PlaidTimeoutError,
  PlaidConnectionError,
  PlaidResponseError,
  PlaidUsageError,
  PlaidWebhookError,
}

for (const [name, Class] of Object.entries(classes)) {
  const mark = Symbol.for(`@utdk/plaid.${name}`)
  Object.defineProperties(Class.prototype, {
    name: { value: name, configurable: true, writable: true },
    [mark]: { value: true },
  })
  // Test runners load several copies of this file: `instanceof` must hold across them.
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(value) {
      if (this === Class) return value?.[mark] === true
      return Function.prototype[Symbol.hasInstance].call(this, value)
    },
  })
}

/** The error of a failure that Rust reported. Its stack starts at the caller of this function. */
function fromFailure(failure, attempts) {
  const error = fromRecord(failure, attempts)
  Error.captureStackTrace(error, fromFailure)
  return error
}

function fromRecord({ class: name, message, chain = [], last, ...fields }, attempts) {
  const cause = last ? stackless(fromRecord(last, attempts)) : fromChain(chain)
  return new classes[name](message, { ...fields, attempts, cause })
}

/** The messages of the libraries below, outermost first, as nested causes. */
function fromChain(chain) {
  return chain.reduceRight(
    (cause, message) => stackless(new Error(message, cause && { cause })),
    undefined,
  )
}

/** A cause comes from the I/O thread: frames of this file would mislead. */
function stackless(error) {
  error.stack = `${error.name}: ${error.message}`
  return error
}

/** The error of bad input; nothing was sent. */
function usageError(code, field, message) {
  return new PlaidUsageError(message, { code, field })
}

/** The error of work that the native part ended without a result, by the `kind` of its record. */
function nativeError(kind, cause) {
  if (kind === 'too_long') {
    return new PlaidError('the result is longer than 32 MiB: JavaScript cannot take it', {
      code: 'RESULT_TOO_LONG',
    })
  }
  return new PlaidError('the native part of @utdk/plaid failed: this is a bug, please report it', {
    code: 'INTERNAL_ERROR',
    cause,
  })
}

module.exports = { ...classes, fromFailure, nativeError, usageError }
