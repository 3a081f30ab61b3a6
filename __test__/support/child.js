'use strict'

// Runs one of the programs beside the tests in a process of its own.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Long enough for the slowest machine, and short enough to end a process that hangs. */
const LONGEST_MS = 60_000

/**
 * Runs `programs/<name>` with `env` and nothing else that the package reads.
 *
 * @returns its `code` and `signal`, what it wrote, and for how long it ran
 */
async function run(name, { args = [], env = {} } = {}) {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [path.isAbsolute(name) ? name : path.join(__dirname, '../programs', name), ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST_MS },
  )
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8')
    child[stream].on('data', (text) => {
      written[stream] += text
    })
  }
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...written, ms: performance.now() - started }
}

module.exports = { run }
