// `npm run bench:sandbox`: measures the Sandbox beside mocks written by hand, and says which of its
// goals are met.
//
// Reading order: in sandbox/ subjects.js (who), measures.js (what), worker.js and measure.js (how, in
// the child process), then here, sandbox/goals.js and sandbox/rows.js.

'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, buildAddon, buildExecutable, installRivals, installedVersion } = require('./prepare')
const { child, describeMachine, finish, readOptions, takeRounds } = require('./rounds')
const { GOALS } = require('./sandbox/goals')
const { FULL, QUICK, SERVERS, measures } = require('./sandbox/measures')
const { rows } = require('./sandbox/rows')
const { OURS } = require('./subjects')

async function main() {
  const options = readOptions({
    script: 'sandbox.js',
    subjects: SERVERS,
    example: '"load 64" or memory',
  })
  const machine = describeMachine()
  installRivals()
  if (options.build && options.subjects.includes(OURS)) buildAddon()

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  try {
    const tools = JSON.stringify({
      load: buildExecutable('bench-load'),
      server: buildExecutable('bench-server'),
      directory,
    })
    const span = options.quick ? QUICK : FULL
    const { taken, failures } = await takeRounds(
      options,
      SERVERS,
      measures(span),
      ({ kind, settings, flags = [] }, subject) => {
        const worker = [path.join(__dirname, 'sandbox', 'worker.js'), subject, kind]
        return child([...flags, ...worker, JSON.stringify(settings), tools])
      },
    )
    finish(
      {
        machine,
        versions: readVersions(),
        settings: { rounds: options.rounds, quick: options.quick, ...span },
        taken,
        failures,
      },
      { file: 'sandbox-latest.json', goals: GOALS, columns: SERVERS, rows: rows() },
    )
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

function readVersions() {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  return { [OURS]: version, express: installedVersion('express'), node: process.versions.node }
}

main()
