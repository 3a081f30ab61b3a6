// The client beside its rivals: what is measured, the goals, and the table.

'use strict'

const path = require('node:path')
const { MB, atLeast, atMost, goal, inUnit, times, timesOwn } = require('../goals')
const { buildServer, installedVersion, setUp, startServer } = require('../prepare')
const { inMB, inMicros, inMs, inUnits, line, perLoad, title } = require('../report')
const { child } = require('../rounds')
const { installedSize } = require('./installed')
const { CLIENTS, IDLE, INSTALLED } = require('./subjects')

const IN_FLIGHT = [1, 16, 64, 256, 1024]

/** The server's time in the measure `paced`. */
const SLOW_SERVER_MS = 20

/** @returns every measure, in the order of a round: one child process for each subject */
function measures(quick) {
  const span = quick ? { warmUpMs: 300, measureMs: 500 } : { warmUpMs: 1000, measureMs: 1500 }
  const steady = ['http', 'https'].flatMap((scheme) =>
    IN_FLIGHT.map((inFlight) => ({
      name: `${scheme} ${inFlight}`,
      kind: 'steady',
      scheme,
      subjects: CLIENTS,
      settings: { inFlight, ...span },
    })),
  )
  const first = { kind: 'first', subjects: CLIENTS, settings: {}, repeat: quick ? 1 : 3 }
  return [
    { name: 'installed', kind: 'installed', subjects: INSTALLED, rounds: 1 },
    { name: 'first http', scheme: 'http', ...first },
    { name: 'first https', scheme: 'https', ...first },
    // With one trusted authority, the client does not load the system's roots.
    { name: 'first https with ca', scheme: 'https', onlyCa: true, ...first, subjects: INSTALLED },
    ...steady,
    {
      name: 'paced',
      kind: 'paced',
      scheme: 'http',
      slowServer: true,
      subjects: [IDLE, ...CLIENTS],
      settings: { perSecond: 500, ...span, measureMs: span.measureMs * 2 },
    },
    {
      name: 'memory',
      kind: 'memory',
      scheme: 'http',
      subjects: ['node', ...CLIENTS],
      settings: { inFlight: 64, calls: quick ? 5_000 : 50_000 },
      // The slowest measure, and the one that varies least.
      rounds: 3,
    },
  ]
}

const firstReply = (scheme, measure, ms) =>
  goal(
    `first reply of a fresh process, ${scheme}`,
    [measure, 'firstReplyMs'],
    [atMost(ms, inUnit('ms'))],
  )

const goals = [
  goal(
    'requests/s at 64 in flight',
    ['http 64', 'requestsPerSecond'],
    [atLeast(15, times('plaid')), atLeast(12, times('fetch')), atLeast(1.5, times('undici'))],
  ),
  goal(
    'requests/s over TLS at 64',
    ['https 64', 'requestsPerSecond'],
    [atLeast(20, times('plaid')), atLeast(15, times('fetch')), atLeast(2, times('undici'))],
  ),
  goal(
    'JavaScript-thread CPU per call at 64',
    ['http 64', 'threadMicros'],
    [atMost(3.2, inUnit('µs')), atMost(1 / 130, times('plaid')), atMost(1 / 13, times('undici'))],
  ),
  goal(
    'JavaScript-thread CPU per call, paced, over the idle loop',
    ['paced', 'threadMicrosOverIdle'],
    [atMost(50, inUnit('µs')), atMost(1 / 12, times('plaid')), atMost(1 / 5, times('undici'))],
  ),
  goal(
    'process CPU per call at 64',
    ['http 64', 'processMicros'],
    [atMost(1 / 18, times('plaid')), atMost(1 / 1.6, times('undici'))],
  ),
  goal(
    'p50 at 1 in flight',
    ['http 1', 'p50Ms'],
    [atMost(0.4, times('plaid')), atMost(1, times('undici'))],
  ),
  goal(
    'p50 over TLS at 1 in flight',
    ['https 1', 'p50Ms'],
    [atMost(0.4, times('plaid')), atMost(1.05, times('undici'))],
  ),
  goal(
    'requests/s kept from 64 to 1024 in flight',
    ['http 1024', 'requestsPerSecond'],
    [atLeast(0.9, timesOwn('http 64', 'requestsPerSecond'))],
  ),
  firstReply('http', 'first http', 5),
  firstReply('TLS', 'first https', 6),
  goal('import', ['first http', 'importMs'], [atMost(5, inUnit('ms'))]),
  goal(
    'memory after the calls, over bare node',
    ['memory', 'rssOverBareBytes'],
    [atMost(20, inUnit('MB', MB))],
  ),
  goal('installed size', ['installed', 'bytes'], [atMost(6.7, inUnit('MB', MB))]),
]

