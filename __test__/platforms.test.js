'use strict'

// Promise: every supported platform has a package for its binary. npm installs it only there, and the
// packages differ only in their platform.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { OLDEST_NODE, PLATFORMS: KNOWN } = require('../lib/platform.js')
const manifest = require('../package.json')

const root = path.join(__dirname, '..')

/** By target: the package's suffix, and the fields that say where npm installs it. */
const PLATFORMS = {
  'aarch64-apple-darwin': ['darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  'aarch64-pc-windows-msvc': ['win32-arm64-msvc', { os: ['win32'], cpu: ['arm64'] }],
  'aarch64-unknown-linux-gnu': [
    'linux-arm64-gnu',
    { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  ],
  'aarch64-unknown-linux-musl': [
    'linux-arm64-musl',
    { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  ],
  'x86_64-apple-darwin': ['darwin-x64', { os: ['darwin'], cpu: ['x64'] }],
  'x86_64-pc-windows-msvc': ['win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
  'x86_64-unknown-linux-gnu': ['linux-x64-gnu', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
  'x86_64-unknown-linux-musl': ['linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
}
const names = Object.values(PLATFORMS).map(([name]) => name)

const read = (...at) => fs.readFileSync(path.join(root, ...at), 'utf8')

test('the binary is built for these platforms and no others', () => {
  assert.deepEqual(manifest.napi.targets.toSorted(), Object.keys(PLATFORMS).toSorted())
})

test('the error on a platform without a binary names every platform that has one', () => {
  assert.deepEqual(KNOWN, names.toSorted())
})

test('every platform has a package, and there are no others', () => {
  const tracked = execFileSync('git', ['ls-files', 'npm'], { cwd: root, encoding: 'utf8' })
  const expected = names.flatMap((name) => [`npm/${name}/README.md`, `npm/${name}/package.json`])
  assert.deepEqual(tracked.trim().split('\n'), expected.sort())
})

for (const [name, where] of Object.values(PLATFORMS)) {
  test(`the package for ${name} is installed only there, and has this version`, () => {
    const { description, ...rest } = JSON.parse(read('npm', name, 'package.json'))
    const binary = `${manifest.napi.binaryName}.${name}.node`
    assert.deepEqual(rest, {
      name: `${manifest.napi.packageName}-${name}`,
      version: manifest.version,
      license: manifest.license,
      author: manifest.author,
      main: binary,
      files: [binary, 'THIRD-PARTY-LICENSES.md'],
      ...where,
      engines: manifest.engines,
    })
    assert.match(description, /^The native binary of @utdk\/plaid for \S.+\.$/)
    assert.ok(read('npm', name, 'README.md').includes(description.slice(0, -1).split(' for ')[1]))
  })

  test(`the loader requires the package for ${name}`, () => {
    const binding = read('binding.js')
    assert.ok(binding.includes(`require('./${manifest.napi.binaryName}.${name}.node')`))
    assert.ok(binding.includes(`require('${manifest.napi.packageName}-${name}')`))
  })
}

test('the documentation names every platform', () => {
  const page = read('docs/troubleshooting.md')
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name)
})

test('Cargo.toml and README.md have the same version, licence and oldest Node', () => {
  const cargo = read('Cargo.toml')
  assert.ok(cargo.includes(`\nversion = "${manifest.version}"\n`))
  assert.ok(cargo.includes(`\nlicense = "${manifest.license}"\n`))
  const oldest = manifest.engines.node.match(/^>=([\d.]+)$/)[1]
  assert.ok(read('README.md').includes(`Node.js ${oldest} or newer`))
  assert.equal(OLDEST_NODE.join('.'), oldest)
})
