'use strict'

// The platform of this process, and what is installed for it.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/** The platforms with a published binary. */
const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]

/** The oldest glibc for the binaries. */
const OLDEST_GLIBC = '2.17'
/** The oldest supported Node.js: `engines` in package.json. */
const OLDEST_NODE = [20, 17]

const OWN_BINARY = 'NAPI_RS_NATIVE_LIBRARY_PATH'

/** @returns the platform as in the name of its package, and the version of glibc, if any */
function platform() {
  const { arch, platform: system } = process
  if (system === 'win32') return { name: `${system}-${arch}-msvc` }
  if (system !== 'linux') return { name: `${system}-${arch}` }
  const { isMusl, glibc } = libc()
  return { name: `${system}-${arch}-${isMusl ? 'musl' : 'gnu'}`, glibc }
}

/** What is installed, as pairs of name and value. */
function installation() {
  const { name, glibc } = platform()
  const loaded = Object.keys(require.cache).find((file) => file.endsWith('.node') && isOurs(file))
  const home = os.homedir()
  const binary = loaded?.startsWith(home + path.sep) ? `~${loaded.slice(home.length)}` : loaded
  return [
    ['package', `@utdk/plaid ${require('../package.json').version}`],
    ['platform', glibc === undefined ? name : `${name}, glibc ${glibc}`],
    ['Node.js', process.version],
    ['binary', binary ?? 'loaded'],
  ]
}

function isOurs(file) {
  return require.cache[file].exports === require('../binding.js')
}

function libc() {
  const restore = reportSettings()
  try {
    // Otherwise the report looks up the host names of open connections.
    process.report.excludeNetwork = true
    const glibc = process.report.getReport().header.glibcVersionRuntime
    return { isMusl: glibc === undefined, glibc }
  } catch {
    // Some runtimes have no report, or forbid it.
    const loader = { arm64: 'aarch64', x64: 'x86_64' }[process.arch]
    return { isMusl: fs.existsSync(`/lib/ld-musl-${loader}.so.1`) }
  } finally {
    restore()
  }
}

/** Keeps the settings of `process.report`, which may be forbidden. @returns what restores them */
function reportSettings() {
  try {
    const { report } = process
    const { excludeNetwork } = report
    return () => {
      report.excludeNetwork = excludeNetwork
    }
  } catch {
    return () => {}
  }
}

function resolved(specifier) {
  try {
    return require.resolve(specifier)
  } catch {
    return undefined
  }
}

module.exports = {
  OLDEST_GLIBC,
  OLDEST_NODE,
  OWN_BINARY,
  PLATFORMS,
  installation,
  platform,
  reportSettings,
  resolved,
}
