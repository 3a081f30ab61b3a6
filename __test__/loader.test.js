'use strict'

// Promise: where the binary cannot be loaded, the import fails with a sentence that says why on this
// platform, and how to mend it.

const assert = require('node:assert/strict')
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

/** A project with the package as npm lays it out, and `files` in the platform's package beside it. */
function project(t, files) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-loader-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'package.json'), '{}')
  const installed = path.join(directory, 'node_modules/@utdk/plaid')
  for (const file of ['package.json', 'index.js', 'binding.js', 'lib', 'bin']) {
    fs.cpSync(path.join(ROOT, file), path.join(installed, file), { recursive: true })
  }
  if (files !== undefined) {
    const beside = path.join(directory, 'node_modules', PACKAGE)
    fs.mkdirSync(beside)
    const manifest = { name: PACKAGE, version, main: BINARY }
    fs.writeFileSync(path.join(beside, 'package.json'), JSON.stringify(manifest))
    for (const [file, bytes] of Object.entries(files)) {
      fs.writeFileSync(path.join(beside, file), bytes)
    }
  }
  return { directory, installed }
}

/** What an import of the package throws, with `before` run first in the same process. */
async function thrown({ directory }, { before = '', env } = {}) {
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
  const { stdout, stderr } = await run(main, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: '', ...env } })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

/** Has the process take itself for another platform. */
function posing(properties) {
  return Object.entries(properties)
    .map(([key, value]) => `Object.defineProperty(process, '${key}', { value: ${value} })`)
    .join('\n')
}

test('a platform’s package that is missing is named, with the command that installs it', async (t) => {
  const error = await thrown(project(t))
  assert.equal(error.name, 'PlaidError')
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith(`${PACKAGE}, which holds the binary`), error.message)
  assert.ok(error.message.includes(`\`${INSTALL}\``), error.message)
  assert.ok(error.message.includes('NAPI_RS_NATIVE_LIBRARY_PATH'), error.message)
  assert.ok(error.cause.startsWith('Cannot find module'), error.cause)
})

test('a platform’s package that lost its binary is told from one that is missing', async (t) => {
  const error = await thrown(project(t, {}))
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith(`${PACKAGE} is installed without its binary`), error.message)
})

test('a binary that is no binary is told with what the system says of it', async (t) => {
  const error = await thrown(project(t, { [BINARY]: 'not a binary' }))
  assert.equal(error.code, 'BINARY_UNUSABLE')
  assert.ok(error.message.startsWith(`The binary for ${name} is there and cannot be loaded: `))
  assert.ok(error.message.includes(error.cause), error.message)
  assert.ok(error.message.includes('npm install'), error.message)
})

test('a binary of another release is refused, with the command that brings the right one', async (t) => {
  const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
  assert.deepEqual(await thrown(own), {})

  const manifest = path.join(own.installed, 'package.json')
  const next = { ...JSON.parse(fs.readFileSync(manifest)), version: '99.0.0' }
  fs.writeFileSync(manifest, JSON.stringify(next))
  const error = await thrown(own)
  assert.equal(error.code, 'BINARY_OUTDATED')
  assert.ok(error.message.includes(`of version ${version}, and @utdk/plaid of version 99.0.0`))
  assert.ok(error.message.includes(`npm install --save-optional ${PACKAGE}@99.0.0`))
})

test('a path of one’s own that leads nowhere is named as the reason', async (t) => {
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: path.join(os.tmpdir(), 'no-such.node') }
  const error = await thrown(project(t), { env })
  assert.equal(error.code, 'BINARY_UNUSABLE')
  assert.ok(error.message.startsWith('NAPI_RS_NATIVE_LIBRARY_PATH names a file that cannot be'))
  assert.ok(error.message.includes('there is no such file'), error.message)
})

test('a platform without a binary is told, with those that have one', async (t) => {
  const error = await thrown(project(t), {
    before: posing({ platform: "'freebsd'", arch: "'riscv64'" }),
  })
  assert.equal(error.code, 'PLATFORM_UNSUPPORTED')
  assert.ok(error.message.startsWith('@utdk/plaid has no binary for freebsd-riscv64.'))
  for (const one of ['darwin-arm64', 'linux-x64-musl', 'win32-x64-msvc']) {
    assert.ok(error.message.includes(one), one)
  }
})

test('a Linux without glibc is asked for the package for musl', async (t) => {
  const report = '{ getReport: () => ({ header: {} }) }'
  const before = posing({ platform: "'linux'", arch: "'x64'", report })
  const error = await thrown(project(t), { before })
  assert.equal(error.code, 'BINARY_MISSING')
  assert.ok(error.message.startsWith('@utdk/plaid-linux-x64-musl, '), error.message)
})

test('a glibc that is too old is told, with the oldest that will do', () => {
  const { loadError } = require('../lib/platform.js')
  const said = "/lib/libc.so.6: version `GLIBC_2.17' not found (required by plaid.node)"
  const { code, message } = loadError(new Error('', { cause: new Error(said) }), version)
  assert.equal(code, 'BINARY_UNUSABLE')
  assert.ok(message.includes(said) && message.includes('glibc 2.17 or newer'), message)
})

test('an old Node is told which it must be, whatever else is missing', async (t) => {
  const versions = "{ ...process.versions, node: '20.16.0' }"
  const error = await thrown(project(t), { before: posing({ versions }) })
  assert.equal(error.code, 'NODE_UNSUPPORTED')
  assert.ok(error.message.startsWith('@utdk/plaid needs Node.js 20.17 or newer'), error.message)
})

test('a command says the same sentence, without a stack, and exits with 1', async (t) => {
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
