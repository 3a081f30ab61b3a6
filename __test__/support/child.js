'use strict'

// Runs one of the test programs in its own process.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Long enough for the slowest machine; ends a process that hangs. */
const LONGEST_MS = 60_000

/**
 * Runs `programs/<name>`, or the file at an absolute path, in `cwd`, with `env` added to the
 * environment.
 *
 * @returns its `code` and `signal`, what it wrote, and how many milliseconds it ran
 */
async function run(name, { args = [], cwd, env = {}, limitMs = LONGEST_MS } = {}) {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [path.isAbsolute(name) ? name : path.join(__dirname, '../programs', name), ...args],
    {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    },
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
