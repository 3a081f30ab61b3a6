// `npm run bench`: measures @utdk/plaid beside its rivals and says which of its goals are met.
//
// Reading order: subjects.js (who), measures.js (what), worker.js and measure.js (how, in the child
// process), then here, rounds.js (rounds and medians), goals.js, rows.js and report.js.

'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { GOALS } = require('./goals')
const installed = require('./installed')
const { CLIENTS, FULL, QUICK, measures } = require('./measures')
const {
  ROOT,
  buildAddon,
  buildExecutable,
  installRivals,
  installedVersion,
  startServer,
} = require('./prepare')
const { child, describeMachine, finish, readOptions, takeRounds } = require('./rounds')
const { rows } = require('./rows')
const { IDLE, OURS, subjects } = require('./subjects')

/** How long the paced measure's server thinks. */
const SLOW_SERVER_MS = 20

async function main() {
  const options = readOptions({
    script: 'run.js',
    subjects: CLIENTS,
    example: '"http 64" or first',
  })
  const machine = describeMachine()
  installRivals()
  if (options.build && options.subjects.includes(OURS)) buildAddon()
  const executable = buildExecutable('bench-server')

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  const servers = []
  try {
    for (const delayMs of [0, SLOW_SERVER_MS])
      servers.push(await startServer(executable, directory, delayMs))
    const span = options.quick ? QUICK : FULL
    const sizes = installedSizes(options)
    const { taken, failures } = await takeRounds(options, CLIENTS, measures(span), take(servers))
    finish(
      {
        machine,
        versions: readVersions(options.subjects),
        settings: { rounds: options.rounds, quick: options.quick, ...span },
        taken: [...sizes, ...taken],
        failures,
      },
      { file: 'latest.json', goals: GOALS, columns: CLIENTS, rows: rows() },
    )
  } finally {
    for (const server of servers) server.stop()
    fs.rmSync(directory, { recursive: true })
  }
}

/** How a measure is taken of a subject, as `takeRounds` wants it. */
function take([server, slowServer]) {
  return async (measure, subject, sameRound) => {
    const figures = await measured(measure, subject, measure.slowServer ? slowServer : server)
    return figures && { ...figures, ...overBaseline(figures, { ...sameRound, [subject]: figures }) }
  }
}

/** @returns the figures, or undefined where the measure does not apply to the subject */
async function measured(measure, subject, server) {
  if (subject === 'node')
    return child(['-p', 'JSON.stringify({ rssBytes: process.memoryUsage.rss() })'], {})
  if (measure.onlyCa && !subjects[subject].acceptsCa) return undefined

  const target = { baseUrl: server[measure.scheme], ca: measure.onlyCa ? server.ca : undefined }
  const worker = [path.join(__dirname, 'worker.js'), subject, measure.kind]
  // Elsewhere the authority joins the roots that a client trusts anyway, as it would in an office.
  const trust =
    measure.scheme === 'https' && !measure.onlyCa ? { NODE_EXTRA_CA_CERTS: server.ca } : {}
  return child([...worker, JSON.stringify(measure.settings), JSON.stringify(target)], trust)
}

/** What a client costs beyond a process, or a loop, that calls nothing; taken in the same round. */
function overBaseline(figures, { node, [IDLE]: idle }) {
  return {
    ...(node && { rssOverBareBytes: figures.rssBytes - node.rssBytes }),
    ...(idle && {
      threadMicrosOverIdle: figures.threadMicros - idle.threadMicros,
      processMicrosOverIdle: figures.processMicros - idle.processMicros,
    }),
  }
}

function installedSizes({ subjects: clients, wants }) {
  if (!wants('installed')) return []
  const sizes = {
    [OURS]: installed.ours,
    plaid: () => installed.rival('plaid'),
    undici: () => installed.rival('undici'),
  }
  return clients
    .filter((subject) => subject in sizes)
    .map((subject) => ({
      round: 1,
      measure: 'installed',
      subject,
      figures: { bytes: sizes[subject]() },
    }))
}

function readVersions(clients) {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const ours = clients.includes(OURS) ? { [OURS]: version } : {}
  const rivals = ['plaid', 'axios', 'undici'].map((name) => [name, installedVersion(name)])
  return {
    ...ours,
    ...Object.fromEntries(rivals),
    node: process.versions.node,
    "node's fetch (undici)": process.versions.undici,
  }
}

main()
