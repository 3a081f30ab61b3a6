'use strict'

// node release/binary.js <file.node>: whether a binary can be published. Binaries for Linux are read
// with readelf of binutils.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { GLIBC, ROOT, targets } = require('./targets')

const MAX_BYTES = 6_500_000

/** Directories of the build machine. No published binary names one. */
const BUILD_PATHS = [os.homedir(), process.env.CARGO_HOME, ROOT, os.tmpdir()].filter(Boolean)

/**
 * @param oldest the oldest glibc that must run it
 * @returns a sentence for each fault of a binary; none if it can be published
 */
function faults(file, { abi, os: system }, oldest = GLIBC) {
  const bytes = fs.readFileSync(file)
  const found = []
  if (bytes.length > MAX_BYTES) found.push(`it has ${bytes.length} bytes, more than ${MAX_BYTES}`)
  for (const directory of new Set(BUILD_PATHS)) {
    if (bytes.includes(directory + path.sep)) found.push(`it contains the path ${directory}`)
  }
  if (!bytes.includes('napi_register_module_v1')) found.push('it is not a Node addon')
  return system === 'linux' ? [...found, ...faultsOfElf(file, abi, oldest)] : found
}

function faultsOfElf(file, abi, oldest) {
  const found = []
  const sections = readelf(file, '--sections').match(/\.(debug_\w+|symtab)\b/g)
  if (sections) found.push(`it has ${[...new Set(sections)].join(', ')}: it is not stripped`)
  const floor = glibcFloor(file)
  if (abi === 'musl' && floor) found.push(`it is for musl, but needs glibc ${floor}`)
  if (abi === 'gnu' && !floor) found.push('it is for glibc, but does not need it')
  if (abi === 'gnu' && floor && newer(floor, oldest) > 0) {
    found.push(`it needs glibc ${floor}, newer than ${oldest}`)
  }
  return found
}

/** The newest glibc version of the symbols it imports; undefined if it imports none. */
function glibcFloor(file) {
  const versions = readelf(file, '--version-info').matchAll(/\bGLIBC_([\d.]+)/g)
  return [...versions]
    .map(([, version]) => version)
    .sort(newer)
    .at(-1)
}

function newer(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = left.findIndex((part, i) => part !== (right[i] ?? 0))
  return at < 0 ? left.length - right.length : left[at] - (right[at] ?? 0)
}

function readelf(file, what) {
  const env = { ...process.env, LC_ALL: 'C' }
  const options = { encoding: 'utf8', env, maxBuffer: 1 << 26 }
  return execFileSync('readelf', ['--wide', what, file], options)
}

module.exports = { faults, glibcFloor, newer }

if (require.main === module) {
  const [file] = process.argv.slice(2)
  const target = targets.find((each) => each.binary === path.basename(file ?? ''))
  const found = target ? faults(file, target) : ['its name is not the name of a platform’s binary']
  for (const fault of found) console.error(`${file}: ${fault}`)
  process.exitCode = found.length > 0 ? 1 : 0
}
