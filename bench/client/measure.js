// How each measure is taken, in the process of the client.
//
// Every function takes the subject's call and the settings, and resolves with figures. A failed call
// fails the measure.

'use strict'

const { perCall, percentile, sleep, spent } = require('../machine')
const { accept } = require('../plaid')

/** The interval of the samples of the event loop's delay, in ms: enough samples for a p99. */
const LOOP_SAMPLE_MS = 5

/** The least number of replies for each call in flight. */
const TURNS = 3

/** Keeps `inFlight` calls in flight, warms up, then measures for at least `measureMs`. */
async function steady(call, { inFlight, warmUpMs, measureMs }) {
  const { monitorEventLoopDelay } = require('node:perf_hooks')
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS })
  let latencies
  let stopped = false
  let lanesOpen = 0
  let allOpen
  const opened = new Promise((resolve) => {
    allOpen = resolve
  })

  async function lane() {
    accept(await call())
    lanesOpen += 1
    if (lanesOpen === inFlight) allOpen()
    while (!stopped) {
      const sent = performance.now()
      accept(await call())
      latencies?.push(performance.now() - sent)
    }
  }
  const lanes = Promise.all(Array.from({ length: inFlight }, lane))
  // A failed lane ends the measure at once.
  const unlessFailed = (wait) => Promise.race([wait, lanes])

  await unlessFailed(opened)
  await unlessFailed(sleep(warmUpMs))
  const taken = []
  latencies = taken
  loopDelay.enable()
  const before = spent()
  await unlessFailed(sleep(measureMs))
  // Some clients resolve a thousand calls in one turn of the event loop, which is too few samples.
  while (taken.length < TURNS * inFlight) await unlessFailed(sleep(1))
  const after = spent()
  loopDelay.disable()
  latencies = undefined
  stopped = true
  await lanes

  const wallMs = after.wallMs - before.wallMs
  return {
    requestsPerSecond: taken.length / (wallMs / 1000),
    p50Ms: percentile(taken, 0.5),
    p99Ms: percentile(taken, 0.99),
    ...perCall(before, after, taken.length),
    loopDelayP99Ms: loopDelayP99(loopDelay, wallMs),
  }
}

/**
 * The histogram has the time between two samples; the excess over the interval is delay. Without a
 * sample the loop was blocked for the whole measure.
 */
function loopDelayP99(histogram, wallMs) {
  if (histogram.count === 0) return wallMs
  return Math.max(0, histogram.percentile(99) / 1e6 - LOOP_SAMPLE_MS)
}

/** Starts calls at a fixed rate, however long they take: a backend's traffic. */
async function paced(call, { perSecond, warmUpMs, measureMs }) {
  let started = 0
  let pending = 0
  let failed
  const failure = new Promise((_resolve, reject) => {
    failed = reject
  })
  async function one() {
    pending += 1
    accept(await call())
    pending -= 1
  }
  const startedAt = performance.now()
  // A late tick starts the missed calls too, so that every subject starts the same number.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (started < due) {
      started += 1
      one().catch(failed)
    }
  }, 1000 / perSecond)

  await Promise.race([sleep(warmUpMs), failure])
  const before = spent()
  const startedBefore = started
  await Promise.race([sleep(measureMs), failure])
  const after = spent()
  const calls = started - startedBefore
  clearInterval(timer)
  while (pending > 0) await Promise.race([sleep(10), failure])
  return perCall(before, after, calls)
}

/** The memory of the process after this many calls, garbage included. */
async function memory(call, { inFlight, calls }) {
  let left = calls
  async function lane() {
    while (left > 0) {
      left -= 1
      accept(await call())
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return { rssBytes: process.memoryUsage.rss() }
}

module.exports = { memory, paced, steady }
