// `npm run bench:reset-login`: measures the command beside the bare client, and says which of its
// goals are met.
//
// Reading order: in reset-login/ measures.js (what, and the goals), subjects.js (who, and how each is
// taken), then here.

'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pinned, twoCores } = require('./gateway/machine')
const { ROOT, buildAddon, buildExecutable, startServer } = require('./prepare')
const { GOALS, measures, rows } = require('./reset-login/measures')
const { SUBJECTS, take } = require('./reset-login/subjects')
const { describeMachine, finish, readOptions, takeRounds } = require('./rounds')
const { OURS } = require('./subjects')

async function main() {
  const options = readOptions({
    script: 'reset-login.js',
    subjects: SUBJECTS,
    example: 'rate or memory',
  })
  const machine = describeMachine()
  if (options.build) buildAddon()
  const server = buildExecutable('bench-server')

  // Whatever is started from here on runs on the second core, but for who is measured.
  const [ownCore, otherCore] = twoCores()
  pinned(otherCore)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  const upstream = await startServer(server, directory, 0)
  try {
    const tools = { upstream: upstream.http, directory, ownCore }
    const all = measures(options.quick)
    const { taken, failures } = await takeRounds(options, SUBJECTS, all, take(tools))
    const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
    finish(
      {
        machine,
        versions: { [OURS]: version, node: process.versions.node },
        settings: { rounds: options.rounds, quick: options.quick },
        taken,
        failures,
      },
      { file: 'reset-login-latest.json', goals: GOALS, columns: SUBJECTS, rows: rows() },
    )
  } finally {
    upstream.stop()
    fs.rmSync(directory, { recursive: true })
  }
}

main()
