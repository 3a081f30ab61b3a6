'use strict'

// The JavaScript side of the engine: a dense table of pending calls, settled from one array per
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

/**
 * Takes an id for work that is handed over to the engine next.
 */
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

/** Called by the engine with `[id, text, id, text, …]`; see `Engine::new` in src/engine.rs. */
function settle(batch) {
  for (let i = 0; i < batch.length; i += 2) {
    const plain = batch[i] >= 0
    const id = plain ? batch[i] : ~batch[i]
    const resolve = pending[id]
    pending[id] = undefined
    free.push(id)
    inFlight--
    resolve(plain ? batch[i + 1] : JSON.parse(batch[i + 1]))
  }
  if (inFlight === 0) keepAlive.unref()
}

module.exports = { ending, startedEngine, takeId }
