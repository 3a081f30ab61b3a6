'use strict'

// Installs and builds what is missing, so that `npm start` and `npm test` work in a fresh checkout.
// It needs only Node.
//
//     node scripts/set-up.js             the npm packages, then a release build of console and addon
//       --no-build                       the npm packages only
//       --examples  --clients  --bench   also the npm packages of the examples, of the tests' HTTP
//                                        clients, of the benchmarks
//       --nginx  --chromium  --wrk       also these programs, from Debian's packages
//       --python3  --ruby  --go          also these languages, in which the console's snippets run
//       --plaid-python                   also Plaid's client for Python, into target/tools

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const inRoot = (...names) => path.join(root, ...names)
const asked = (option) => process.argv.includes(option)

/** The programs by their names, each with Debian's package for it. */
const PROGRAMS = {
  nginx: { debian: 'nginx-light', purpose: 'the load balancer of the tests' },
  chromium: { debian: 'chromium', purpose: 'the browser of the tests' },
  python3: { debian: 'python3', purpose: 'a language of the console’s snippets' },
  ruby: { debian: 'ruby', purpose: 'a language of the console’s snippets' },
  go: { debian: 'golang-go', purpose: 'a language of the console’s snippets' },
  wrk: { debian: 'wrk', purpose: 'the load generator of the benchmarks' },
}

/** What the addon is built from. */
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'crates', 'console', 'link']

installPackages('.', 'Installing the npm packages for building and testing …')
if (asked('--examples')) {
  for (const name of ['express-update-mode', 'react-update-mode', 'test-runners', 'webhooks']) {
    installPackages(`examples/${name}`, `Installing the npm packages of examples/${name} …`)
  }
}
if (asked('--clients')) {
  installPackages('__test__/clients', 'Installing the HTTP clients of the tests …')
}
if (asked('--bench')) {
  installPackages('bench', 'Installing the rivals that the benchmarks measure …')
}
for (const [name, program] of Object.entries(PROGRAMS)) {
  if (asked(`--${name}`)) installProgram(name, program)
}
if (asked('--plaid-python')) installPlaidPython()
if (!asked('--no-build')) buildAddon()

function installPackages(directory, announcement) {
  const installed = changed(inRoot(directory, 'node_modules', '.package-lock.json'))
  if (installed >= changed(inRoot(directory, 'package-lock.json'))) return
  say(announcement)
  const parameters = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', parameters, { cwd: inRoot(directory) })
}

function installProgram(name, { debian, purpose }) {
  // Debian installs some programs in sbin, which is only in root's PATH.
  const directories = (process.env.PATH ?? '').split(path.delimiter)
  const all = directories.flatMap((name) => [name, name.replace(/\bbin$/, 'sbin')])
  if (all.some((directory) => fs.existsSync(path.join(directory, name)))) return
  if (spawnSync('apt-get', ['--version']).status !== 0) {
    fail(`${name} is missing, ${purpose}: install it, then run this again.`)
  }
  say(`Installing ${name}, ${purpose} …`)
  installFromDebian(debian)
}

function installPlaidPython() {
  const directory = inRoot('target', 'tools', 'plaid-python')
  const wanted = inRoot('__test__', 'programs', 'requirements.txt')
  const installed = path.join(directory, 'requirements.txt')
  if (changed(installed) >= changed(wanted)) return
  installProgram('python3', PROGRAMS.python3)
  say('Installing plaid-python, a client of the tests …')
  // Debian has the module that makes environments in a package of its own.
  const hasVenv = spawnSync('python3', ['-c', 'import ensurepip']).status === 0
  if (!hasVenv) installFromDebian('python3-venv')
  run('python3', ['-m', 'venv', '--clear', directory])
  const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet']
  run(path.join(directory, 'bin', 'python'), [...pip, '--requirement', wanted])
  fs.copyFileSync(wanted, installed)
}

function installFromDebian(debian) {
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n']
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', debian]]) {
    const [command, ...parameters] = [...asRoot, 'apt-get', '-qq', ...step]
    run(command, parameters, { env: { DEBIAN_FRONTEND: 'noninteractive' } })
  }
}

function buildAddon() {
  const built = fs.readdirSync(root).filter((name) => name.endsWith('.node'))
  const newest = Math.max(...SOURCES.map((name) => changed(inRoot(name))))
  const upToDate = built.length > 0 && built.every((name) => changed(inRoot(name)) >= newest)
  if (upToDate && fs.existsSync(inRoot('binding.js'))) return
  if (spawnSync('cargo', ['--version'], { cwd: root }).status !== 0) {
    fail(
      'Rust is missing; the addon is built with it: install it from https://rustup.rs, then run this again.',
    )
  }
  say('Building the native addon; the first build takes two to five minutes …')
  const started = Date.now()
  run('npm', ['run', '--silent', 'build'], { env: { CARGO_TERM_QUIET: 'true' } })
  say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** When a file, or any file below a directory, last changed; 0 if it does not exist. */
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
