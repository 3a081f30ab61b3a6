// What is measured of `reset-login`, what the package promises of it, and the lines of its table: as
// data.

'use strict'

const { inMB, inUnits } = require('../report')
const { CLIENT, COMMAND } = require('./subjects')

const MB = 1e6

/** @returns every measure, in the order in which a round takes them */
function measures(quick) {
  const list = (items, kind, subjects) => ({
    name: `${kind} ${items}`,
    kind,
    subjects,
    settings: { items },
  })
  return [
    list(10_000, 'rate', [COMMAND, CLIENT]),
    list(10_000, 'memory', [COMMAND]),
    list(quick ? 50_000 : 1_000_000, 'memory', [COMMAND]),
  ]
}

const memory = (items, atMost) => ({
  what: `memory added by a list of ${items.toLocaleString('en').replaceAll(',', ' ')} tokens, at its peak`,
  figure: [`memory ${items}`, 'addedBytes'],
  bounds: [{ atMost, unit: 'MB', in: MB }],
})

const GOALS = [
  {
    what: 'Items/s over 10 000 Items of the local Sandbox',
    figure: ['rate 10000', 'itemsPerSecond'],
    bounds: [{ atLeast: 0.8, of: CLIENT }],
  },
  memory(10_000, 30),
  // The list is read whole: 52 MB.
  memory(1_000_000, 82),
]

/** @returns titles, and lines of one figure for each subject */
function rows() {
  return [
    { title: 'the local Sandbox, 10 000 Items, 16 in flight' },
    {
      label: 'Items/s',
      measure: 'rate 10000',
      figure: 'itemsPerSecond',
      write: inUnits,
      moreIsBetter: true,
    },
    { title: 'memory added at its peak, tokens from standard input' },
    { label: '10 000', measure: 'memory 10000', figure: 'addedBytes', write: inMB },
    { label: '1 000 000', measure: 'memory 1000000', figure: 'addedBytes', write: inMB },
  ]
}

module.exports = { GOALS, measures, rows }
