'use strict'

// The error if the binary cannot be loaded: why, and what to do.

const fs = require('node:fs')
const path = require('node:path')
const { PlaidError } = require('./errors.js')
const {
  OLDEST_GLIBC,
  OLDEST_NODE,
  OWN_BINARY,
  PLATFORMS,
  platform,
  resolved,
} = require('./platform.js')

/** A bundle of ES modules has no `__dirname`. */
const HERE = typeof __dirname === 'undefined' ? path.sep : __dirname

/** The error for the user, made from the generated loader's `error`. */
function loadError(error, version) {
  const { name, glibc } = platform()
  const found = foundBinary(name)
  const cause = found && failureOf(found)
  const [code, message] = reason({ name, glibc, found, version, said: firstLine(cause) })
  return new PlaidError(message, { code, cause: cause ?? error.cause ?? error })
}

/** What the generated loader finds first: a file, or the package of the platform. */
function foundBinary(name) {
  const own = process.env[OWN_BINARY]
  if (own) return own
  const local = path.join(HERE, `../plaid.${name}.node`)
  if (fs.existsSync(local)) return local
  return resolved(`@utdk/plaid-${name}/package.json`) && `@utdk/plaid-${name}`
}

/** Why it cannot be loaded; nothing for a package without its binary. */
function failureOf(found) {
  try {
    require(found)
    return undefined
  } catch (error) {
    return isMissing(error) ? undefined : error
  }
}

function isMissing({ code, message }) {
  return code === 'MODULE_NOT_FOUND' || message.startsWith('Cannot find module')
}

function firstLine(error) {
  return error?.message.split('\n')[0]
}

/** @param said the system's message for a binary that was found */
function reason({ name, glibc, found, version, said }) {
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
  if (said !== undefined && /\bffi\b/i.test(said)) {
    return [
      'BINARY_UNUSABLE',
      'Deno runs without the permission to load native code, and @utdk/plaid has a native binary: add `--allow-ffi`. It also needs `--allow-read` and `--allow-env`.',
    ]
  }
  if (found !== undefined && found === process.env[OWN_BINARY]) {
    const why = said ?? 'there is no such file'
    return [
      'BINARY_UNUSABLE',
      `${OWN_BINARY} names a file that cannot be loaded: ${why}. Set it to a binary built for ${name}, or unset it to use the binary that npm installs.`,
    ]
  }
  if (said !== undefined) return ['BINARY_UNUSABLE', unusable(name, said, glibc)]
  if (!PLATFORMS.includes(name)) {
    return [
      'PLATFORM_UNSUPPORTED',
      `@utdk/plaid has no binary for ${name}. Supported platforms: ${PLATFORMS.join(', ')}. For another one, build the binary from source and set ${OWN_BINARY} to its path.`,
    ]
  }
  if (isBundled()) return ['BINARY_MISSING', bundled()]
  if (found === undefined) return ['BINARY_MISSING', missing(name, version)]
  return [
    'BINARY_MISSING',
    `@utdk/plaid-${name} is installed without its binary: its installation was interrupted, or a file was removed. Remove node_modules and run \`npm install\` again.`,
  ]
}

/** Whether a bundler put this file into another one. */
function isBundled() {
  return isSingleExecutable() || !fs.existsSync(path.join(HERE, 'load-error.js'))
}

function isSingleExecutable() {
  try {
    return require('node:sea').isSea()
  } catch {
    return false
  }
}

function bundled() {
  const external = 'mark @utdk/plaid as external'
  if (isSingleExecutable()) {
    return `This is a single executable, and a native binary cannot be loaded from inside it. In the bundler, ${external}, put node_modules/@utdk next to the executable, and load the package with \`createRequire(process.execPath)('@utdk/plaid')\` of node:module.`
  }
  return `@utdk/plaid was put into a bundle, and its native binary does not fit into one. In your bundler, ${external}, and install it where the bundle runs.`
}

function missing(name, version) {
  const what = `@utdk/plaid-${name}, which holds the binary for this platform, is not installed`
  const elsewhere = `To use a binary in another place, set ${OWN_BINARY} to its path.`
  const others = otherPlatforms(name)
  if (others.length > 0) {
    return `${what}: node_modules is for ${others.join(' and ')}, and this is ${name}. It was copied from another system, or installed for one. Run \`npm ci\` on this system, and in a Dockerfile do not copy node_modules into the image. ${elsewhere}`
  }
  if (isLocked(name)) {
    return `${what}, although package-lock.json lists it: optional dependencies were omitted, by \`--omit=optional\`, \`--no-optional\` or \`omit\` in .npmrc. Install without that: the next \`npm ci --omit=optional\` also removes a package that was installed by hand. ${elsewhere}`
  }
  return `${what}. npm leaves it out if optional dependencies are omitted, or if the lockfile was written on another platform (https://github.com/npm/cli/issues/4828). Run \`npm install --save-optional @utdk/plaid-${name}@${version}\`, or remove node_modules and package-lock.json and run \`npm install\`. ${elsewhere}`
}

/** The platforms whose packages are installed next to this one. */
function otherPlatforms(name) {
  try {
    const installed = fs.readdirSync(path.join(HERE, '../..'))
    return PLATFORMS.filter((it) => it !== name && installed.includes(`plaid-${it}`))
  } catch {
    return []
  }
}

/** Whether the lockfile of the project has the package: then npm knew of it and left it out. */
function isLocked(name) {
  try {
    const lockfile = path.join(HERE, '../../../../package-lock.json')
    return fs.readFileSync(lockfile, 'utf8').includes(`"node_modules/@utdk/plaid-${name}"`)
  } catch {
    return false
  }
}

function unusable(name, said, glibc) {
  const what = `The binary for ${name} was found but cannot be loaded: ${said}.`
  if (/GLIBC_/.test(said)) {
    return `${what} It needs glibc ${OLDEST_GLIBC} or newer, and this system has ${glibc ?? 'an older one'}: use a newer system.`
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

function isOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
}

module.exports = { loadError, versionError }
