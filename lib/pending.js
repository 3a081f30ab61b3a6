'use strict'

// The table of work in flight, settled from one string for each wake-up. The I/O thread refers to this
// file's functions for as long as they may be called, so nothing here may refer to the engine.

/** By id: how to resolve the promise. */
const pending = []
/** Ids to use again. */
const free = []
let inFlight = 0

/** Takes an id for work that crosses to the I/O thread next. */
function takeId() {
  inFlight++
  return free.length > 0 ? free.pop() : pending.length
}

/** Sets how the completion of `id` is delivered. */
function onCompletion(id, deliver) {
  pending[id] = deliver
}

/** Gives back an id that did not cross. Returns whether nothing is in flight any more. */
function giveBack(id) {
  pending[id] = undefined
  free.push(id)
  return --inFlight === 0
}

/** Called with lines of ids and texts; see `Engine::new` in src/engine.rs. */
function settle(batch) {
  const parts = batch.split('\n')
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const number = +parts[i]
    const isPlain = number >= 0
    const id = isPlain ? number : ~number
    const deliver = pending[id]
    pending[id] = undefined
    free.push(id)
    inFlight--
    deliver(isPlain ? parts[i + 1] : record(parts[i + 1]))
  }
  return inFlight === 0
}

function record(json) {
  try {
    return JSON.parse(json)
  } catch {
    // Too deep or too large for this process: the rest of the batch must still be delivered.
    return { kind: 'unreadable' }
  }
}

/** The async resource of the wake-ups: whether they keep the process alive. */
const resource = { hasRef: () => inFlight > 0 }

module.exports = { giveBack, onCompletion, resource, settle, takeId }
