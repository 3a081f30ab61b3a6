'use strict'

// `@utdk/plaid/webhooks`: verifies that a webhook is Plaid's, and parses it.

const { isUint8Array } = require('node:util/types')
const { openVerifier } = require('./lib/native.js')
const { ending, handOver, startedEngine } = require('./lib/engine.js')
const { fromFailure, nativeError, PlaidWebhookError, usageError } = require('./lib/errors.js')
const { clientSettings, read, timeout } = require('./lib/options.js')

const CLIENT_OPTIONS = ['baseUrl', 'ca', 'clientId', 'secret']
const OPTIONS = [...CLIENT_OPTIONS, 'maxAgeMs']
const HEADER = 'plaid-verification'

function createWebhookVerifier(options = {}) {
  const given = read(options, OPTIONS, 'createWebhookVerifier')
  const own = Object.fromEntries(CLIENT_OPTIONS.map((name) => [name, given[name]]))
  // Keys come from Plaid, never from a gateway.
  const client = clientSettings(own, { ...process.env, UTDK_GATEWAY_URL: undefined })
  const maxAgeMs = timeout(given.maxAgeMs, 'maxAgeMs') ?? 300_000
  const native = openVerifier(startedEngine(), client, maxAgeMs)
  if (native.code !== undefined) throw usageError(native.code, native.field, native.message)
  return (rawBody, signature) => verify(native, rawBody, signature)
}

async function verify(native, rawBody, signature) {
  let body
  let header
  try {
    body = textOf(rawBody)
    header = signatureOf(signature)
  } catch (error) {
    await undefined
    Error.captureStackTrace(error, verify)
    throw error
  }
  const id = handOver((id) => native.verify(id, body, header))
  const ended = await ending(id)
  if (typeof ended === 'string') return parsed(body)
  if (ended.kind === 'failure') throw fromFailure(ended.failure, ended.attempts)
  const error = nativeError(ended.kind)
  Error.captureStackTrace(error, verify)
  throw error
}

/** The text that is hashed and parsed. A copy: the caller may use its buffer again at once. */
function textOf(rawBody) {
  // A lone surrogate has no bytes: it cannot have been received.
  if (typeof rawBody === 'string') return rawBody.toWellFormed()
  if (isUint8Array(rawBody)) {
    const { buffer, byteOffset, byteLength } = rawBody
    // Other bytes than UTF-8 are replaced, and then have another hash than the signed one.
    return Buffer.from(buffer, byteOffset, byteLength).toString()
  }
  const problem =
    rawBody !== null && typeof rawBody === 'object'
      ? 'is an object, as if a JSON parser had read it: pass the raw body, as a string or a Buffer'
      : 'must be the raw body, as a string or a Buffer'
  throw usageError('INVALID_FIELD', 'rawBody', `rawBody ${problem}`)
}

/** The value of the header: given itself, or found in headers. */
function signatureOf(given) {
  if (given === undefined || given === null || typeof given === 'string') return given ?? undefined
  const found = typeof given === 'object' ? headerOf(given) : given
  const value = Array.isArray(found) ? found.join(', ') : found
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  throw usageError(
    'INVALID_FIELD',
    'signature',
    'signature must be the value of the Plaid-Verification header, or the headers of the request',
  )
}

function headerOf(headers) {
  if (typeof headers.get === 'function') return headers.get(HEADER)
  // Node's names are in lower case. Other servers keep the sender's.
  if (headers[HEADER] !== undefined) return headers[HEADER]
  const name = Object.keys(headers).find((name) => name.toLowerCase() === HEADER)
  return name && headers[name]
}

function parsed(body) {
  let webhook
  try {
    webhook = JSON.parse(body)
  } catch {
    // Below: the error would show a part of the body.
  }
  if (webhook !== null && typeof webhook === 'object') return webhook
  const error = new PlaidWebhookError('Plaid signed the body, but it is not a JSON object', {
    code: 'NOT_JSON',
  })
  Error.captureStackTrace(error, verify)
  throw error
}

// Shorthand names only: Node finds no other form for `import { … }`.
module.exports = { createWebhookVerifier, PlaidWebhookError }
