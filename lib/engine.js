'use strict'

// The JavaScript side of the engine: a dense table of pending calls, settled from one string per
// wake-up, and the timer that keeps the process alive while there are any.

const { setInterval } = require('node:timers')
const { Engine } = require('../binding.js')

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
 * Begins a call with the client's own settings. The first call of a tick crosses at once, the
 * others together: crossing costs more than all the rest that is done for a call in JavaScript.
 */
function begin(native, id, access_token) {
  if (!inTick || access_token.includes('\n')) {
    native.resetLogin(id, access_token)
    if (!inTick) {
      inTick = true
      now.then(endTick)
    }
    return
  }
  if (linesOf !== native) cross()
  linesOf = native
  lines += `${id}\n${access_token}\n`
  if (++count === MOST_AT_ONCE) cross()
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

function cancelOnAbort(id, resolve, signal) {
  const cancel = () => {
    resolve({ kind: 'cancelled' })
    engine.cancel(id)
  }
  signal.addEventListener('abort', cancel, { once: true })
  // The id stays taken until the engine completes it, so `cancel` can't hit a later call.
  pending[id] = (result) => {
    signal.removeEventListener('abort', cancel)
    resolve(result)
  }
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

module.exports = { begin, ending, startedEngine, takeId }
