'use strict'

// node release/build.js <target> <directory>: builds one platform's binary as it is published, with
// the loader and its types beside it.
//
// Binaries for Linux are linked by zig, which knows every glibc: whatever system builds them, they
// run on old ones; zig.js has them packed smaller. The others are built where they run.

const { spawnSync } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')
const { GLIBC, ROOT, targets } = require('./targets')
const { installTools } = require('./toolchain')

const NAPI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/**
 * @param root the checkout to build
 * @param env what the build finds beside this process's environment
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

/** No path of the machine that builds it is in a binary, and on Windows it needs no other DLL. */
function flags(root, { os: system, abi, binary }) {
  const cargo = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo')
  const sources = path.join(cargo, 'registry', 'src')
  const all = [`--remap-path-prefix=${sources}=/cargo`, `--remap-path-prefix=${root}=/plaid`]
  const crt = { msvc: '+crt-static', musl: '-crt-static' }[abi]
  if (crt) all.push('-C', `target-feature=${crt}`)
  // A library on macOS has its own name inside: where it was built, unless it is told.
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
