'use strict'

// Promise: `npm start` and `npm test` install and build what is missing, and name in one line what
// they cannot install.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { run } = require('./support/child.js')

const root = path.join(__dirname, '..')
const SCRIPT = 'scripts/set-up.js'

const INSTALL = /^npm ci\b/

/** Modification times, in seconds: of a checkout's files, and of what is made from them later. */
const EARLIER = 1_700_000_000
const LATER = EARLIER + 1000

/**
 * A directory for PATH, with only this Node and stubs of `commands`. A stub logs its arguments and
 * exits with its status.
 */
function toolsWith(t, commands) {
  const directory = temporary(t)
  const log = path.join(directory, 'log')
  fs.writeFileSync(log, '')
  fs.symlinkSync(process.execPath, path.join(directory, 'node'))
  for (const [name, status] of Object.entries(commands)) {
    const script = `#!/bin/sh\necho "${name} $*" >> '${log}'\necho "${name} spoke"\nexit ${status}\n`
    fs.writeFileSync(path.join(directory, name), script, { mode: 0o755 })
  }
  return { PATH: directory, calls: () => fs.readFileSync(log, 'utf8').split('\n').slice(0, -1) }
}

function temporary(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-set-up-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

/** What set-up reads: the lock files and the sources of the build, or enough of them. */
const COPIED = [
  '__test__/programs/requirements.txt',
  'Cargo.*',
  'build.rs',
  'console',
  'crates/client/src',
  'link',
  'scripts/set-up.js',
  'src',
  '*package-lock.json',
]

const tracked = (...patterns) =>
  execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)

/** A copy of those files, with nothing installed or built. */
function checkout(t) {
  const copy = temporary(t)
  for (const file of tracked(...COPIED)) {
    // Deleted, and not committed yet.
    if (!fs.existsSync(path.join(root, file))) continue
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true })
    fs.copyFileSync(path.join(root, file), path.join(copy, file))
    fs.utimesSync(path.join(copy, file), EARLIER, EARLIER)
  }
  return copy
}

function writeLater(...names) {
  const file = path.join(...names)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, '')
  fs.utimesSync(file, LATER, LATER)
}

/** Makes the dependencies look installed. */
function install(copy) {
  writeLater(copy, 'node_modules', '.package-lock.json')
}

/** Makes the addon look built. */
function build(copy) {
  writeLater(copy, 'binding.js')
  writeLater(copy, 'plaid.linux-x64-gnu.node')
}

function setUp(copy, { PATH }, ...args) {
  return run(path.join(copy, SCRIPT), { args, env: { PATH } })
}

test('without Rust, one line says what is missing and where to get it', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0 })]
  install(copy)
  const { code, stdout, stderr } = await setUp(copy, tools)
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^[^\n]*Rust is missing[^\n]*https:\/\/rustup\.rs[^\n]*\n$/)
  assert.deepEqual(tools.calls(), [])
})

test('a checkout that is set up needs no Rust, and set-up prints nothing', async (t) => {
  const tools = toolsWith(t, { npm: 0 })
  const { code, stdout, stderr } = await setUp(root, tools)
  assert.deepEqual([code, stdout, stderr], [0, '', ''])
  assert.deepEqual(tools.calls(), [])
})

test('in a fresh checkout the dependencies are installed, then the addon is built', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0, cargo: 0 })]
  const { code, stdout, stderr } = await setUp(copy, tools)
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /^Installing .*\nBuilding .*\nBuilt in \d+ s\.\n$/)
  const [install, cargo, build, ...more] = tools.calls()
  assert.match(install, INSTALL)
  assert.equal(cargo, 'cargo --version')
  assert.match(build, /^npm run .*build$/)
  assert.deepEqual(more, [])
})

const CRATES = ['src/lib.rs', 'crates/client/src/lib.rs', 'Cargo.toml', 'Cargo.lock', 'build.rs']
const STALE = [...CRATES, 'console/src/main.tsx', 'console/index.html', 'link/index.html']

