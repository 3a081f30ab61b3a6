'use strict'

// Does whatever set-up is missing, so that `npm start` and `npm test` work in a fresh checkout:
// the dependencies, and the release build of the console and the addon; with `--examples` also what
// the example with dependencies of its own needs, with `--nginx` the load balancer of the tests,
// with `--chromium` their browser. Needs nothing but Node itself.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const inRoot = (...names) => path.join(root, ...names)

install('.', 'Installing the npm packages that building and testing need …')
if (process.argv.includes('--examples')) {
  for (const name of ['express-update-mode', 'test-runners']) {
    install(`examples/${name}`, `Installing the npm packages of examples/${name} …`)
  }
}
if (process.argv.includes('--nginx')) {
  installTool('nginx', 'nginx-light', 'which the tests put in front of gateways')
}
if (process.argv.includes('--chromium')) {
  installTool('chromium', 'chromium', 'in which the tests open the console')
}
buildAddon()

function install(directory, announcement) {
  const installed = changed(inRoot(directory, 'node_modules', '.package-lock.json'))
  if (installed >= changed(inRoot(directory, 'package-lock.json'))) return
  say(announcement)
  // Not `npm ci`: it refuses a lock file in which a registry that lacked another platform's optional
  // package left a gap. This keeps to the locked versions, too, and writes no lock file.
  const parameters = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', parameters, { cwd: inRoot(directory) })
}

function installTool(name, debianPackage, purpose) {
  // Debian keeps some in a directory that only root's PATH has.
  const directories = (process.env.PATH ?? '').split(path.delimiter)
  const all = directories.flatMap((name) => [name, name.replace(/\bbin$/, 'sbin')])
  if (all.some((directory) => fs.existsSync(path.join(directory, name)))) return
  if (spawnSync('apt-get', ['--version']).status !== 0) {
    fail(`${name} is missing, ${purpose}: install it, then run this again.`)
  }
  say(`Installing ${name}, ${purpose} …`)
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n']
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', debianPackage]]) {
    const [command, ...parameters] = [...asRoot, 'apt-get', '-qq', ...step]
    run(command, parameters, { env: { DEBIAN_FRONTEND: 'noninteractive' } })
  }
}

function buildAddon() {
  const built = fs.readdirSync(root).filter((name) => name.endsWith('.node'))
  const newest = Math.max(
    ...['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'crates', 'console'].map((name) =>
      changed(inRoot(name)),
    ),
  )
  const upToDate = built.length > 0 && built.every((name) => changed(inRoot(name)) >= newest)
  if (upToDate && fs.existsSync(inRoot('binding.js'))) return
  if (spawnSync('cargo', ['--version'], { cwd: root }).status !== 0) {
    fail(
      'Rust is missing, which building the addon needs: install it from https://rustup.rs, then run this again.',
    )
  }
  say('Building the native addon; the first time takes two to five minutes …')
  const started = Date.now()
  run('npm', ['run', '--silent', 'build'], { env: { CARGO_TERM_QUIET: 'true' } })
  say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** When a file, or anything below a directory, was last changed; 0 if it is not there. */
function changed(name) {
  const stat = fs.statSync(name, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...fs.readdirSync(name).map((entry) => changed(path.join(name, entry))))
}

function run(command, parameters, { cwd = root, env = {} } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, parameters, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  fail(
    `${command} ${parameters.join(' ')} failed${error ? `: ${error.message}` : '; its output is above.'}`,
  )
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
