'use strict'

// The JavaScript side of the engine: hands work over to the I/O thread, and cancels it.

const { nativeError, PlaidError } = require('./errors.js')
const { Engine } = require('./native.js')
const { giveBack, onCompletion, resource, settle, takeId } = require('./pending.js')

let engine

/** The engine of this copy of the package. It starts with the first client or server. */
function startedEngine() {
  try {
    engine ??= new Engine(settle, resource)
  } catch (cause) {
    const message =
      'the I/O thread of @utdk/plaid could not be started: this process may start no more threads, or open no more files; raise its limits, or let it do less at once'
    throw new PlaidError(message, { code: 'IO_THREAD_NOT_STARTED', retryable: true, cause })
  }
  return engine
}

/** Hands work over to the engine by `send(id)`, and returns the id. */
function handOver(send) {
  const id = takeId()
  try {
    send(id)
    return id
  } catch (error) {
    if (giveBack(id)) engine.releaseLoop()
    throw nativeError('refused', error)
  }
}

/**
 * How the work under `id` ends.
 *
 * @returns a promise that never rejects: a string for a plain success, otherwise the record that Rust
 *   made of the ending, or `{ kind: 'cancelled' }` as soon as `signal` aborts.
 */
function ending(id, signal) {
  return new Promise((resolve) => {
    onCompletion(id, signal ? cancelledBy(signal, id, resolve) : resolve)
  })
}

/** Calls of this tick that have not crossed yet, as `NativeClient.resetLogins` takes them. */
let lines = ''
let linesOf
let count = 0
let isInTick = false

const MOST_AT_ONCE = 16
/** For microtasks: test runners replace `nextTick` and `queueMicrotask` by fakes. */
const resolved = Promise.resolve()

/**
 * Starts a call with the client's own settings, and returns its id. The first call of a tick crosses
 * at once, the others together: crossing costs more than the rest of what JavaScript does for a call.
 */
function startCall(native, access_token) {
  if (!isInTick || access_token.includes('\n')) {
    if (!isInTick) {
      isInTick = true
      resolved.then(endTick)
    }
    return handOver((id) => native.resetLogin(id, access_token))
  }
  if (linesOf !== native) flush()
  linesOf = native
  const id = takeId()
  lines += `${id}\n${access_token}\n`
  if (++count === MOST_AT_ONCE) flush()
  return id
}

/** Sends the calls of this tick that have not crossed yet. */
function flush() {
  if (count === 0) return
  const crossing = lines
  lines = ''
  count = 0
  try {
    linesOf.resetLogins(crossing)
  } catch {
    // In a microtask: the last of these calls has no promise yet.
    resolved.then(() => refuse(crossing))
  }
}

/** Settles calls that could not cross. */
function refuse(crossing) {
  const ids = crossing.split('\n').filter((_, i) => i % 2 === 0)
  const batch = ids.slice(0, -1).map((id) => `${~id}\n{"kind":"refused"}\n`)
  if (settle(batch.join(''))) engine.releaseLoop()
}

function endTick() {
  isInTick = false
  flush()
  linesOf = undefined
}

/** By signal: its one listener, and what to do for each of its calls. */
const watched = new WeakMap()

/** Cancels the work under `id` when `signal` aborts. Returns how its completion is delivered. */
function cancelledBy(signal, id, resolve) {
  const cancel = () => {
    resolve({ kind: 'cancelled' })
    engine.cancel(id)
  }
  const { cancels, listener } = watched.get(signal) ?? watch(signal)
  cancels.add(cancel)
  // The id stays taken until the engine completes it, so `cancel` cannot hit a later call.
  return (result) => {
    cancels.delete(cancel)
    if (cancels.size === 0) {
      signal.removeEventListener('abort', listener)
      watched.delete(signal)
    }
    resolve(result)
  }
}

function watch(signal) {
  const cancels = new Set()
  const listener = () => {
    for (const cancel of cancels) cancel()
  }
  const watch = { cancels, listener }
  signal.addEventListener('abort', listener, { once: true })
  watched.set(signal, watch)
  return watch
}

module.exports = { ending, flush, handOver, startCall, startedEngine }
