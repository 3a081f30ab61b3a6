// Builds and installs what a benchmark needs: the addon, the rivals, programs, and the server.

'use strict'

const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** Runs a command whose output goes to standard error. */
function run(command, parameters) {
  execFileSync(command, parameters, { cwd: ROOT, stdio: ['ignore', 2, 2] })
}

/** Builds the addon as it is published. The existing one may be a debug build, or out of date. */
function buildAddon() {
  console.error('building the addon')
  run('npm', ['run', '--silent', 'build'])
}

/** Installs what a benchmark needs: --bench for the rivals, --wrk, --nginx. */
function setUp(...options) {
  run(process.execPath, ['scripts/set-up.js', '--no-build', ...options])
}

/** @returns the version of a rival */
function installedVersion(name) {
  const manifest = path.join(__dirname, 'node_modules', name, 'package.json')
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version
}

/** @returns the file of the executable of bench/server, optimised for speed */
function buildServer() {
  const profile = ['--quiet', '--profile', 'bench', '--message-format', 'json']
  const messages = execFileSync('cargo', ['build', ...profile, '--package', 'bench-server'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 2],
  })
  const artifacts = messages.trim().split('\n').map(JSON.parse)
  return artifacts.find(({ executable }) => executable).executable
}

/**
 * Starts bench/server in a process of its own, which ends with this one.
 * @returns {Promise<{ http: string, https: string, ca: string, stop(): void }>}
 */
async function startServer(executable, directory, delayMs = 0) {
  const caFile = path.join(directory, `ca-${delayMs}-${process.pid}.pem`)
  const server = spawn(executable, ['--delay-ms', String(delayMs), '--ca-file', caFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { http, https, ca } = await firstLine(server)
  return {
    http: `http://127.0.0.1:${http}`,
    https: `https://127.0.0.1:${https}`,
    ca,
    stop: () => server.stdin.end(),
  }
}

/** @returns the first line that a process prints, parsed as JSON; rejects if it ends before that */
function firstLine(process) {
  return new Promise((resolve, reject) => {
    process.stdout.setEncoding('utf8').once('data', (line) => resolve(JSON.parse(line)))
    process.once('error', reject)
    process.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
  })
}

module.exports = {
  ROOT,
  buildAddon,
  buildServer,
  firstLine,
  installedVersion,
  setUp,
  startServer,
}
