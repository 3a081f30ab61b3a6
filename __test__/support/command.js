'use strict'

// Runs a command that runs until it is stopped, and reads its output.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const COMMAND = path.join(__dirname, '../../bin/utdk-plaid.js')

/** Long enough for the slowest machine. */
const PATIENCE_MS = 20_000

/** The environment without the variables that control colours. */
const { FORCE_COLOR, NO_COLOR, ...ENV } = process.env

/**
 * Starts `utdk-plaid` with `args`, and kills it when the test `t` ends. `through` takes its command
 * line and returns the one to run instead.
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
    /** Waits until standard output matches, and returns the match. */
    async until(pattern) {
      for (const signal = AbortSignal.timeout(PATIENCE_MS); ; ) {
        const match = command.stdout.match(pattern)
        if (match) return match
        await once(child, 'written', { signal }).catch(() => {
          assert.fail(`${pattern} was not printed. Output: ${command.stdout}${command.stderr}`)
        })
      }
    },
    /** Sends `signal`, if given, and waits for the exit: `[code, signal]`. */
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
 * Runs a command in its own terminal, with util-linux's `script`. `exec` replaces the shell:
 * otherwise the terminal's Ctrl-C would also end the shell, and give the shell's exit code.
 */
function inTerminal(command, columns = 80) {
  const line = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ')
  const shell = `stty columns ${columns} rows 24; exec ${line}`
  return ['script', '--quiet', '--return', '--command', shell, '/dev/null']
}

module.exports = { COMMAND, inTerminal, startCommand }
