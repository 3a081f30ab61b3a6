// A run, whatever it measures: its options, its rounds in child processes, its medians, its result.
//
// Reading order: `readOptions`, `takeRounds`, `child`, `finish`.

'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { judge } = require('./goals')
const { report } = require('./report')

/** Longer than the slowest measure of the slowest subject by far. */
const CHILD_TIMEOUT_MS = 300_000

/**
 * @param {{ script: string, subjects: string[], example: string }} benchmark
 * @returns what the command line asks for; without an answer, what a whole run takes
 */
function readOptions({ script, subjects: all, example }) {
  const help = `node bench/${script} [options]
  --rounds <n>       how often each measure is taken (5)
  --quick            one short round, to see that everything runs
  --subjects <a,b>   only these of: ${all.join(', ')}
  --measures <a,b>   only the measures whose names begin so, such as ${example}
  --no-build         measure the addon that lies there`
  const { values } = parseArgs({
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

/**
 * Every round takes every measure, its subjects one after another: what drifts, drifts for all.
 *
 * @param take resolves with the figures of a measure and a subject, or with undefined where the
 *   measure does not apply; it is given what the round has of the measure's subjects before
 */
async function takeRounds({ rounds, subjects: chosen, wants }, all, measures, take) {
  const taken = []
  const failures = []
  const wanted = measures.filter(({ name }) => wants(name))
  for (let round = 1; round <= rounds; round += 1) {
    for (const measure of wanted.filter((each) => round <= (each.rounds ?? rounds))) {
      console.error(`round ${round} of ${rounds}: ${measure.name}`)
      // Who cannot be chosen is what the others are set against: it is always taken, and first.
      const baselines = measure.subjects.filter((subject) => !all.includes(subject))
      const others = measure.subjects.filter((subject) => chosen.includes(subject))
      const figuresOf = {}
      for (const subject of Array(measure.repeat ?? 1)
        .fill([...baselines, ...rotated(others, round)])
        .flat()) {
        try {
          const figures = await take(measure, subject, figuresOf)
          if (figures === undefined) continue
          figuresOf[subject] = figures
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

/** Nobody is always the first after the pause. */
function rotated(subjects, round) {
  const turn = round % subjects.length
  return [...subjects.slice(turn), ...subjects.slice(0, turn)]
}

/**
 * Runs Node with an environment of our own: a proxy or a Plaid setting of the user's is not meant.
 *
 * @returns what it prints, parsed
 */
function child(command, extraEnvironment) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...extraEnvironment }
  const node = spawn(process.execPath, command, {
    env,
    timeout: CHILD_TIMEOUT_MS,
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
      else reject(new Error(`the process failed (${signal ?? code})`))
    })
  })
}

/**
 * Writes the result to bench/results and prints the report; what failed fails the run.
 *
 * @param run `machine`, `versions`, `settings`, and of `takeRounds` `taken` and `failures`
 * @param {{ file: string, goals: object[], columns: string[], rows: object[] }} benchmark
 */
function finish({ machine, versions, settings, taken, failures }, { file, goals, columns, rows }) {
  const median = (measure, subject, figure) => {
    const same = taken.filter((each) => each.measure === measure && each.subject === subject)
    const figures = same.map((each) => each.figures[figure]).filter((value) => value !== undefined)
    return middle(figures.sort((a, b) => a - b))
  }
  const result = {
    machine,
    versions,
    settings,
    medians: allMedians(taken, median),
    goals: judge(goals, median),
    failures,
    rounds: taken,
  }
  const results = path.join(__dirname, 'results')
  fs.mkdirSync(results, { recursive: true })
  fs.writeFileSync(path.join(results, file), `${JSON.stringify(result, undefined, 2)}\n`)
  console.log(report(result, { columns, rows }, median))
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

/** To be asked before anything is built: the load is to be the machine's, not our own. */
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

module.exports = { child, describeMachine, finish, readOptions, takeRounds }
