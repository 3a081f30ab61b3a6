'use strict'

// Runs the fault tests, and writes their figures into docs/reliability.md:
//
//     npm run reliability client
//     npm run reliability gateway

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { runWithFaults, runWithRefusals, runWithStops } = require('../support/chaos.js')
const { checkCalls, checkCrowd, checkWorkers } = require('../support/flood.js')

const root = path.join(__dirname, '../..')
const PAGE = path.join(root, 'docs/reliability.md')

const SECTIONS = { client: clientSection, gateway: gatewaySection }

/** Runs a test, with what it uses of the context of a test. */
async function run(test, ...parameters) {
  const hooks = []
  try {
    const t = { after: (hook) => hooks.unshift(hook), diagnostic: () => {} }
    return await test(t, ...parameters)
  } finally {
    for (const hook of hooks) await hook()
  }
}

const thousands = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ' ')

const line = (cells) => `| ${cells.join(' | ')} |\n`

async function clientSection() {
  const rows = tallies().map(({ fault, ends, attempts, worked_after }) => {
    const calls = Object.values(ends).reduce((total, count) => total + count, 0)
    const written = Object.entries(ends).map(([end, count]) => {
      const name = end === 'a result' ? end : `\`${end}\``
      return count === calls ? name : `${name} ${thousands(count)}`
    })
    const next = worked_after > 0 ? `${thousands(worked_after)} of ${thousands(worked_after)}` : ''
    return line([fault, thousands(calls), written.join(', '), thousands(attempts), next])
  })
  const workers = 1000
  const crowd = 50_000
  const { left } = await run(checkWorkers, workers)
  await run(checkCrowd, crowd, { limitMs: 5 * 60_000 })
  const many = await run(checkCalls, 1_000_000, { growthMib: 12, limitMs: 30 * 60_000 })
  const { answered, failed, aborted, rss } = many
  return [
    line(['fault', 'calls', 'each ends with', 'attempts', 'the next call works']),
    line(['---', '---:', '---', '---:', '---:']),
    ...rows,
    `\n- ${thousands(answered + failed + aborted)} calls, 64 in flight: ${thousands(answered)} results, ${thousands(failed)} errors and ${thousands(aborted)} aborted calls; none is left. Resident memory was ${rss[Math.floor(rss.length / 3)]} MiB after a third of them and ${rss.at(-1)} MiB at the end.\n`,
    `- ${thousands(crowd)} calls at once in a process that can open 1 024 files: none is lost.\n`,
    `- ${thousands(workers)} worker threads terminated in the middle of a call: ${left === 0 ? 'no' : left} thread and no connection is left.\n`,
  ].join('')
}

/** How the calls of the Rust tests ended, a fault each. */
function tallies() {
  const parameters = ['test', '-p', 'utdk-plaid-client', '--test', 'it', '--', '--nocapture']
  const { status, stdout, stderr } = spawnSync('cargo', parameters, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`A test fails:\n${stdout}${stderr}`)
  const ofFault = new Map()
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{"')) continue
    const tally = JSON.parse(line)
    const others = ofFault.get(tally.fault)
    ofFault.set(tally.fault, others ? add(others, tally) : tally)
  }
  return [...ofFault.values()].sort((one, other) => (one.fault < other.fault ? -1 : 1))
}

function add(one, other) {
  const ends = { ...one.ends }
  for (const [end, count] of Object.entries(other.ends)) ends[end] = (ends[end] ?? 0) + count
  return {
    fault: one.fault,
    ends,
    attempts: one.attempts + other.attempts,
    worked_after: one.worked_after + other.worked_after,
  }
}

async function gatewaySection() {
  const faults = await run(runWithFaults, 20_000)
  const refusals = await run(runWithRefusals, 10_000)
  const stops = await run(runWithStops, 10_000)
  const { resets, hangs, unavailable } = faults.faults
  const refused = (badCallers) =>
    ['wrong token', 'unknown path', 'foreign page']
      .flatMap((name) => Object.values(badCallers[name]))
      .reduce((total, count) => total + count, 0)
  const failed = resets + hangs + unavailable
  const row = (what, { calls, lost, twice }, requests) =>
    line([what, thousands(calls), lost, requests, twice])
  return [
    line(['run', 'good calls', 'lost', 'requests at Plaid', 'replied to twice']),
    line(['---', '---:', '---:', '---', '---:']),
    row(
      'all faults at once, with `maxRetries: 2`',
      faults,
      `${thousands(faults.requests)}: one for each call, ${thousands(failed)} that Plaid failed, ${faults.killed} lost with the killed gateway`,
    ),
    row(
      `${thousands(refused(refusals.badCallers))} refused requests with bodies meanwhile, without retries`,
      refusals,
      thousands(refusals.requests),
    ),
    row(`${stops.stops} stops with SIGTERM, without retries`, stops, thousands(stops.requests)),
    `\nAll faults at once took ${Math.round(faults.seconds)} s: ${resets} resets, ${hangs} requests without a reply and ${unavailable} replies with 503 by Plaid; ${thousands(refused(faults.badCallers))} refused requests; ${thousands(faults.badCallers['half a head'].opened * 2)} half-sent heads and as many half-sent bodies; one gateway killed and restarted, the other stopped.\n`,
  ].join('')
}

async function main() {
  const [name] = process.argv.slice(2)
  const section = SECTIONS[name]
  if (!section) throw new Error(`name one of: ${Object.keys(SECTIONS).join(', ')}`)
  const start = `<!-- The figures of the ${name}. \`npm run reliability ${name}\` writes them. -->\n`
  const end = `<!-- End of the figures of the ${name}. -->\n`
  const text = await section()
  const [before, rest] = fs.readFileSync(PAGE, 'utf8').split(start)
  const [, after] = rest.split(end)
  fs.writeFileSync(PAGE, `${before}${start}\n${text}\n${end}${after}`)
}

main()
