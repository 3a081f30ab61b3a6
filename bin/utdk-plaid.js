#!/usr/bin/env node
'use strict'

// The command line: Rust reads the arguments and runs the commands. Signals are handled here: Rust
// cannot catch signals inside Node.

const { NativeCommand, readCommand } = native()

/**
 * In milliseconds. Under npx one Ctrl-C can arrive twice: from the terminal and at once from npm. If
 * two are further apart, the user pressed twice.
 */
const ONE_CTRL_C_MS = 300

/** The addon. Without it no command works, so the reason is printed. */
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

/** @returns the `text` to print at the end, if any, and the `exitCode` */
async function main(args) {
  const command = readCommand(args)
  if (command instanceof NativeCommand) return run(command)
  if (command.name === 'run') {
    const { runApp } = require('./run.js')
    return runApp(command).catch(({ message }) => ({ text: `error: ${message}\n`, exitCode: 1 }))
  }
  if (command.name !== 'demo') return command
  const { demo } = require('./demo.js')
  return { exitCode: (await demo({ output: quiet(process.stdout) })) ? 0 : 1 }
}

/** Makes the process end quietly when the reader of `stream` leaves. Rust does so by itself. */
function quiet(stream) {
  return stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

/** Runs the command in Rust until it is done; the first signal stops it. */
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
  process.exitCode = exitCode
  if (text) quiet(exitCode === 0 ? process.stdout : process.stderr).write(text)
})
