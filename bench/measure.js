// How each measure is taken, in the process of the client that it is about.
//
// Every function takes the subject's one call and its settings, and resolves with figures. A call
// that fails, or whose reply does not say that the login was reset, fails the measure.

'use strict'

const fs = require('node:fs')

/** How often the event loop's delay is sampled, in ms: often enough for a p99 within a second. */
const LOOP_SAMPLE_MS = 5

/** How many replies each call under way must have brought before a measure may end. */
const TURNS = 3

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Keeps `inFlight` calls under way, lets them settle, then counts for `measureMs` at least. */
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
  // A lane that fails must end the measure, not wait for its time to run out.
  const unlessFailed = (wait) => Promise.race([wait, lanes])

  await unlessFailed(opened)
  await unlessFailed(sleep(warmUpMs))
  const taken = []
  latencies = taken
  loopDelay.enable()
  const before = spent()
  await unlessFailed(sleep(measureMs))
  // Some clients answer a thousand calls in one turn of the event loop: one turn is no sample.
  while (taken.length < TURNS * inFlight) await unlessFailed(sleep(1))
  const after = spent()
  loopDelay.disable()
  latencies = undefined
  stopped = true
  await lanes

  const sorted = Float64Array.from(taken).sort()
  return {
    requestsPerSecond: sorted.length / ((after.wallMs - before.wallMs) / 1000),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    ...perCall(before, after, sorted.length),
    loopDelayP99Ms: loopDelayP99(loopDelay, after.wallMs - before.wallMs),
  }
}

/**
 * The histogram holds the time between two samples; what exceeds the interval is delay. Without a
 * sample the loop did not turn until the measure was over, and that is how long it stood at least.
 */
function loopDelayP99(histogram, wallMs) {
  if (histogram.count === 0) return wallMs
  return Math.max(0, histogram.percentile(99) / 1e6 - LOOP_SAMPLE_MS)
}

/** Starts calls at a fixed pace whatever becomes of them, as a backend with traffic does. */
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
  const begun = performance.now()
  // A late tick makes up for the ones it missed, so that every subject starts as many calls.
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * perSecond
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

/** What the process holds after so many calls, garbage included, as its operator sees it. */
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

function accept(reply) {
  if (reply.reset_login !== true) throw new Error('the reply does not say reset_login: true')
}

/** Where the process's time stands now. */
function spent() {
  const { user, system } = process.cpuUsage()
  return { wallMs: performance.now(), processMicros: user + system, threadMicros: threadMicros() }
}

/** CPU time of the JavaScript thread alone, which no Node API gives; the main thread's id is the pid. */
function threadMicros() {
  const schedstat = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1')
  return Number(schedstat.split(' ', 1)[0]) / 1000
}

function perCall(before, after, calls) {
  return {
    calls,
    processMicros: (after.processMicros - before.processMicros) / calls,
    threadMicros: (after.threadMicros - before.threadMicros) / calls,
  }
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

module.exports = { accept, memory, paced, perCall, percentile, spent, steady }
