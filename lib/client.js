'use strict'

// A client: the operation with the client's settings, and the trace of each call.

const diagnostics_channel = require('node:diagnostics_channel')
const { openClient } = require('./native.js')
const { ending, flush, handOver, startCall, startedEngine } = require('./engine.js')
const { fromFailure, nativeError, PlaidUsageError, usageError } = require('./errors.js')
const { callSettings, checkInput, clientSettings, headerPairs } = require('./options.js')
const { outcome } = require('./outcome.js')

const requests = diagnostics_channel.tracingChannel('utdk.plaid.request')
const CHANNELS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

/** Bun's tracing channels do not tell whether they have a subscriber; their parts do. */
const isTraced = () =>
  requests.hasSubscribers ?? CHANNELS.some((name) => requests[name].hasSubscribers)

function createPlaidClient(options) {
  const native = openClient(startedEngine(), clientSettings(options))
  if (native.code !== undefined) throw usageError(native.code, native.field, native.message)
  const { host } = native
  const client = { native, closed: undefined }
  const close = () => {
    client.closed ??= closeNative(native)
    return client.closed
  }
  const sandboxitemresetlogin = (input, options) =>
    isTraced() ? traced(client, host, input, options) : resetLogin(client, input, options)
  return {
    sandboxitemresetlogin,
    sandboxItemResetLogin: sandboxitemresetlogin,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function closeNative(native) {
  // Calls of this tick come before the end.
  flush()
  await outcome((id) => native.close(id))
}

/**
 * One call. An async function whose errors get their stacks after an `await`: only then does a stack
 * show the functions that await the call.
 */
async function resetLogin({ native, closed }, input, options, trace) {
  let settings
  try {
    if (closed) throw new PlaidUsageError('the client is closed', { code: 'CLOSED' })
    checkInput(input)
    settings = callSettings(input, options)
  } catch (error) {
    await undefined
    Error.captureStackTrace(error, resetLogin)
    throw error
  }
  const { access_token } = input
  const signal = options?.signal
  if (signal?.aborted) throw signal.reason

  const id = settings
    ? handOver((id) => native.resetLoginWith(id, access_token, settings))
    : startCall(native, access_token)
  const ended = await ending(id, signal)
  if (typeof ended === 'string') {
    trace?.(1, 200, ended)
    return { request_id: ended, reset_login: true }
  }
  const { attempts = 0, failure, headers, kind, reply, status } = ended
  trace?.(attempts, status, reply?.request_id ?? failure?.api?.request_id)
  switch (kind) {
    case 'reply':
      return headers
        ? { data: reply, response: { status, headers: record(headers), attempts } }
        : reply
    case 'failure':
      throw fromFailure(failure, attempts)
    case 'cancelled':
      throw signal.reason
    default: {
      const error = nativeError(kind)
      Error.captureStackTrace(error, resetLogin)
      throw error
    }
  }
}

/** Headers by name. Values of the same name are joined, as `fetch` does it. */
function record(headers) {
  const values = {}
  for (const [name, value] of headers) {
    values[name] = values[name] === undefined ? value : `${values[name]}, ${value}`
  }
  return values
}

/** The call with its events on the channel. Used only while the channel has a subscriber. */
function traced(client, host, input, options) {
  const started = performance.now()
  const context = {
    operation: 'sandboxitemresetlogin',
    host,
    headers: {},
    attempt: 0,
    status: undefined,
    request_id: undefined,
    duration: undefined,
  }
  const call = async () => {
    try {
      const withHeaders = withAdded(options, context.headers)
      return await resetLogin(client, input, withHeaders, (attempt, status, request_id) => {
        Object.assign(context, { attempt, status, request_id })
      })
    } finally {
      context.duration = performance.now() - started
    }
  }
  return requests.tracePromise(call, context)
}

/** The options of a call, with the headers that a subscriber added. The caller's own win. */
function withAdded(options, added) {
  const names = Object.keys(added)
  if (names.length === 0) return options
  const own = headerPairs(options?.headers)
  const isOwn = (name) => own.some(([given]) => given.toLowerCase() === name.toLowerCase())
  const missing = names.filter((name) => !isOwn(name)).map((name) => [name, added[name]])
  return { ...options, headers: [...missing, ...own] }
}

module.exports = { createPlaidClient }
