'use strict'

// Runs one of the test programs in its own process.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Long enough for the slowest machine; ends a process that hangs. */
const LONGEST_MS = 60_000

/**
 * Runs `programs/<name>`, or the file at an absolute path, in `cwd`, with `env` added to the
 * environment. `mostFiles` limits how many files it can have open.
 *
 * @returns its `code` and `signal`, what it wrote, and how many milliseconds it ran
 */
async function run(name, { args = [], cwd, env = {}, limitMs = LONGEST_MS, mostFiles } = {}) {
  const started = performance.now()
  const program = path.isAbsolute(name) ? name : path.join(__dirname, '../programs', name)
  const limit =
    mostFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${mostFiles}; exec "$0" "$@"`]
  const [command, ...parameters] = [...limit, process.execPath, program, ...args]
  const child = spawn(command, parameters, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  })
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
