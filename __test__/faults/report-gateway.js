'use strict'

// `npm run reliability:gateway`: runs the fault tests of the gateway, and writes their figures into
// docs/reliability.md.

const fs = require('node:fs')
const path = require('node:path')
const { runWithFaults, runWithRefusals, runWithStops } = require('../support/chaos.js')

const PAGE = path.join(__dirname, '../../docs/reliability.md')
const START = '<!-- The figures of the gateway. `npm run reliability:gateway` writes them. -->\n'
const END = '<!-- End of the figures of the gateway. -->\n'

/** Runs a test, with what it uses of the context of a test. */
async function run(test, count) {
  const hooks = []
  try {
    return await test({ after: (hook) => hooks.unshift(hook) }, count)
  } finally {
    for (const hook of hooks) await hook()
  }
}

const thousands = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ' ')

function table({ faults, refusals, stops }) {
  const { resets, hangs, unavailable } = faults.faults
  const refused = (badCallers) =>
    ['wrong token', 'unknown path', 'foreign page']
      .flatMap((name) => Object.values(badCallers[name]))
      .reduce((total, count) => total + count, 0)
  const failed = resets + hangs + unavailable
  const rows = [
    [
      'all faults at once, with `maxRetries: 2`',
      faults.calls,
      faults.lost,
      `${thousands(faults.requests)}: one for each call, ${thousands(failed)} that Plaid failed, ${faults.killed} lost with the killed gateway`,
      faults.twice,
    ],
    [
      `${thousands(refused(refusals.badCallers))} refused requests with bodies meanwhile, without retries`,
      refusals.calls,
      refusals.lost,
      thousands(refusals.requests),
      refusals.twice,
    ],
    [
      `${stops.stops} stops with SIGTERM, without retries`,
      stops.calls,
      stops.lost,
      thousands(stops.requests),
      stops.twice,
    ],
  ]
  const line = ([what, calls, ...rest]) => `| ${[what, thousands(calls), ...rest].join(' | ')} |\n`
  return [
    '| run | good calls | lost | requests at Plaid | replied to twice |\n',
    '| --- | ---: | ---: | --- | ---: |\n',
    ...rows.map(line),
    `\nAll faults at once took ${Math.round(faults.seconds)} s: ${resets} resets, ${hangs} requests without a reply and ${unavailable} replies with 503 by Plaid; ${thousands(refused(faults.badCallers))} refused requests; ${thousands(faults.badCallers['half a head'].opened * 2)} half-sent heads and as many half-sent bodies; one gateway killed and restarted, the other stopped.\n`,
  ].join('')
}

async function main() {
  const figures = {
    faults: await run(runWithFaults, 20_000),
    refusals: await run(runWithRefusals, 10_000),
    stops: await run(runWithStops, 10_000),
  }
  const text = fs.readFileSync(PAGE, 'utf8')
  const [before, rest] = text.split(START)
  const [, after] = rest.split(END)
  fs.writeFileSync(PAGE, `${before}${START}\n${table(figures)}\n${END}${after}`)
}

main()
