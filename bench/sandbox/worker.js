// One subject, one measure, one fresh process: prints the figures as JSON and exits.
//
//     node worker.js <subject> <kind> <settings as JSON> <tools as JSON: server, directory>

'use strict'

const { subjects } = require('./subjects')

async function main([name, kind, settings, tools]) {
  const subject = subjects[name]
  if (kind === 'fresh') return fresh(subject)

  const loaded = subject.load()
  const start = () => subject.start(loaded, JSON.parse(tools))
  return require('./measure')[kind](start, JSON.parse(settings), JSON.parse(tools))
}

/** The import and the first server. No other module is loaded yet: it could save the server time. */
async function fresh(subject) {
  const started = performance.now()
  const loaded = subject.load()
  const imported = performance.now()
  await subject.start(loaded)
  const ready = performance.now()
  return { importMs: imported - started, startMs: ready - imported, readyMs: ready - started }
}

main(process.argv.slice(2)).then(
  // Servers keep the process alive.
  (figures) => process.stdout.write(JSON.stringify(figures), () => process.exit(0)),
  (error) => {
    console.error(error)
    process.exit(1)
  },
)
