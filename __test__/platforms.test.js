'use strict'

// Promise: every supported platform has a package for its binary, which npm installs there and
// nowhere else, and which differs from the others in its platform alone.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { OLDEST_NODE, PLATFORMS: KNOWN } = require('../lib/platform.js')
const manifest = require('../package.json')

const root = path.join(__dirname, '..')

/** What each package says of where it can be installed, by the target that its binary is built for. */
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

test('the binary is built for every platform, and for no other', () => {
  assert.deepEqual(manifest.napi.targets.toSorted(), Object.keys(PLATFORMS).toSorted())
})

test('the sentence for a platform without a binary names every platform that has one', () => {
  assert.deepEqual(KNOWN, names.toSorted())
})

test('every platform has a package, and no other has one', () => {
  const tracked = execFileSync('git', ['ls-files', 'npm'], { cwd: root, encoding: 'utf8' })
  const expected = names.flatMap((name) => [`npm/${name}/README.md`, `npm/${name}/package.json`])
  assert.deepEqual(tracked.trim().split('\n'), expected.sort())
})

for (const [name, where] of Object.values(PLATFORMS)) {
  test(`the package for ${name} is installed there alone, and is of this release`, () => {
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
      ...(manifest.repository && { repository: manifest.repository }),
    })
    assert.match(description, /^The native binary of @utdk\/plaid for \S.+\.$/)
    assert.ok(read('npm', name, 'README.md').includes(description.slice(0, -1).split(' for ')[1]))
  })

  test(`the loader asks for the package for ${name}`, () => {
    const binding = read('binding.js')
    assert.ok(binding.includes(`require('./${manifest.napi.binaryName}.${name}.node')`))
    assert.ok(binding.includes(`require('${manifest.napi.packageName}-${name}')`))
  })
}

test('the documentation names every platform', () => {
  const page = read('docs/troubleshooting.md')
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name)
})

test('Rust says the same version, licence and oldest Node', () => {
  const cargo = read('Cargo.toml')
  assert.ok(cargo.includes(`\nversion = "${manifest.version}"\n`))
  assert.ok(cargo.includes(`\nlicense = "${manifest.license}"\n`))
  const oldest = manifest.engines.node.match(/^>=([\d.]+)$/)[1]
  assert.ok(read('README.md').includes(`Node.js ${oldest} or newer`))
  assert.equal(OLDEST_NODE.join('.'), oldest)
})
