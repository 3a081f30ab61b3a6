'use strict'

// Promise: if the binary cannot be loaded, the import fails with an error that says why, and what to
// do.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { platform } = require('../lib/platform.js')
const { version } = require('../package.json')
const { run } = require('./support/child.js')

const ROOT = path.join(__dirname, '..')
const { name } = platform()
const BINARY = `plaid.${name}.node`
const PACKAGE = `@utdk/plaid-${name}`
const INSTALL = `npm install --save-optional ${PACKAGE}@${version}`

/** A project with the package as npm installs it, and `files` in the package of the platform. */
function project(t, files) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-loader-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'package.json'), '{}')
  const installed = path.join(directory, 'node_modules/@utdk/plaid')
  for (const file of ['package.json', 'index.js', 'binding.js', 'lib', 'bin']) {
    fs.cpSync(path.join(ROOT, file), path.join(installed, file), { recursive: true })
  }
  if (files !== undefined) {
    const binary = path.join(directory, 'node_modules', PACKAGE)
    fs.mkdirSync(binary)
    const manifest = { name: PACKAGE, version, main: BINARY }
    fs.writeFileSync(path.join(binary, 'package.json'), JSON.stringify(manifest))
    for (const [file, bytes] of Object.entries(files)) {
      fs.writeFileSync(path.join(binary, file), bytes)
    }
  }
  return { directory, installed }
}

/** The error that an import of the package throws, after `before` ran in the same process. */
async function thrown({ directory }, { before = '', env, flags = [] } = {}) {
  const main = path.join(directory, 'main.cjs')
  fs.writeFileSync(
    main,
    `${before}
    try {
      require('@utdk/plaid')
      console.log('{}')
    } catch ({ name, code, message, cause }) {
      console.log(JSON.stringify({ name, code, message, cause: cause?.message }))
    }`,
  )
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', ...flags, main], {
    encoding: 'utf8',
    env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: '', ...env },
  })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

/** Makes the process look like another platform. */
function disguise(properties) {
  return Object.entries(properties)
    .map(([key, value]) => `Object.defineProperty(process, '${key}', { value: ${value} })`)
    .join('\n')
}

test('a missing platform package is named, with the command that installs it', async (t) => {
  const error = await thrown(project(t))
  assert.equal(error.name, 'PlaidError')
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith(`${PACKAGE}, which holds the binary`), error.message)
  assert.ok(error.message.includes(`\`${INSTALL}\``), error.message)
  assert.ok(error.message.includes('NAPI_RS_NATIVE_LIBRARY_PATH'), error.message)
  assert.ok(error.cause.startsWith('Cannot find module'), error.cause)
})

test('a platform package without its binary has an error of its own', async (t) => {
  const error = await thrown(project(t, {}))
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith(`${PACKAGE} is installed without its binary`), error.message)
})

test('a binary that cannot be loaded is an error with the system’s reason', async (t) => {
  const error = await thrown(project(t, { [BINARY]: 'not a binary' }))
  assert.equal(error.code, 'BINARY_UNUSABLE')
  assert.ok(error.message.startsWith(`The binary for ${name} was found but cannot be loaded: `))
  assert.ok(error.message.includes(error.cause), error.message)
  assert.ok(error.message.includes('npm install'), error.message)
})

test('a binary of another version is refused, with the command that installs the right one', async (t) => {
  const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
  assert.deepEqual(await thrown(own), {})

  const manifest = path.join(own.installed, 'package.json')
  const next = { ...JSON.parse(fs.readFileSync(manifest)), version: '99.0.0' }
  fs.writeFileSync(manifest, JSON.stringify(next))
  const error = await thrown(own)
  assert.equal(error.code, 'BINARY_OUTDATED')
  assert.ok(error.message.includes(`has version ${version}, but @utdk/plaid has version 99.0.0`))
  assert.ok(error.message.includes(`npm install --save-optional ${PACKAGE}@99.0.0`))
})

