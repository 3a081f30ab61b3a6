// One subject, one measure, one fresh process: prints the figures as JSON and exits.
//
//     node worker.js <subject> <kind> <settings as JSON> <server as JSON: baseUrl, ca?>

'use strict'

const fs = require('node:fs')
const { subjects } = require('./subjects')

async function main([name, kind, settings, server]) {
  const { baseUrl, ca } = JSON.parse(server)
  const target = { baseUrl, ca: ca && fs.readFileSync(ca, 'utf8') }
  const subject = subjects[name]
  if (kind === 'first') return first(subject, target)

  const call = subject.connect(subject.load(), target)
  return require('./measure')[kind](call, JSON.parse(settings))
}

/** The import and the first reply. No other module is loaded yet: it could save the client time. */
async function first(subject, target) {
  const started = performance.now()
  const loaded = subject.load()
  const imported = performance.now()
  const call = subject.connect(loaded, target)
  const reply = await call()
  const replied = performance.now()
  require('../plaid').accept(reply)
  return { importMs: imported - started, firstReplyMs: replied - imported }
}

main(process.argv.slice(2)).then(
  // Idle connections would keep the process alive.
  (figures) => process.stdout.write(JSON.stringify(figures), () => process.exit(0)),
  (error) => {
    // Not the error itself: some clients attach the request to it, credentials included.
    console.error(error.stack, error.cause?.message ?? '')
    process.exit(1)
  },
)
