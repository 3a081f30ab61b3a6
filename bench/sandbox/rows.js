// The lines of the Sandbox's table.

'use strict'

const { inMB, inMicros, inMs, inUnits } = require('../report')
const { CONNECTIONS } = require('./measures')

const inKB = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`
const inPercent = (share) => `${(share * 100).toPrecision(3)} %`

/** A title, and a line for each number of connections. */
const perConnections = (measure, title, figure, write, rest) => [
  { title },
  ...CONNECTIONS.map((connections) => ({
    label: `${connections} connections`,
    measure: `${measure} ${connections}`,
    figure,
    write,
    ...rest,
  })),
]

/** @returns titles, and lines of one figure for each subject */
function rows() {
  return [
    { title: 'ready in a fresh process' },
    { label: 'import', measure: 'fresh', figure: 'importMs', write: inMs },
    { label: 'start', measure: 'fresh', figure: 'startMs', write: inMs },
    { label: 'both', measure: 'fresh', figure: 'readyMs', write: inMs },
    { title: 'ready in a warm process' },
    { label: 'p50', measure: 'warm', figure: 'startMs', write: inMs },
    { label: 'p99', measure: 'warm', figure: 'startP99Ms', write: inMs },
    { label: 'closed, p50', measure: 'warm', figure: 'closeMs', write: inMs },
    ...perConnections('load', 'reset_login, replies/s', 'repliesPerSecond', inUnits, {
      moreIsBetter: true,
    }),
    ...perConnections('load', 'p50', 'p50Ms', inMs),
    ...perConnections('load', 'p99', 'p99Ms', inMs),
    ...perConnections('load', 'process CPU per reply', 'processMicros', inMicros),
    ...perConnections('load', 'JavaScript-thread CPU per reply', 'threadMicros', inMicros),
    ...perConnections(
      'webhooks',
      'reset_login with a webhook each, replies/s',
      'repliesPerSecond',
      inUnits,
    ),
    ...perConnections('webhooks', 'with a webhook each, p99', 'p99Ms', inMs),
    ...perConnections(
      'webhooks',
      'with a webhook each, webhooks/s received meanwhile',
      'webhooksPerSecond',
      inUnits,
    ),
    ...perConnections(
      'webhooks',
      'with a webhook each, webhooks received in the end',
      'receivedInTheEnd',
      inPercent,
    ),
    ...perConnections(
      'webhooks',
      'with a webhook each, last one received after the last reply',
      'webhooksLateMs',
      inMs,
    ),
    { title: 'memory for the Items' },
    ...['createItem', 'http'].flatMap((way) => [
      { label: `by ${way}`, measure: `memory ${way}`, figure: 'addedBytes', write: inMB },
      {
        label: `by ${way}, each reset once`,
        measure: `memory ${way}`,
        figure: 'addedAfterResetsBytes',
        write: inMB,
      },
    ]),
    { title: 'many side by side' },
    { label: 'all started', measure: 'many', figure: 'startAllMs', write: inMs },
    { label: 'each has answered', measure: 'many', figure: 'callEachMs', write: inMs },
    { label: 'all closed', measure: 'many', figure: 'closeAllMs', write: inMs },
    { label: 'memory of each', measure: 'many', figure: 'bytesPerServer', write: inKB },
    { label: 'threads', measure: 'many', figure: 'threads', write: inUnits, noRatio: true },
    {
      label: 'of these for I/O',
      measure: 'many',
      figure: 'ioThreads',
      write: inUnits,
      noRatio: true,
    },
  ]
}

module.exports = { rows }
