'use strict'

// Runs a command of the command line that goes on until it is stopped, and reads along.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const COMMAND = path.join(__dirname, '../../bin/utdk-plaid.js')

/** Long enough for the slowest machine. */
const PATIENCE_MS = 20_000

/** Nothing of what the command reads, nor of what colours depend on. */
const { FORCE_COLOR, NO_COLOR, ...ENV } = process.env

/**
 * Starts `utdk-plaid` with `args`; it is killed when the test `t` ends. `through` is a function of
 * its command line, which returns the one to run instead.
 */
function startCommand(t, args, { env = {}, through = (line) => line } = {}) {
  const [program, ...rest] = through([process.execPath, COMMAND, ...args])
  const child = spawn(program, rest, { env: { ...ENV, ...env }, stdio: 'pipe' })
  t.after(() => child.kill('SIGKILL'))
  const command = { child, stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8')
    child[stream].on('data', (text) => {
      command[stream] += text
      child.emit('written')
    })
  }
  const exited = once(child, 'exit')

  return Object.assign(command, {
    /** What it has written to standard output, once that matches. */
    async until(pattern) {
      for (const signal = AbortSignal.timeout(PATIENCE_MS); ; ) {
        const match = command.stdout.match(pattern)
        if (match) return match
        await once(child, 'written', { signal }).catch(() => {
          assert.fail(`${pattern} did not come in: ${command.stdout}${command.stderr}`)
        })
      }
    },
    /** Sends a signal, if one is given, and waits for the end: `[code, signal]`. */
    async ended(signal) {
      if (signal) child.kill(signal)
      const bound = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      const [code, killedBy] = await exited
      clearTimeout(bound)
      return [code, killedBy]
    },
  })
}

/**
 * Runs a command in a terminal of its own, by util-linux's `script`. Its shell must not stay
 * beside the command: the terminal's Ctrl-C would end that shell, too, and give its exit code.
 */
function inTerminal(command) {
  const line = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ')
  return ['script', '--quiet', '--return', '--command', `exec ${line}`, '/dev/null']
}

module.exports = { COMMAND, inTerminal, startCommand }
