// `npm run bench`: measures @utdk/plaid beside its rivals and says which of its goals are met.
//
// Reading order: subjects.js (who), measures.js (what), worker.js and measure.js (how, in the child
// process), then here (rounds and medians), goals.js and report.js.

'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { judge } = require('./goals')
const installed = require('./installed')
const { CLIENTS, FULL, QUICK, measures } = require('./measures')
const { ROOT, buildAddon, buildServer, installRivals, startServer } = require('./prepare')
const { report } = require('./report')
const { IDLE, OURS } = require('./subjects')

const RESULTS = path.join(__dirname, 'results', 'latest.json')

/** Longer than the slowest measure of the slowest client by far. */
const WORKER_TIMEOUT_MS = 300_000

/** How long the paced measure's server thinks. */
const SLOW_SERVER_MS = 20

const HELP = `node bench/run.js [options]
  --rounds <n>       how often each measure is taken (5)
  --quick            one short round, to see that everything runs
  --subjects <a,b>   only these of: ${CLIENTS.join(', ')}
  --measures <a,b>   only the measures whose names begin so, such as "http 64" or first
  --no-build         measure the addon that lies there`

async function main() {
  const options = readOptions()
  const machine = describeMachine()
  installRivals()
  if (options.build && options.clients.includes(OURS)) buildAddon()
  const executable = buildServer()

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  const servers = []
  try {
    for (const delayMs of [0, SLOW_SERVER_MS])
      servers.push(await startServer(executable, directory, delayMs))
    const sizes = installedSizes(options)
    const { taken, failures } = await takeAll(options, servers)
    finish(options, machine, [...sizes, ...taken], failures)
  } finally {
    for (const server of servers) server.stop()
    fs.rmSync(directory, { recursive: true })
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      subjects: { type: 'string', default: CLIENTS.join(',') },
      measures: { type: 'string', default: '' },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  const clients = values.subjects.split(',')
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
  if (!(rounds >= 1) || !clients.every((client) => CLIENTS.includes(client))) {
    console.error(HELP)
    process.exit(2)
  }
  return {
    rounds,
    clients,
    quick: values.quick,
    measures: values.measures.split(','),
    build: !values['no-build'],
  }
}

/** Every round takes every measure, its subjects one after another: what drifts, drifts for all. */
async function takeAll({ rounds, clients, quick, measures: wanted }, [server, slowServer]) {
  const taken = []
  const failures = []
  const chosen = measures(quick ? QUICK : FULL).filter(({ name }) =>
    wanted.some((start) => name.startsWith(start)),
  )
  for (let round = 1; round <= rounds; round += 1) {
    for (const measure of chosen.filter((each) => round <= (each.rounds ?? rounds))) {
      console.error(`round ${round} of ${rounds}: ${measure.name}`)
      const subjects = measure.subjects.filter(
        (subject) => clients.includes(subject) || !CLIENTS.includes(subject),
      )
      const figuresOf = {}
      for (const subject of Array(measure.repeat ?? 1)
        .fill(rotated(subjects, round))
        .flat()) {
        try {
          const figures = await take(measure, subject, measure.slowServer ? slowServer : server)
          if (figures === undefined) continue
          figuresOf[subject] = figures
          Object.assign(figures, overBaseline(figures, figuresOf))
          taken.push({ round, measure: measure.name, subject, figures })
        } catch (error) {
          console.error(`${subject}, ${measure.name}: ${error.message}`)
          failures.push({ round, measure: measure.name, subject, error: error.message })
        }
      }
    }
  }
  return { taken, failures }
}

/** Nobody is always the first after the pause. What the others are set against stays in front. */
function rotated(subjects, round) {
  const baselines = subjects.filter((subject) => !CLIENTS.includes(subject))
  const clients = subjects.filter((subject) => CLIENTS.includes(subject))
  const turn = round % clients.length
  return [...baselines, ...clients.slice(turn), ...clients.slice(0, turn)]
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

/** @returns the figures, or undefined where the measure does not apply to the subject */
async function take(measure, subject, server) {
  const { subjects } = require('./subjects')
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

/** Runs Node with an environment of our own: a proxy or a Plaid setting of the user's is not meant. */
function child(command, extraEnvironment) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...extraEnvironment }
  const node = spawn(process.execPath, command, {
    env,
    timeout: WORKER_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  node.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  return new Promise((resolve, reject) => {
    node.once('error', reject)
    node.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`the client failed (${signal ?? code})`))
    })
  })
}

function installedSizes({ clients, measures: wanted }) {
  if (!wanted.some((start) => 'installed'.startsWith(start))) return []
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

function finish(options, machine, taken, failures) {
  const median = (measure, subject, figure) => {
    const same = taken.filter((each) => each.measure === measure && each.subject === subject)
    const figures = same.map((each) => each.figures[figure]).filter((value) => value !== undefined)
    return middle(figures.sort((a, b) => a - b))
  }
  const goals = judge(median)
  const versions = readVersions(options.clients)
  const settings = {
    rounds: options.rounds,
    quick: options.quick,
    ...(options.quick ? QUICK : FULL),
  }
  const result = {
    machine,
    versions,
    settings,
    medians: allMedians(taken, median),
    goals,
    failures,
    rounds: taken,
  }
  fs.mkdirSync(path.dirname(RESULTS), { recursive: true })
  fs.writeFileSync(RESULTS, `${JSON.stringify(result, undefined, 2)}\n`)
  console.log(report(result, median))
  for (const { measure, subject, round } of failures)
    console.log(`FAILED: ${subject}, ${measure}, round ${round}`)
  if (failures.length > 0) process.exitCode = 1
}

function middle(sorted) {
  if (sorted.length === 0) return undefined
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

function allMedians(taken, median) {
  const medians = {}
  for (const { measure, subject, figures } of taken) {
    medians[measure] ??= {}
    medians[measure][subject] = Object.fromEntries(
      Object.keys(figures).map((figure) => [figure, median(measure, subject, figure)]),
    )
  }
  return medians
}

function describeMachine() {
  const [loadBefore] = os.loadavg()
  const { model } = os.cpus()[0]
  const system = `${os.type()} ${os.release()}`
  return {
    cpu: model,
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    system,
    node: process.version,
    loadBefore,
  }
}

function readVersions(clients) {
  const of = (manifest) => JSON.parse(fs.readFileSync(manifest, 'utf8')).version
  const rival = (name) => of(path.join(__dirname, 'node_modules', name, 'package.json'))
  const ours = clients.includes(OURS) ? { [OURS]: of(path.join(ROOT, 'package.json')) } : {}
  const rivals = { plaid: rival('plaid'), axios: rival('axios'), undici: rival('undici') }
  return {
    ...ours,
    ...rivals,
    node: process.versions.node,
    "node's fetch (undici)": process.versions.undici,
  }
}

main()
