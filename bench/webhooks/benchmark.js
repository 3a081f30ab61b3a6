// The verification of a webhook, next to the one that Plaid's documentation shows: what is measured,
// the goals, and the table.

'use strict'

const path = require('node:path')
const { atLeast, atMost, goal, times } = require('../goals')
const { ROOT, installedVersion, setUp } = require('../prepare')
const { inMicros, inMs, inUnits, perLoad } = require('../report')
const { child } = require('../rounds')
const { JOSE, SUBJECTS } = require('./subjects')

const IN_FLIGHT = [1, 64, 1024]

/** @returns every measure, in the order of a round: one child process for each subject */
function measures(quick) {
  const span = quick ? { warmUpMs: 300, measureMs: 500 } : { warmUpMs: 1000, measureMs: 2000 }
  return IN_FLIGHT.map((inFlight) => ({
    name: `verify ${inFlight}`,
    subjects: SUBJECTS,
    settings: { inFlight, ...span },
  }))
}

const goals = [
  goal(
    'verifications/s at 64 in flight',
    ['verify 64', 'verificationsPerSecond'],
    [atLeast(1, times(JOSE))],
  ),
  goal(
    'JavaScript-thread CPU per verification at 64',
    ['verify 64', 'threadMicros'],
    [atMost(1 / 5, times(JOSE))],
  ),
]

const each = (text, figure, write, options) =>
  perLoad(text, IN_FLIGHT, 'in flight', 'verify', figure, write, options)

const rows = [
  ...each('verifications/s', 'verificationsPerSecond', inUnits, { moreIsBetter: true }),
  ...each('p50', 'p50Ms', inMs),
  ...each('p99', 'p99Ms', inMs),
  ...each('JavaScript-thread CPU per verification', 'threadMicros', inMicros),
  ...each('process CPU per verification', 'processMicros', inMicros),
]

async function prepare() {
  setUp('--bench')
  const { startSandbox } = require(path.join(ROOT, 'sandbox.js'))
  const sandbox = await startSandbox()
  const { url, clientId, secret } = sandbox
  const { item_id } = await sandbox.createItem({ webhook: 'http://192.0.2.1/webhook' })
  await sandbox.fireWebhook({ item_id, webhook_type: 'ITEM', webhook_code: 'ERROR' })
  const { rawBody } = await sandbox.nextWebhook()
  return {
    async take({ settings }, subject) {
      // Signed for each measure: a webhook is valid for five minutes.
      const signature = await sandbox.signWebhook(rawBody)
      const webhook = { rawBody, signature, plaid: { url, clientId, secret } }
      const worker = path.join(__dirname, 'measure.js')
      return child([worker, subject, JSON.stringify(settings), JSON.stringify(webhook)])
    },
    versions: { jose: installedVersion('jose') },
    stop: () => sandbox.close(),
  }
}

module.exports = { goals, measures, prepare, rows, subjects: SUBJECTS }