test('the addon is built again after any of its sources changed', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0, cargo: 0 })]
  install(copy)
  build(copy)
  await setUp(copy, tools)
  assert.deepEqual(tools.calls(), [])
  for (const file of STALE) {
    fs.utimesSync(path.join(copy, file), LATER + 1, LATER + 1)
    const before = tools.calls().length
    assert.equal((await setUp(copy, tools)).code, 0)
    assert.match(tools.calls().slice(before).join(), /^cargo --version,npm run .*build$/, file)
    fs.utimesSync(path.join(copy, file), EARLIER, EARLIER)
  }
})

test('the dependencies are installed again after the lock file changed', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0, cargo: 0 })]
  install(copy)
  build(copy)
  fs.utimesSync(path.join(copy, 'package-lock.json'), LATER + 1, LATER + 1)
  assert.equal((await setUp(copy, tools)).code, 0)
  assert.equal(tools.calls().length, 1)
  assert.match(tools.calls()[0], INSTALL)
})

test('--examples installs the packages of the examples, once', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0, cargo: 0 })]
  install(copy)
  build(copy)
  await setUp(copy, tools)
  assert.deepEqual(tools.calls(), [])
  const { code, stdout, stderr } = await setUp(copy, tools, '--examples')
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /^(Installing [^\n]* of examples\/[\w-]+ …\n){4}$/)
  assert.equal(tools.calls().length, 4)
  for (const call of tools.calls()) assert.match(call, INSTALL)
  for (const name of ['express-update-mode', 'react-update-mode', 'test-runners', 'webhooks']) {
    install(path.join(copy, 'examples', name))
  }
  await setUp(copy, tools, '--examples')
  assert.equal(tools.calls().length, 4)
})

for (const hasVenv of [true, false]) {
  const how = hasVenv ? 'once' : 'after the Debian package that this needs'
  test(`--plaid-python installs the client into an environment of its own, ${how}`, async (t) => {
    const tools = toolsWith(t, { npm: 0, 'apt-get': 0, sudo: 0, python3: 0 })
    const [copy, log] = [checkout(t), path.join(tools.PATH, 'log')]
    install(copy)
    build(copy)
    const logged = (name, rest = '') => `#!/bin/sh\necho "${name} $*" >> '${log}'\n${rest}`
    const executable = { mode: 0o755 }
    const python3 = logged('python3', hasVenv ? '' : '[ "$1" != -c ]\n')
    fs.writeFileSync(path.join(tools.PATH, 'python3'), python3, executable)
    const environment = path.join(copy, 'target', 'tools', 'plaid-python')
    fs.mkdirSync(path.join(environment, 'bin'), { recursive: true })
    fs.writeFileSync(path.join(environment, 'bin', 'python'), logged('its python'), executable)

    const { code, stdout, stderr } = await setUp(copy, tools, '--plaid-python')
    assert.deepEqual([code, stdout], [0, ''], stderr)
    assert.match(stderr, /^Installing plaid-python[^\n]*\n$/)
    const calls = tools.calls()
    assert.equal(calls.shift(), 'python3 -c import ensurepip')
    if (!hasVenv) {
      assert.match(calls.shift(), /apt-get -qq update$/)
      assert.match(calls.shift(), /apt-get -qq install -y .*python3-venv$/)
    }
    const [venv, pip, ...more] = calls
    assert.equal(venv, `python3 -m venv --clear ${environment}`)
    assert.match(pip, /^its python -m pip .*install .*requirements\.txt$/)
    assert.deepEqual(more, [])
    await setUp(copy, tools, '--plaid-python')
    assert.deepEqual(tools.calls().length, hasVenv ? 3 : 5)
  })
}

test('with --no-build only the packages are installed', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 0, cargo: 0 })]
  assert.equal((await setUp(copy, tools, '--no-build')).code, 0)
  assert.equal(tools.calls().length, 1)
  assert.match(tools.calls()[0], INSTALL)
})

