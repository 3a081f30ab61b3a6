// One subject, one measure, one fresh process: prints the figures as JSON and exits.
//
//     node measure.js <subject> <settings as JSON> <webhook as JSON: rawBody, signature, plaid>

'use strict'

const { perCall, percentile, sleep, spent } = require('../machine')
const { subjects } = require('./subjects')

async function main([name, settingsJson, webhookJson]) {
  const { inFlight, warmUpMs, measureMs } = JSON.parse(settingsJson)
  const { rawBody, signature, plaid } = JSON.parse(webhookJson)
  const verify = subjects[name](plaid)
  // As a server gets it.
  const body = Buffer.from(rawBody)
  const one = async () => {
    const { webhook_code } = await verify(body, signature)
    if (webhook_code !== 'ERROR') throw new Error('another webhook')
  }
  await one()

  let latencies
  let stopped = false
  async function lane() {
    while (!stopped) {
      const started = performance.now()
      await one()
      latencies?.push(performance.now() - started)
    }
  }
  const lanes = Promise.all(Array.from({ length: inFlight }, lane))
  // A failed lane ends the measure at once.
  const unlessFailed = (wait) => Promise.race([wait, lanes])
  await unlessFailed(sleep(warmUpMs))
  const taken = []
  latencies = taken
  const before = spent()
  await unlessFailed(sleep(measureMs))
  const after = spent()
  latencies = undefined
  stopped = true
  await lanes
  return {
    verificationsPerSecond: taken.length / ((after.wallMs - before.wallMs) / 1000),
    p50Ms: percentile(taken, 0.5),
    p99Ms: percentile(taken, 0.99),
    ...perCall(before, after, taken.length),
  }
}

main(process.argv.slice(2)).then(
  (figures) => process.stdout.write(JSON.stringify(figures), () => process.exit(0)),
  (error) => {
    console.error(error.stack)
    process.exit(1)
  },
)
