// The lines of the gateway's table.

'use strict'

const { inMB, inMicros, inMs, inUnits } = require('../report')
const { IN_FLIGHT } = require('./measures')

/** A title, and a line for each number of calls in flight. */
const perLoad = (title, figure, write, rest) => [
  { title },
  ...IN_FLIGHT.map((inFlight) => ({
    label: `${inFlight} in flight`,
    measure: `load ${inFlight}`,
    figure,
    write,
    ...rest,
  })),
]

/** @returns titles, and lines of one figure for each subject */
function rows() {
  return [
    ...perLoad('reset_login, replies/s', 'repliesPerSecond', inUnits, { moreIsBetter: true }),
    ...perLoad('p50', 'p50Ms', inMs),
    ...perLoad('p50 added to the server', 'addedP50Ms', inMs),
    ...perLoad('p99 added to the server', 'addedP99Ms', inMs),
    ...perLoad('CPU per reply', 'cpuMicros', inMicros),
    { title: 'first answer in a fresh process' },
    { label: 'from startGateway() on', measure: 'start', figure: 'startMs', write: inMs },
    {
      label: 'from the start of the process on',
      measure: 'start',
      figure: 'processMs',
      write: inMs,
    },
    { title: 'memory after the load' },
    { label: 'added by the gateway', measure: 'load 64', figure: 'addedBytes', write: inMB },
    { label: 'of all processes', measure: 'load 64', figure: 'rssBytes', write: inMB },
  ]
}

module.exports = { rows }