test('a NAPI_RS_NATIVE_LIBRARY_PATH without a file is named as the reason', async (t) => {
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: path.join(os.tmpdir(), 'no-such.node') }
  const error = await thrown(project(t), { env })
  assert.equal(error.code, 'BINARY_UNUSABLE')
  assert.ok(error.message.startsWith('NAPI_RS_NATIVE_LIBRARY_PATH names a file that cannot be'))
  assert.ok(error.message.includes('there is no such file'), error.message)
})

for (const flags of ['--no-addons', '--experimental-permission --allow-fs-read=*']) {
  test(`${flags} is an error that names --allow-addons`, async (t) => {
    const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
    const error = await thrown(own, { flags: flags.split(' ') })
    assert.equal(error.code, 'BINARY_UNUSABLE')
    assert.match(error.message, /^Node.js runs with native addons disabled/)
    assert.match(error.message, /`--allow-addons`/)
  })
}

test('looking for musl leaves process.report.excludeNetwork alone', async (t) => {
  const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
  // Without ldd, the generated loader looks into a report.
  const before = `const fs = require('node:fs')
    const { readFileSync } = fs
    fs.readFileSync = (file, ...rest) => {
      if (file === '/usr/bin/ldd') throw new Error('there is no ldd')
      return readFileSync(file, ...rest)
    }
    process.on('exit', () => {
      if (process.report.excludeNetwork) console.error('it was changed')
    })`
  assert.deepEqual(await thrown(own, { before }), {})
})

test('an unsupported platform is an error that lists the supported ones', async (t) => {
  const error = await thrown(project(t), {
    before: disguise({ platform: "'freebsd'", arch: "'riscv64'" }),
  })
  assert.equal(error.code, 'PLATFORM_UNSUPPORTED')
  assert.ok(error.message.startsWith('@utdk/plaid has no binary for freebsd-riscv64.'))
  for (const one of ['darwin-arm64', 'linux-x64-musl', 'win32-x64-msvc']) {
    assert.ok(error.message.includes(one), one)
  }
})

test('a Linux without glibc needs the package for musl', async (t) => {
  const report = '{ getReport: () => ({ header: {} }) }'
  const before = disguise({ platform: "'linux'", arch: "'x64'", report })
  const error = await thrown(project(t), { before })
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith('@utdk/plaid-linux-x64-musl, '), error.message)
})

test('a glibc that is too old is an error with the oldest supported version', () => {
  const { loadError } = require('../lib/platform.js')
  const said = "/lib/libc.so.6: version `GLIBC_2.17' not found (required by plaid.node)"
  const { code, message } = loadError(new Error('', { cause: new Error(said) }), version)
  assert.equal(code, 'BINARY_UNUSABLE')
  assert.ok(message.includes(said) && message.includes('glibc 2.17 or newer'), message)
})

test('an old Node.js is an error with the oldest supported version', async (t) => {
  const versions = "{ ...process.versions, node: '20.16.0' }"
  const error = await thrown(project(t), { before: disguise({ versions }) })
  assert.equal(error.code, 'NODE_UNSUPPORTED')
  assert.ok(error.message.startsWith('@utdk/plaid needs Node.js 20.17 or newer'), error.message)
})

test('a command prints the same error without a stack, and exits with 1', async (t) => {
  const { installed } = project(t)
  const { code, stdout, stderr } = await run(path.join(installed, 'bin/utdk-plaid.js'), {
    args: ['--version'],
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: '' },
  })
  assert.equal(code, 1)
  assert.equal(stdout, '')
  const [sentence, where, ...rest] = stderr.split('\n')
  assert.ok(sentence.startsWith(`error: ${PACKAGE}, which holds the binary`), stderr)
  assert.equal(where, `This is Node.js ${process.version} on ${name}.`)
  assert.deepEqual(rest, [''])
})
