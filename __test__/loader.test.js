'use strict'

// Promise: if the binary cannot be loaded, the import fails with an error that says why, and what to
// do.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { leastSize } = require('../lib/binary-file.js')
const { platform } = require('../lib/platform.js')
const { version } = require('../package.json')
const { run } = require('./support/child.js')

const ROOT = path.join(__dirname, '..')
const { name } = platform()
const BINARY = `plaid.${name}.node`
const PACKAGE = `@utdk/plaid-${name}`
const INSTALL = `npm install --save-optional ${PACKAGE}@${version}`

/**
 * A project with the package as npm installs it, and `files` in the package of the platform, whose
 * entry is `main`.
 */
function project(t, files, main = BINARY) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-loader-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'package.json'), '{}')
  const installed = path.join(directory, 'node_modules/@utdk/plaid')
  for (const file of ['package.json', 'index.js', 'edge.js', 'binding.js', 'lib', 'bin']) {
    fs.cpSync(path.join(ROOT, file), path.join(installed, file), { recursive: true })
  }
  if (files !== undefined) {
    const binary = path.join(directory, 'node_modules', PACKAGE)
    fs.mkdirSync(binary)
    const manifest = { name: PACKAGE, version, main }
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

/** The option has another name in Node 20. */
const PERMISSION = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
)

