'use strict'

// node release/build.js <target> <directory>: builds one platform's binary for publishing, with the
// loader and its types.
//
// zig links the binaries for Linux, because it can link for an older glibc than the machine has;
// zig.js makes them compress better. The other binaries are built on their own systems.

const { spawnSync } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')
const { GLIBC, ROOT, targets } = require('./targets')
const { installTools } = require('./toolchain')

const NAPI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/**
 * @param root the checkout to build
 * @param env added to the environment of this process
 */
function build(target, directory, { root = ROOT, env = {} } = {}) {
  const { triple, os: system, abi } = target
  const linux = system === 'linux'
  const versioned = abi === 'gnu' ? `${triple}.${GLIBC}` : triple
  const parameters = ['build', '--platform', '--release', '--js', 'binding.js']
  parameters.push('--dts', 'binding.d.ts', '--output-dir', directory)
  parameters.push('--target', linux ? versioned : triple, ...(linux ? ['--cross-compile'] : []))
  const { status, stdout, stderr } = spawnSync(process.execPath, [NAPI, ...parameters], {
    cwd: root,
    env: {
      ...process.env,
      ...env,
      CARGO_TERM_QUIET: 'true',
      CARGO_ZIGBUILD_ZIG_COMMAND: path.join(__dirname, 'zig.js'),
      RUSTFLAGS: flags(root, target),
    },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`${triple} was not built:\n${stdout}${stderr}`)
}

/** Keeps paths of the build machine out of the binary, and links Windows' C runtime statically. */
function flags(root, { os: system, abi, binary }) {
  const cargo = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo')
  const sources = path.join(cargo, 'registry', 'src')
  const all = [`--remap-path-prefix=${sources}=/cargo`, `--remap-path-prefix=${root}=/plaid`]
  const crt = { msvc: '+crt-static', musl: '-crt-static' }[abi]
  if (crt) all.push('-C', `target-feature=${crt}`)
  // A library on macOS contains its own path; by default the one of the build.
  if (system === 'darwin') all.push('-C', `link-arg=-Wl,-install_name,@rpath/${binary}`)
  return all.join(' ')
}

module.exports = { build }

if (require.main === module) {
  const [triple, directory] = process.argv.slice(2)
  const target = targets.find((each) => each.triple === triple)
  if (!target || !directory) {
    console.error(`node release/build.js <target> <directory>, with a target of:`)
    for (const each of targets) console.error(`  ${each.triple}`)
    process.exit(2)
  }
  const env = target.os === 'linux' ? installTools() : {}
  build(target, path.resolve(directory), { env })
}
