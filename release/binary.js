'use strict'

// node release/binary.js <file.node>: whether a binary can be published. Linux's are read by
// binutils' readelf.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { GLIBC, ROOT, targets } = require('./targets')

const MAX_BYTES = 5_000_000

/** Where sources and tools lie on the machine that builds; none of it is anybody's business. */
const BUILD_PATHS = [os.homedir(), process.env.CARGO_HOME, ROOT, os.tmpdir()].filter(Boolean)

/**
 * @param oldest the version of glibc that it has to run with
 * @returns what is wrong with a binary, in sentences; nothing if it can be published
 */
function faults(file, { abi, os: system }, oldest = GLIBC) {
  const bytes = fs.readFileSync(file)
  const found = []
  if (bytes.length > MAX_BYTES) found.push(`it has ${bytes.length} bytes, more than ${MAX_BYTES}`)
  for (const directory of new Set(BUILD_PATHS)) {
    if (bytes.includes(directory + path.sep)) found.push(`it tells of ${directory}`)
  }
  if (!bytes.includes('napi_register_module_v1')) found.push('it is no addon for Node')
  return system === 'linux' ? [...found, ...faultsOfElf(file, abi, oldest)] : found
}

function faultsOfElf(file, abi, oldest) {
  const found = []
  const sections = readelf(file, '--sections').match(/\.(debug_\w+|symtab)\b/g)
  if (sections) found.push(`it has ${[...new Set(sections)].join(', ')}: it was not stripped`)
  const floor = glibcFloor(file)
  if (abi === 'musl' && floor) found.push(`it is for musl, and needs glibc ${floor}`)
  if (abi === 'gnu' && !floor) found.push('it is for glibc, and does not need it')
  if (abi === 'gnu' && floor && newer(floor, oldest) > 0) {
    found.push(`it needs glibc ${floor}, newer than ${oldest}`)
  }
  return found
}

/** The newest version of glibc that it needs a symbol of; none where it needs none. */
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
  const found = target ? faults(file, target) : ['it has not the name of a platform’s binary']
  for (const fault of found) console.error(`${file}: ${fault}`)
  process.exitCode = found.length > 0 ? 1 : 0
}
