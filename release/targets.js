'use strict'

// The platforms that have a binary.

const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const manifest = require('../package.json')

/** The oldest glibc that the binaries run with: Rust's own minimum (CentOS 7). */
const GLIBC = '2.17'

const targets = manifest.napi.targets.map((triple) => {
  const arch = triple.startsWith('aarch64-') ? 'arm64' : 'x64'
  if (triple.endsWith('-apple-darwin')) return target(triple, ['darwin', arch])
  if (triple.endsWith('-pc-windows-msvc')) return target(triple, ['win32', arch, 'msvc'])
  return target(triple, ['linux', arch, triple.endsWith('-musl') ? 'musl' : 'gnu'])
})

/** A target, with its names in Rust and in npm. */
function target(triple, [os, arch, abi]) {
  const platform = [os, arch, abi].filter(Boolean).join('-')
  const binary = `${manifest.napi.binaryName}.${platform}.node`
  const packageName = `${manifest.napi.packageName}-${platform}`
  return { triple, os, arch, abi, platform, binary, packageName }
}

module.exports = { GLIBC, ROOT, manifest, targets }
