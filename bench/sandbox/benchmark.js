// The Sandbox beside mocks written by hand: what is measured, the goals, and the table.

'use strict'

const path = require('node:path')
const { MB, atLeast, atMost, goal, inUnit } = require('../goals')
const { OURS } = require('../plaid')
const { buildServer, installedVersion, setUp } = require('../prepare')
const { inMB, inMicros, inMs, inUnits, line, perLoad, title } = require('../report')
const { child } = require('../rounds')
const { CEILING } = require('./subjects')

const IN_NODE = [OURS, 'express', 'node:http']
const SERVERS = [...IN_NODE, CEILING]
const CONNECTIONS = [16, 64]
const WAYS = ['createItem', 'http']

/** Keeps garbage small, so that memory that grows is memory in use. */
const LITTLE_GARBAGE = ['--expose-gc', '--max-semi-space-size=1']

/** @returns every measure, in the order of a round: one child process for each subject */
function measures(quick) {
  const load = CONNECTIONS.flatMap((connections) => {
    const settings = { connections, warmUpSeconds: 1, measureSeconds: quick ? 1 : 2 }
    const webhooks = { ...settings, hasWebhook: true }
    return [
      { name: `load ${connections}`, kind: 'load', subjects: SERVERS, settings },
      { name: `webhooks ${connections}`, kind: 'load', subjects: [OURS], settings: webhooks },
    ]
  })
  const memory = WAYS.map((way) => ({
    name: `memory ${way}`,
    kind: 'memory',
    subjects: [OURS],
    settings: { items: quick ? 1_000 : 10_000, way },
    flags: LITTLE_GARBAGE,
  }))
  const starts = quick ? 20 : 200
  return [
    { name: 'fresh', kind: 'fresh', subjects: IN_NODE, settings: {}, repeat: quick ? 1 : 3 },
    { name: 'warm', kind: 'warm', subjects: IN_NODE, settings: { starts } },
    ...load,
    ...memory,
    {
      name: 'many',
      kind: 'many',
      subjects: IN_NODE,
      settings: { servers: quick ? 10 : 100 },
      flags: LITTLE_GARBAGE,
    },
  ]
}

const rate = (what, measure) =>
  goal(what, [measure, 'repliesPerSecond'], [atLeast(10_000, inUnit('replies/s'))])
const received = (what, measure) =>
  goal(what, [measure, 'receivedInTheEnd'], [atLeast(100, inUnit('%', 0.01))])
const memory = (what, measure, figure) =>
  goal(what, [measure, figure], [atMost(30, inUnit('MB', MB))])

const goals = [
  goal('ready, in a warm process', ['warm', 'startMs'], [atMost(10, inUnit('ms'))]),
  goal('ready, in a fresh process, with import', ['fresh', 'readyMs'], [atMost(10, inUnit('ms'))]),
  rate('reset_login, 16 connections', 'load 16'),
  rate('reset_login, 64 connections', 'load 64'),
  rate('reset_login, 16 connections, each firing a webhook', 'webhooks 16'),
  received('these webhooks, received in the end', 'webhooks 16'),
  rate('reset_login, 64 connections, each firing a webhook', 'webhooks 64'),
  received('these webhooks, received in the end', 'webhooks 64'),
  memory('10 000 Items by createItem', 'memory createItem', 'addedBytes'),
  memory('the same, each reset once', 'memory createItem', 'addedAfterResetsBytes'),
  memory('10 000 Items over HTTP', 'memory http', 'addedBytes'),
  memory('the same, each reset once', 'memory http', 'addedAfterResetsBytes'),
  goal('I/O threads of 100 Sandboxes', ['many', 'ioThreads'], [atMost(1, inUnit('thread'))]),
]

const inKB = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`
const inPercent = (share) => `${(share * 100).toPrecision(3)} %`

const perConnections = (measure, text, ...figure) =>
  perLoad(text, CONNECTIONS, 'connections', measure, ...figure)
const withWebhooks = (text, ...figure) =>
  perConnections('webhooks', `with a webhook each, ${text}`, ...figure)

const rows = [
  title('ready in a fresh process'),
  line('import', 'fresh', 'importMs', inMs),
  line('start', 'fresh', 'startMs', inMs),
  line('both', 'fresh', 'readyMs', inMs),
  title('ready in a warm process'),
  line('p50', 'warm', 'startMs', inMs),
  line('p99', 'warm', 'startP99Ms', inMs),
  line('closed, p50', 'warm', 'closeMs', inMs),
  ...perConnections('load', 'reset_login, replies/s', 'repliesPerSecond', inUnits, {
    moreIsBetter: true,
  }),
  ...perConnections('load', 'p50', 'p50Ms', inMs),
  ...perConnections('load', 'p99', 'p99Ms', inMs),
  ...perConnections('load', 'process CPU per reply', 'processMicros', inMicros),
  ...perConnections('load', 'JavaScript-thread CPU per reply', 'threadMicros', inMicros),
  ...withWebhooks('replies/s', 'repliesPerSecond', inUnits),
  ...withWebhooks('p99', 'p99Ms', inMs),
  ...withWebhooks('webhooks/s received meanwhile', 'webhooksPerSecond', inUnits),
  ...withWebhooks('webhooks received in the end', 'receivedInTheEnd', inPercent),
  ...withWebhooks('last webhook after the last reply', 'webhooksLateMs', inMs),
  title('memory for the Items'),
  ...WAYS.flatMap((way) => [
    line(`by ${way}`, `memory ${way}`, 'addedBytes', inMB),
    line(`by ${way}, each reset once`, `memory ${way}`, 'addedAfterResetsBytes', inMB),
  ]),
  title('many in one process'),
  line('all started', 'many', 'startAllMs', inMs),
  line('each has replied', 'many', 'callEachMs', inMs),
  line('all closed', 'many', 'closeAllMs', inMs),
  line('memory of each', 'many', 'bytesPerServer', inKB),
  line('threads', 'many', 'threads', inUnits, { noRatio: true }),
  line('of these for I/O', 'many', 'ioThreads', inUnits, { noRatio: true }),
]

async function prepare(directory) {
  setUp('--bench', '--wrk')
  const tools = JSON.stringify({ server: buildServer(), directory })
  return {
    versions: { express: installedVersion('express') },
    take: ({ kind, settings, flags = [] }, subject) => {
      const worker = [path.join(__dirname, 'worker.js'), subject, kind]
      return child([...flags, ...worker, JSON.stringify(settings), tools])
    },
  }
}

module.exports = { goals, measures, prepare, rows, subjects: SERVERS }
