// The command `reset-login` beside a loop over the client: what is measured, the goals, and the table.

'use strict'

const { MB, atLeast, atMost, goal, inUnit, times } = require('../goals')
const { pin, twoCores } = require('../machine')
const { buildServer, startServer } = require('../prepare')
const { inMB, inUnits, line, title } = require('../report')
const { memory, rate } = require('./measure')
const { CLIENT, COMMAND, SUBJECTS } = require('./subjects')

/** @returns every measure, in the order of a round */
function measures(quick) {
  const most = quick ? 50_000 : 1_000_000
  return [
    { name: 'rate 10000', take: rate, subjects: SUBJECTS, items: 10_000 },
    { name: 'memory 10000', take: memory, subjects: [COMMAND], items: 10_000 },
    { name: `memory ${most}`, take: memory, subjects: [COMMAND], items: most },
  ]
}

const memoryGoal = (tokens, measure, most) =>
  goal(
    `peak memory added by ${tokens} tokens`,
    [measure, 'addedBytes'],
    [atMost(most, inUnit('MB', MB))],
  )

const goals = [
  goal(
    'Items/s over 10 000 Items of the local Sandbox',
    ['rate 10000', 'itemsPerSecond'],
    [atLeast(0.8, times(CLIENT))],
  ),
  memoryGoal('10 000', 'memory 10000', 30),
  // The command reads the whole list: 52 MB.
  memoryGoal('1 000 000', 'memory 1000000', 82),
]

const rows = [
  title('the local Sandbox, 10 000 Items, 16 in flight'),
  line('Items/s', 'rate 10000', 'itemsPerSecond', inUnits, { moreIsBetter: true }),
  title('memory added at its peak, tokens from standard input'),
  line('10 000', 'memory 10000', 'addedBytes', inMB),
  line('1 000 000', 'memory 1000000', 'addedBytes', inMB),
]

async function prepare(directory) {
  const executable = buildServer()
  const [ownCore, otherCore] = twoCores()
  // From here on every process runs on the second core, except the subject.
  pin(otherCore)
  const upstream = await startServer(executable, directory)
  const tools = { upstream: upstream.http, directory, ownCore }
  return {
    take: ({ take, items }, subject) => take(subject, items, tools),
    stop: upstream.stop,
  }
}

module.exports = { goals, measures, prepare, rows, subjects: SUBJECTS }
