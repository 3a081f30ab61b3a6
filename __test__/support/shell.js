'use strict'

// Runs shell snippets, with `npx @utdk/plaid` as the command line of this checkout.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { COMMAND } = require('./command.js')

/** Long enough for the slowest machine. */
const LONGEST_MS = 60_000

/**
 * Runs `code` with bash in `directory`, and stops it once `until` matches its output, if it is
 * given.
 *
 * @returns its exit `code`, `null` if it was stopped, and what it printed
 */
async function runShell(t, code, { directory, env = {}, until }) {
  const bin = path.join(directory, '.bin')
  fs.mkdirSync(bin)
  const npx = `#!/bin/sh\n[ "$1" = @utdk/plaid ] && shift && exec '${process.execPath}' '${COMMAND}' "$@"\n`
  fs.writeFileSync(path.join(bin, 'npx'), npx, { mode: 0o755 })
  const child = spawn('bash', ['-euc', code], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: '1', ...env, PATH: `${bin}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which is stopped as a whole.
    detached: true,
  })
  const stop = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  t.after(stop)
  const timer = setTimeout(stop, LONGEST_MS)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      printed += text
      if (until?.test(printed)) stop()
    })
  }
  const [exitCode] = await once(child, 'close')
  clearTimeout(timer)
  if (until) assert.match(printed, until)
  return { code: exitCode, printed }
}

module.exports = { runShell }