for (const file of tracked('*package-lock.json')) {
  test(`${file} locks every platform's packages, and names no registry`, () => {
    const { packages } = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'))
    const locked = Object.keys(packages)
    for (const [name, { resolved, dependencies, optionalDependencies }] of Object.entries(
      packages,
    )) {
      assert.doesNotMatch(resolved ?? '', /^http/, name)
      for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
        const found = locked.some((each) => `/${each}`.endsWith(`/node_modules/${needed}`))
        assert.ok(found, `${needed}, which ${name || file} needs`)
      }
    }
    const npmrc = fs.readFileSync(path.join(root, path.dirname(file), '.npmrc'), 'utf8')
    assert.match(npmrc, /^omit-lockfile-registry-resolved=true$/m)
  })
}

const TOOLS = [
  { option: '--nginx', name: 'nginx', debianPackage: 'nginx-light' },
  { option: '--chromium', name: 'chromium', debianPackage: 'chromium' },
  { option: '--wrk', name: 'wrk', debianPackage: 'wrk' },
]

for (const { option, name, debianPackage } of TOOLS) {
  test(`a missing ${name} is installed, and only with ${option}`, async (t) => {
    const tools = toolsWith(t, { npm: 0, 'apt-get': 0, sudo: 0 })
    const copy = checkout(t)
    install(copy)
    build(copy)
    await setUp(copy, tools)
    assert.deepEqual(tools.calls(), [])
    const { code, stdout, stderr } = await setUp(copy, tools, option)
    assert.deepEqual([code, stdout], [0, ''])
    assert.match(stderr, new RegExp(`^Installing ${name}[^\\n]*\\n$`))
    const [version, update, installed, ...more] = tools.calls()
    assert.equal(version, 'apt-get --version')
    assert.match(update, /^(sudo -n )?apt-get -qq update$/)
    assert.match(installed, /^(sudo -n )?apt-get -qq install -y /)
    assert.equal(installed.split(' ').at(-1), debianPackage)
    assert.deepEqual(more, [])
  })

  test(`an installed ${name} is kept, also in a directory that only root has in PATH`, async (t) => {
    const copy = checkout(t)
    install(copy)
    build(copy)
    for (const directory of ['bin', 'sbin']) {
      const tools = toolsWith(t, { npm: 0, 'apt-get': 0 })
      writeLater(tools.PATH, directory, name)
      const PATH = `${tools.PATH}:${path.join(tools.PATH, 'bin')}`
      const { code, stdout, stderr } = await setUp(copy, { PATH }, option)
      assert.deepEqual([code, stdout, stderr], [0, '', ''])
      assert.deepEqual(tools.calls(), [])
    }
  })

  test(`set-up fails with one line where it cannot install ${name}`, async (t) => {
    const copy = checkout(t)
    install(copy)
    build(copy)
    const without = await setUp(copy, toolsWith(t, {}), option)
    assert.equal(without.code, 1)
    assert.match(without.stderr, new RegExp(`^${name} is missing[^\\n]*install it[^\\n]*\\n$`))
    const refused = `#!/bin/sh\n[ "$1" = --version ] || { echo "not root"; exit 100; }\n`
    const tools = toolsWith(t, { sudo: 100 })
    fs.writeFileSync(path.join(tools.PATH, 'apt-get'), refused, { mode: 0o755 })
    const { code, stderr } = await setUp(copy, tools, option)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /\n(not root|sudo spoke)\n[^\n]*apt-get[^\n]* failed; its output is above\.\n$/,
    )
  })
}

test('a step that fails shows its output and its command, and is the last', async (t) => {
  const [copy, tools] = [checkout(t), toolsWith(t, { npm: 7, cargo: 0 })]
  const { code, stderr } = await setUp(copy, tools)
  assert.equal(code, 1)
  assert.match(stderr, /^Installing .*\nnpm spoke\nnpm .* failed; its output is above\.\n$/)
  assert.equal(tools.calls().length, 1)
})