for (const flags of ['--no-addons', `${PERMISSION} --allow-fs-read=*`]) {
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

for (const condition of ['edge-light', 'workerd']) {
  test(`in an edge runtime, ${condition}, the package says where it works`, async (t) => {
    const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
    const { message } = await thrown(own, { flags: ['--conditions', condition] })
    assert.match(message, /^@utdk\/plaid has a native binary, and an edge runtime cannot load one/)
  })
}

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

/** A project in which loading the binary fails with this message. */
function failing(t, said) {
  return project(t, { 'main.js': `throw new Error(${JSON.stringify(said)})` }, 'main.js')
}

test('a glibc that is too old is an error with the oldest supported version', async (t) => {
  const said = "/lib/libc.so.6: version `GLIBC_2.17' not found (required by plaid.node)"
  const { code, message, cause } = await thrown(failing(t, said))
  assert.equal(code, 'BINARY_UNUSABLE')
  assert.ok(message.includes(said) && message.includes('glibc 2.17 or newer'), message)
  assert.equal(cause, said)
})

test('a refusal of Deno names the permissions that are needed', async (t) => {
  const said = 'Requires ffi access to "/app/plaid.node", run again with the --allow-ffi flag'
  const { code, message, cause } = await thrown(failing(t, said))
  assert.equal(code, 'BINARY_UNUSABLE')
  assert.match(message, /^Deno runs without the permission to load native code.*`--allow-ffi`/)
  assert.equal(cause, said)
})

test('a package of another loader is no reason', async (t) => {
  const own = project(t)
  const wasi = path.join(own.directory, 'node_modules/@utdk/plaid-wasm32-wasi')
  fs.mkdirSync(wasi)
  fs.writeFileSync(path.join(wasi, 'index.js'), "throw new Error('this is the wrong package')")
  const { code, message } = await thrown(own)
  assert.equal(code, 'BINARY_MISSING')
  assert.ok(message.startsWith(`${PACKAGE}, which holds the binary`), message)
})

test('a binary that was cut short is an error before it is loaded', async (t) => {
  const whole = fs.readFileSync(path.join(ROOT, BINARY))
  for (const size of [whole.length - 1, whole.length >> 1, 4096]) {
    const error = await thrown(project(t, { [BINARY]: whole.subarray(0, size) }))
    assert.equal(error.code, 'BINARY_UNUSABLE')
    assert.match(error.message, /^The binary \S+ was cut short: it has \d+ bytes/)
    assert.ok(error.message.includes(`it has ${size} bytes`), error.message)
  }
})

test('the headers of every system’s binaries say how long they are', () => {
  assert.equal(leastSize(machO()), 4096 + 512)
  assert.equal(leastSize(portableExecutable()), 1024 + 2048)
  assert.equal(leastSize(Buffer.from('not a binary')), 0)
  assert.equal(leastSize(Buffer.alloc(4096)), 0)
})

/** A binary for macOS with one segment: 512 bytes at 4096. */
function machO() {
  const head = Buffer.alloc(4096)
  head.writeUInt32LE(0xfeedfacf, 0)
  head.writeUInt32LE(2, 16)
  const other = 32
  head.writeUInt32LE(0x1b, other)
  head.writeUInt32LE(24, other + 4)
  const segment = other + 24
  head.writeUInt32LE(0x19, segment)
  head.writeUInt32LE(72, segment + 4)
  head.writeBigUInt64LE(4096n, segment + 40)
  head.writeBigUInt64LE(512n, segment + 48)
  return head
}

/** A binary for Windows with two sections: 512 bytes at 512, and 2048 at 1024. */
function portableExecutable() {
  const head = Buffer.alloc(4096)
  head.write('MZ')
  head.writeUInt32LE(128, 0x3c)
  head.writeUInt16LE(2, 128 + 6)
  head.writeUInt16LE(240, 128 + 20)
  for (const [i, [size, at]] of [
    [512, 512],
    [2048, 1024],
  ].entries()) {
    const section = 128 + 24 + 240 + i * 40
    head.writeUInt32LE(size, section + 16)
    head.writeUInt32LE(at, section + 20)
  }
  return head
}

test('a process.report that is forbidden does not matter', async (t) => {
  const before = "Object.defineProperty(process, 'report', { get() { throw new Error('no') } })"
  const own = project(t, { [BINARY]: fs.readFileSync(path.join(ROOT, BINARY)) })
  assert.deepEqual(await thrown(own, { before }), {})
  const error = await thrown(project(t), { before })
  assert.ok(error.message.startsWith(`${PACKAGE}, which holds the binary`), error.message)
})

test('optional dependencies that were omitted are named as the reason', async (t) => {
  const own = project(t)
  const packages = { [`node_modules/${PACKAGE}`]: { version, optional: true } }
  const lockfile = path.join(own.directory, 'package-lock.json')
  fs.writeFileSync(lockfile, JSON.stringify({ lockfileVersion: 3, packages }))
  const { code, message } = await thrown(own)
  assert.equal(code, 'BINARY_MISSING')
  assert.match(message, /although package-lock\.json lists it: optional dependencies were omitted/)
  assert.ok(!message.includes(INSTALL), message)
})

test('a node_modules of another system is named as the reason', async (t) => {
  const own = project(t)
  fs.mkdirSync(path.join(own.directory, 'node_modules/@utdk/plaid-darwin-arm64'))
  const { code, message } = await thrown(own)
  assert.equal(code, 'BINARY_MISSING')
  assert.ok(message.includes(`node_modules is for darwin-arm64, and this is ${name}`), message)
})

test('a single executable is an error with what to do', async (t) => {
  const before = "require('node:sea').isSea = () => true"
  const { code, message } = await thrown(project(t), { before })
  assert.equal(code, 'BINARY_MISSING')
  assert.match(message, /^This is a single executable.*createRequire\(process\.execPath\)/)
})

test('a bundle of the package is an error that says to mark it as external', async (t) => {
  const own = project(t)
  const entry = path.join(own.directory, 'entry.cjs')
  fs.writeFileSync(entry, "module.exports = require('@utdk/plaid')")
  const { build } = await import('vite')
  await build({
    root: own.directory,
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: path.join(own.directory, 'node_modules/@utdk/plaid'),
      emptyOutDir: true,
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'index.js' } },
    },
  })
  const { code, message } = await thrown(own)
  assert.equal(code, 'BINARY_MISSING')
  assert.match(message, /^@utdk\/plaid was put into a bundle.*mark @utdk\/plaid as external/)
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
