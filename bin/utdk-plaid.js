#!/usr/bin/env node
'use strict'

// The command line: Rust reads the arguments, and carries out what they ask for. Signals are taken
// here, for in a Node process Rust cannot: its handlers would call Node's, which end the process.

const { NativeCommand, readCommand } = native()

/**
 * Under npx one Ctrl-C may come twice: from the terminal and, at once, from npm. Two that are
 * further apart than this, in milliseconds, are a user's.
 */
const ONE_CTRL_C_MS = 300

/** What Rust offers; without it there is no command, and the reason is all that can be told. */
function native() {
  try {
    return require('../lib/native.js')
  } catch (error) {
    const { name } = require('../lib/platform.js').platform()
    process.stderr.write(`error: ${error.message}\n`)
    process.stderr.write(`This is Node.js ${process.version} on ${name}.\n`)
    process.exit(1)
  }
}

/** @returns what to print at the end, if anything, and what to exit with. */
async function main(args) {
  const command = readCommand(args)
  if (command instanceof NativeCommand) return run(command)
  if (command === 'demo') return { exitCode: (await require('./demo.js').demo()) ? 0 : 1 }
  return command
}

/** Has Rust carry the command out until it is done; the first signal stops it. */
async function run(command) {
  const { ending, handOver, startedEngine } = require('../lib/engine.js')
  const { commandEnvironment } = require('../lib/options.js')
  let stopped
  process.on('SIGTERM', () => {
    stopped ??= performance.now()
    command.stop()
  })
  process.on('SIGINT', () => {
    if (performance.now() - stopped > ONE_CTRL_C_MS) process.exit(130)
    stopped ??= performance.now()
    command.stop()
  })
  const engine = startedEngine()
  const environment = commandEnvironment()
  const { kind, text, exitCode } = await ending(
    handOver((id) => command.run(engine, id, environment)),
  )
  if (kind === 'ended') return { text, exitCode }
  return { text: `error: the command was ${kind}\n`, exitCode: 1 }
}

main(process.argv.slice(2)).then(({ text, exitCode }) => {
  if (text) (exitCode === 0 ? process.stdout : process.stderr).write(text)
  process.exitCode = exitCode
})
