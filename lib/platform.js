'use strict'

// The platform of this process, and the error if its binary cannot be loaded.

const os = require('node:os')
const path = require('node:path')
const { PlaidError } = require('./errors.js')

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
  const glibc = glibcVersion()
  return { name: `${system}-${arch}-${glibc === undefined ? 'musl' : 'gnu'}`, glibc }
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

function glibcVersion() {
  const { report } = process
  const { excludeNetwork } = report
  // Otherwise the report looks up the host names of open connections.
  report.excludeNetwork = true
  try {
    return report.getReport().header.glibcVersionRuntime
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

/** The error for the user, made from the generated loader's `error`. */
function loadError(error, version) {
  const said = systemError(error)
  const [code, message] = reason(said?.message.split('\n')[0], version)
  return new PlaidError(message, { code, cause: said ?? error.cause ?? error })
}

/** @param said the system's error message for a binary that was found */
function reason(said, version) {
  const { name, glibc } = platform()
  const own = process.env[OWN_BINARY]
  const found = resolved(`@utdk/plaid-${name}/package.json`)
  if (isOldNode()) {
    const oldest = OLDEST_NODE.join('.')
    return [
      'NODE_UNSUPPORTED',
      `@utdk/plaid needs Node.js ${oldest} or newer, and this is ${process.version}: update Node.js.`,
    ]
  }
  if (said?.includes('addons is disabled')) {
    return [
      'BINARY_UNUSABLE',
      'Node.js runs with native addons disabled, and @utdk/plaid is one. With `--permission`, add `--allow-addons`; otherwise remove `--no-addons` from the command line and from NODE_OPTIONS.',
    ]
  }
  if (own) {
    const why = said ?? 'there is no such file'
    return [
      'BINARY_UNUSABLE',
      `${OWN_BINARY} names a file that cannot be loaded: ${why}. Set it to a binary built for ${name}, or unset it to use the binary that npm installs.`,
    ]
  }
  if (!PLATFORMS.includes(name)) {
    return [
      'PLATFORM_UNSUPPORTED',
      `@utdk/plaid has no binary for ${name}. Supported platforms: ${PLATFORMS.join(', ')}. For another one, build the binary from source and set ${OWN_BINARY} to its path.`,
    ]
  }
  if (said !== undefined) return ['BINARY_UNUSABLE', unusable(name, said, glibc)]
  if (found === undefined) return ['BINARY_MISSING', missing(name, version)]
  return [
    'BINARY_MISSING',
    `@utdk/plaid-${name} is installed without its binary: its installation was interrupted, or a file was removed. Remove node_modules and run \`npm install\` again.`,
  ]
}

function missing(name, version) {
  return `@utdk/plaid-${name}, which holds the binary for this platform, is not installed. npm leaves it out if optional dependencies are omitted, or if the lockfile was written on another platform (https://github.com/npm/cli/issues/4828). Run \`npm install --save-optional @utdk/plaid-${name}@${version}\`, or remove node_modules and package-lock.json and run \`npm install\`. To use a binary in another place, set ${OWN_BINARY} to its path.`
}

function unusable(name, said, glibc) {
  const what = `The binary for ${name} was found but cannot be loaded: ${said}.`
  if (/GLIBC_/.test(said)) {
    return `${what} It needs glibc ${OLDEST_GLIBC} or newer, and this system has ${glibc}: use a newer system.`
  }
  return `${what} Remove node_modules and run \`npm install\` on this machine: the file may be incomplete, or copied from another machine. To use a binary in another place, set ${OWN_BINARY} to its path.`
}

/** The error if the binary has another version than the JavaScript. */
function versionError(found, version) {
  const { name } = platform()
  const other = found === undefined ? 'another version' : `version ${found}`
  const fix = process.env[OWN_BINARY]
    ? `Set ${OWN_BINARY} to a binary of version ${version}, or unset it.`
    : `Run \`npm install --save-optional @utdk/plaid-${name}@${version}\`, or remove node_modules and package-lock.json and run \`npm install\`.`
  const message = `The native binary has ${other}, but @utdk/plaid has version ${version}: they must be the same. ${fix}`
  return new PlaidError(message, { code: 'BINARY_OUTDATED' })
}

/** The error of the first file that the loader found but could not load. */
function systemError(error) {
  for (let tried = error.cause; tried; tried = tried.cause) {
    if (!tried.message.startsWith('Cannot find module')) return tried
  }
  return undefined
}

function isOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
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
  PLATFORMS,
  installation,
  loadError,
  platform,
  versionError,
}
