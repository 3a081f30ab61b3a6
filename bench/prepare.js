// What must stand before a measure can be taken: the addon, the rivals, and the servers.

'use strict'

const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** Builds the addon as it is published: what lies there may be a debug build, or an older one. */
function buildAddon() {
  console.error('building the addon')
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] })
}

/** Installs the rivals beside this file, never among the package's own dependencies. */
function installRivals() {
  const { dependencies } = require('./package.json')
  const missing = ([name, version]) => installedVersion(name) !== version
  if (!Object.entries(dependencies).some(missing)) return
  console.error('installing the rivals')
  execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], {
    cwd: __dirname,
    stdio: ['ignore', 2, 2],
  })
}

/** @returns the version of a rival, or undefined if it is not installed */
function installedVersion(name) {
  const manifest = path.join(__dirname, 'node_modules', name, 'package.json')
  if (!fs.existsSync(manifest)) return undefined
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version
}

/** @returns the path of the executable of one of our Rust packages, built as fast as it gets */
function buildExecutable(name) {
  const profile = ['--quiet', '--profile', 'bench']
  const command = ['build', ...profile, '--package', name, '--message-format', 'json']
  const messages = execFileSync('cargo', command, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 2],
  })
  const artifacts = messages.trim().split('\n').map(JSON.parse)
  return artifacts.find((artifact) => artifact.executable && artifact.target.name === name)
    .executable
}

/**
 * Starts a server in a process of its own, which ends when this one does.
 * @returns {Promise<{ http: string, https: string, ca: string, stop(): void }>}
 */
async function startServer(executable, directory, delayMs) {
  const caFile = path.join(directory, `ca-${delayMs}.pem`)
  const server = spawn(executable, ['--delay-ms', String(delayMs), '--ca-file', caFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const line = await new Promise((resolve, reject) => {
    server.stdout.setEncoding('utf8').once('data', resolve)
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  const ports = JSON.parse(line)
  return {
    http: `http://127.0.0.1:${ports.http}`,
    https: `https://127.0.0.1:${ports.https}`,
    ca: ports.ca,
    stop: () => server.stdin.end(),
  }
}

module.exports = {
  ROOT,
  buildAddon,
  buildExecutable,
  installRivals,
  installedVersion,
  startServer,
}
