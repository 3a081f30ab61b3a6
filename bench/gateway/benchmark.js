// The gateway beside nginx: what is measured, the goals, and the table.

'use strict'

const { execFileSync } = require('node:child_process')
const { MB, atLeast, atMost, goal, inUnit, times } = require('../goals')
const { pin, twoCores } = require('../machine')
const { OURS } = require('../plaid')
const { buildServer, setUp, startServer } = require('../prepare')
const { inMB, inMicros, inMs, inUnits, line, perLoad, title } = require('../report')
const { load, start } = require('./measure')
const { DIRECT, NGINX, nginxPath, subjects } = require('./subjects')

const PROXIES = [OURS, NGINX]
const COLUMNS = [...PROXIES, DIRECT]
const IN_FLIGHT = [1, 64]

/** @returns every measure, in the order of a round: one fresh proxy for each subject */
function measures(quick) {
  const settings = { warmUpSeconds: 1, measureSeconds: quick ? 1 : 3 }
  return [
    { name: 'start', take: start, subjects: PROXIES, repeat: quick ? 1 : 5 },
    ...IN_FLIGHT.map((connections) => ({
      name: `load ${connections}`,
      take: load,
      subjects: COLUMNS,
      settings: { connections, ...settings },
    })),
  ]
}

const goals = [
  goal('replies/s at 64 in flight', ['load 64', 'repliesPerSecond'], [atLeast(0.5, times(NGINX))]),
  goal(
    'p50 added to the server, 1 in flight',
    ['load 1', 'addedP50Ms'],
    [atMost(1.5, times(NGINX))],
  ),
  goal(
    'memory added to a process that has imported the addon, under load',
    ['load 64', 'addedBytes'],
    [atMost(20, inUnit('MB', MB))],
  ),
  goal(
    'from startGateway() to the first reply, in a fresh process',
    ['start', 'startMs'],
    [atMost(50, inUnit('ms'))],
  ),
]

const perInFlight = (text, ...figure) => perLoad(text, IN_FLIGHT, 'in flight', 'load', ...figure)

const rows = [
  ...perInFlight('reset_login, replies/s', 'repliesPerSecond', inUnits, { moreIsBetter: true }),
  ...perInFlight('p50', 'p50Ms', inMs),
  ...perInFlight('p50 added to the server', 'addedP50Ms', inMs),
  ...perInFlight('p99 added to the server', 'addedP99Ms', inMs),
  ...perInFlight('CPU per reply', 'cpuMicros', inMicros),
  title('first reply in a fresh process'),
  line('from startGateway()', 'start', 'startMs', inMs),
  line('from the start of the process', 'start', 'processMs', inMs),
  title('memory after the load'),
  line('added by the gateway', 'load 64', 'addedBytes', inMB),
  line('of all processes', 'load 64', 'rssBytes', inMB),
]

async function prepare(directory) {
  setUp('--nginx', '--wrk')
  const executable = buildServer()
  const [proxyCore, otherCore] = twoCores()
  // From here on every process runs on the second core, except the proxies.
  pin(otherCore)
  const upstream = await startServer(executable, directory)
  const tools = { upstream: upstream.http, directory, proxyCore }
  // nginx prints its version on standard error.
  const said = execFileSync('sh', ['-c', '"$1" -v 2>&1', 'sh', nginxPath()], { encoding: 'utf8' })
  return {
    versions: { [NGINX]: said.trim().split('/').at(-1) },
    stop: upstream.stop,
    async take(measure, subject, { [DIRECT]: direct }) {
      const proxy = await subjects[subject].start(tools)
      try {
        return await measure.take(proxy, measure.settings, directory, direct)
      } finally {
        await proxy.stop()
      }
    },
  }
}

module.exports = { columns: COLUMNS, goals, measures, prepare, rows, subjects: PROXIES }
