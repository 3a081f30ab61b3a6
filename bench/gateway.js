// `npm run bench:gateway`: measures the gateway beside nginx, and says which of its goals are met.
//
// Reading order: in gateway/ subjects.js (who), measures.js (what), measure.js (how), machine.js
// (cores, processes), then here, gateway/goals.js and gateway/rows.js.

'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { GOALS } = require('./gateway/goals')
const { pinned, twoCores } = require('./gateway/machine')
const { take } = require('./gateway/measure')
const { FULL, QUICK, measures } = require('./gateway/measures')
const { rows } = require('./gateway/rows')
const { COLUMNS, NGINX, PROXIES, nginxPath } = require('./gateway/subjects')
const { ROOT, buildAddon, buildExecutable, startServer } = require('./prepare')
const { describeMachine, finish, readOptions, takeRounds } = require('./rounds')
const { OURS } = require('./subjects')

async function main() {
  const options = readOptions({
    script: 'gateway.js',
    subjects: PROXIES,
    example: '"load 64" or start',
  })
  const machine = describeMachine()
  if (options.build && options.subjects.includes(OURS)) buildAddon()
  const load = buildExecutable('bench-load')
  const server = buildExecutable('bench-server')

  // Whatever is started from here on runs on the second core, but for the proxies.
  const [proxyCore, otherCore] = twoCores()
  pinned(otherCore)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-bench-'))
  // nginx's workers are to enter it, too, when root starts it.
  fs.chmodSync(directory, 0o755)
  const upstream = await startServer(server, directory, 0)
  try {
    const tools = { load, upstream: upstream.http, directory, proxyCore }
    const span = options.quick ? QUICK : FULL
    const { taken, failures } = await takeRounds(options, PROXIES, measures(span), take(tools))
    finish(
      {
        machine,
        versions: readVersions(),
        settings: { rounds: options.rounds, quick: options.quick, ...span },
        taken,
        failures,
      },
      { file: 'gateway-latest.json', goals: GOALS, columns: COLUMNS, rows: rows() },
    )
  } finally {
    upstream.stop()
    fs.rmSync(directory, { recursive: true })
  }
}

function readVersions() {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  // It says so on standard error.
  const said = execFileSync('sh', ['-c', '"$1" -v 2>&1', 'sh', nginxPath()], { encoding: 'utf8' })
  return { [OURS]: version, [NGINX]: said.trim().split('/').at(-1), node: process.versions.node }
}

main()
