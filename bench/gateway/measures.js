// What is measured of the gateway, as data: each entry is one fresh proxy per subject and round.
//
// `kind` names a function of measure.js; what stands beside it are that function's settings.

'use strict'

const { COLUMNS, PROXIES } = require('./subjects')

const IN_FLIGHT = [1, 64]

/** How long and how often: the second is for a look, not for a figure to quote. */
const FULL = { warmUpMs: 1000, measureMs: 3000, starts: 5 }
const QUICK = { warmUpMs: 200, measureMs: 400, starts: 1 }

/**
 * @param {typeof FULL} span
 * @returns every measure, in the order in which a round takes them
 */
function measures({ warmUpMs, measureMs, starts }) {
  const load = IN_FLIGHT.map((connections) => ({
    name: `load ${connections}`,
    kind: 'load',
    subjects: COLUMNS,
    settings: { connections, warmUpMs, measureMs },
  }))
  return [
    { name: 'start', kind: 'start', subjects: PROXIES, settings: {}, repeat: starts },
    ...load,
  ]
}

module.exports = { FULL, IN_FLIGHT, QUICK, measures }
