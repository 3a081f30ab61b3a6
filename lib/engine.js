'use strict'

// The JavaScript side of the engine: a dense table of pending calls, settled from one string per
// wake-up, and the timer that keeps the process alive while there are any.

const { setInterval } = require('node:timers')
const { Engine } = require('./native.js')

/** By id: how to resolve the call's promise. */
const pending = []
/** Ids that may be used again. */
const free = []
let inFlight = 0

let engine
let keepAlive

const LONGEST_INTERVAL = 2 ** 31 - 1

/** The engine of this thread, which starts when it is first needed: before the first id is taken. */
function startedEngine() {
  if (engine === undefined) {
    engine = new Engine(settle)
    keepAlive = setInterval(() => {}, LONGEST_INTERVAL)
    keepAlive.unref()
  }
  return engine
}

/** Takes an id for work that is handed over to the engine next. */
function takeId() {
  if (inFlight++ === 0) keepAlive.ref()
  return free.length > 0 ? free.pop() : pending.length
}

/** Hands work over to the engine as `send(id)`, and returns the id. */
function handOver(send) {
  const id = takeId()
  try {
    send(id)
    return id
  } catch (error) {
    free.push(id)
    if (--inFlight === 0) keepAlive.unref()
    throw error
  }
}

/**
 * How the work under `id` ends.
 *
 * @returns a promise that never rejects: a string for a plain success, otherwise the record that
 *   Rust made of the ending, or `{ kind: 'cancelled' }` as soon as `signal` aborts.
 */
function ending(id, signal) {
  return new Promise((resolve) => {
    pending[id] = resolve
    if (signal) cancelOnAbort(id, resolve, signal)
  })
}

/** Calls of this tick that have not crossed yet, as `NativeClient.resetLogins` takes them. */
let lines = ''
let linesOf
let count = 0
let inTick = false

const MOST_AT_ONCE = 16
/** A microtask of its own making: test runners replace `nextTick` and `queueMicrotask` by fakes. */
const now = Promise.resolve()

/**
 * Begins a call with the client's own settings, and returns its id. The first call of a tick crosses
 * at once, the others together: crossing costs more than all else that JavaScript does for a call.
 */
function begin(native, access_token) {
  if (!inTick || access_token.includes('\n')) {
    if (!inTick) {
      inTick = true
      now.then(endTick)
    }
    return handOver((id) => native.resetLogin(id, access_token))
  }
  const id = takeId()
  if (linesOf !== native) cross()
  linesOf = native
  lines += `${id}\n${access_token}\n`
  if (++count === MOST_AT_ONCE) cross()
  return id
}

function cross() {
  if (count > 0) linesOf.resetLogins(lines)
  lines = ''
  count = 0
}

function endTick() {
  inTick = false
  cross()
  linesOf = undefined
}

/** By signal: its one listener, and what to do for each of its calls. */
const watched = new WeakMap()

function cancelOnAbort(id, resolve, signal) {
  const cancel = () => {
    resolve({ kind: 'cancelled' })
    engine.cancel(id)
  }
  const { cancels, listener } = watched.get(signal) ?? watch(signal)
  cancels.add(cancel)
  // The id stays taken until the engine completes it, so `cancel` can't hit a later call.
  pending[id] = (result) => {
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

/** Called by the engine with lines of ids and texts; see `Engine::new` in src/engine.rs. */
function settle(batch) {
  const parts = batch.split('\n')
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const number = +parts[i]
    const plain = number >= 0
    const id = plain ? number : ~number
    const resolve = pending[id]
    pending[id] = undefined
    free.push(id)
    inFlight--
    resolve(plain ? parts[i + 1] : JSON.parse(parts[i + 1]))
  }
  if (inFlight === 0) keepAlive.unref()
}

module.exports = { begin, ending, handOver, startedEngine }
