// node bench/run.js <client, sandbox, gateway, reset-login or webhooks> [options]: takes the measures of a
// benchmark, and prints the figures and which goals they meet.
//
// Reading order: <name>/benchmark.js (what), <name>/subjects.js (who) and <name>/measure.js (how),
// then here, rounds.js, goals.js and report.js.

'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { judge } = require('./goals')
const { OURS } = require('./plaid')
const { buildAddon } = require('./prepare')
const { report } = require('./report')
const { mediansOf, takeRounds } = require('./rounds')
const { version } = require('../package.json')

const NAMES = ['client', 'sandbox', 'gateway', 'reset-login', 'webhooks']

async function main([name, ...rest]) {
  if (!NAMES.includes(name)) {
    console.error(`node bench/run.js <${NAMES.join(' | ')}>`)
    process.exit(2)
  }
  const benchmark = require(`./${name}/benchmark`)
  const options = readOptions(name, rest, benchmark.subjects)
  const machine = describeMachine()
  if (options.build && options.subjects.includes(OURS)) buildAddon()
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  // If root starts nginx, its workers run as another user and enter the directory, too.
  fs.chmodSync(directory, 0o755)
  let prepared
  try {
    prepared = await benchmark.prepare(directory)
    const { measures, subjects } = benchmark
    const { taken, failures } = await takeRounds(
      options,
      subjects,
      measures(options.quick),
      prepared.take,
    )
    const versions = { [OURS]: version, ...prepared.versions, node: process.versions.node }
    const { rounds, quick } = options
    finish(name, benchmark, { machine, versions, settings: { rounds, quick }, failures }, taken)
  } finally {
    prepared?.stop?.()
    fs.rmSync(directory, { recursive: true })
  }
}

function readOptions(name, args, all) {
  const help = `node bench/run.js ${name} [options]
  --rounds <n>       how often each measure is taken (5)
  --quick            one short round, to see that everything runs
  --subjects <a,b>   only these of: ${all.join(', ')}
  --measures <a,b>   only the measures whose names start like this
  --no-build         measure the addon that is already built`
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      subjects: { type: 'string', default: all.join(',') },
      measures: { type: 'string', default: '' },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    process.exit(0)
  }
  const subjects = values.subjects.split(',')
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
  if (!(rounds >= 1) || !subjects.every((subject) => all.includes(subject))) {
    console.error(help)
    process.exit(2)
  }
  const starts = values.measures.split(',')
  return {
    rounds,
    subjects,
    quick: values.quick,
    wants: (measure) => starts.some((start) => measure.startsWith(start)),
    build: !values['no-build'],
  }
}

/** Called before anything is built, because building adds to the load. */
function describeMachine() {
  const [loadBefore] = os.loadavg()
  return {
    cpu: os.cpus()[0].model,
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()}`,
    loadBefore,
  }
}

/** Writes the result to bench/results and prints the report. A failed measure fails the run. */
function finish(name, { columns, subjects, goals, rows }, run, taken) {
  const { medians, median } = mediansOf(taken)
  const result = { ...run, medians, goals: judge(goals, median), rounds: taken }
  const results = path.join(__dirname, 'results')
  fs.mkdirSync(results, { recursive: true })
  fs.writeFileSync(path.join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
  console.log(report(result, { columns: columns ?? subjects, rows }, median))
  for (const { measure, subject, round } of run.failures)
    console.log(`FAILED: ${subject}, ${measure}, round ${round}`)
  if (run.failures.length > 0) process.exitCode = 1
}

main(process.argv.slice(2))
