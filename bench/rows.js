// The lines of the clients' table.

'use strict'

const { IN_FLIGHT } = require('./measures')
const { inMB, inMicros, inMs, inUnits } = require('./report')

/** The figures that every steady measure gives, and how each is written. */
const STEADY = [
  {
    title: 'requests/s',
    figure: 'requestsPerSecond',
    write: inUnits,
    moreIsBetter: true,
  },
  { title: 'p50', figure: 'p50Ms', write: inMs },
  { title: 'p99', figure: 'p99Ms', write: inMs },
  { title: 'JavaScript-thread CPU per call', figure: 'threadMicros', write: inMicros },
  { title: 'process CPU per call', figure: 'processMicros', write: inMicros },
  { title: 'event-loop delay p99', figure: 'loopDelayP99Ms', write: inMs, noRatio: true },
]

const SINGLE = [
  {
    label: 'JavaScript-thread CPU per call',
    measure: 'paced',
    figure: 'threadMicrosOverIdle',
    write: inMicros,
  },
  {
    label: 'process CPU per call',
    measure: 'paced',
    figure: 'processMicrosOverIdle',
    write: inMicros,
  },
  { title: 'a fresh process' },
  { label: 'import', measure: 'first http', figure: 'importMs', write: inMs },
  { label: 'first reply, http', measure: 'first http', figure: 'firstReplyMs', write: inMs },
  { label: 'first reply, TLS', measure: 'first https', figure: 'firstReplyMs', write: inMs },
  {
    label: 'first reply, TLS, own ca',
    measure: 'first https with ca',
    figure: 'firstReplyMs',
    write: inMs,
  },
  { title: 'weight' },
  { label: 'memory over bare node', measure: 'memory', figure: 'rssOverBareBytes', write: inMB },
  { label: 'installed size', measure: 'installed', figure: 'bytes', write: inMB },
]

/** @returns titles, and lines of one figure for each client */
function rows() {
  const steady = ['http', 'https'].flatMap((scheme) =>
    STEADY.flatMap(({ title, ...row }) => [
      { title: `${title}, ${scheme === 'http' ? 'http' : 'TLS'}` },
      ...IN_FLIGHT.map((inFlight) => ({
        ...row,
        label: `${inFlight} in flight`,
        measure: `${scheme} ${inFlight}`,
      })),
    ]),
  )
  return [
    ...steady,
    { title: '500 calls/s against 20 ms of server time, over the idle loop' },
    ...SINGLE,
  ]
}

module.exports = { rows }