/** The figures of every steady measure. */
const STEADY = [
  ['requests/s', 'requestsPerSecond', inUnits, { moreIsBetter: true }],
  ['p50', 'p50Ms', inMs],
  ['p99', 'p99Ms', inMs],
  ['JavaScript-thread CPU per call', 'threadMicros', inMicros],
  ['process CPU per call', 'processMicros', inMicros],
  ['event-loop delay p99', 'loopDelayP99Ms', inMs, { noRatio: true }],
]

const rows = [
  ...['http', 'https'].flatMap((scheme) =>
    STEADY.flatMap(([text, ...figure]) =>
      perLoad(
        `${text}, ${scheme === 'http' ? 'http' : 'TLS'}`,
        IN_FLIGHT,
        'in flight',
        scheme,
        ...figure,
      ),
    ),
  ),
  title('500 calls/s against 20 ms of server time, over the idle loop'),
  line('JavaScript-thread CPU per call', 'paced', 'threadMicrosOverIdle', inMicros),
  line('process CPU per call', 'paced', 'processMicrosOverIdle', inMicros),
  title('a fresh process'),
  line('import', 'first http', 'importMs', inMs),
  line('first reply, http', 'first http', 'firstReplyMs', inMs),
  line('first reply, TLS', 'first https', 'firstReplyMs', inMs),
  line('first reply, TLS, own ca', 'first https with ca', 'firstReplyMs', inMs),
  title('weight'),
  line('memory over bare node', 'memory', 'rssOverBareBytes', inMB),
  line('installed size', 'installed', 'bytes', inMB),
]

async function prepare(directory) {
  setUp('--bench')
  const executable = buildServer()
  const servers = []
  for (const delayMs of [0, SLOW_SERVER_MS]) {
    servers.push(await startServer(executable, directory, delayMs))
  }
  const rivals = ['plaid', 'axios', 'undici'].map((name) => [name, installedVersion(name)])
  return {
    take: (...parameters) => take(servers, ...parameters),
    versions: { ...Object.fromEntries(rivals), "node's fetch (undici)": process.versions.undici },
    stop() {
      for (const server of servers) server.stop()
    },
  }
}

async function take([server, slowServer], measure, subject, { node, [IDLE]: idle }) {
  const figures = await measured(measure, subject, measure.slowServer ? slowServer : server)
  return {
    ...figures,
    // What the client adds to a process, or a loop, without calls.
    ...(node && { rssOverBareBytes: figures.rssBytes - node.rssBytes }),
    ...(idle && {
      threadMicrosOverIdle: figures.threadMicros - idle.threadMicros,
      processMicrosOverIdle: figures.processMicros - idle.processMicros,
    }),
  }
}

function measured({ kind, scheme, onlyCa, settings }, subject, server) {
  if (kind === 'installed') return { bytes: installedSize(subject) }
  if (subject === 'node')
    return child(['-p', 'JSON.stringify({ rssBytes: process.memoryUsage.rss() })'])
  const target = { baseUrl: server[scheme], ca: onlyCa ? server.ca : undefined }
  const worker = [path.join(__dirname, 'worker.js'), subject, kind]
  // Without `onlyCa`, the authority is added to the default roots.
  const trust = scheme === 'https' && !onlyCa ? { NODE_EXTRA_CA_CERTS: server.ca } : {}
  return child([...worker, JSON.stringify(settings), JSON.stringify(target)], trust)
}

module.exports = { goals, measures, prepare, rows, subjects: CLIENTS }
