'use strict'

// node release/packages.js <directory of binaries> <tarballs>: packs everything to publish, and
// prints the names of the tarballs in publishing order, the main package last.
//
// The files are first copied to a stage, where npm packs them: the main package at its top, the
// platform packages in its npm/. The published manifest has only what users need, with the platform
// packages as optional dependencies.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const zlib = require('node:zlib')
const { licences } = require('./licences')
const { ROOT, manifest, targets } = require('./targets')
const { BIN, installTools } = require('./toolchain')

const NAPI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/** libdeflate compresses better than zlib, and every inflate reads its output. */
const DEFLATE =
  'import deflate, sys; sys.stdout.buffer.write(deflate.gzip_compress(sys.stdin.buffer.read(), 12))'

/** The build writes it, next to the binaries. */
const LOADER = 'binding.js'

/**
 * @param wanted the targets to publish: in a release, all of them
 * @param repository the repository's URL, for the manifests
 * @returns the directories to publish, the main package's last
 */
async function stage(
  binaries,
  directory,
  { wanted = targets, repository = manifest.repository.url } = {},
) {
  fs.cpSync(path.join(ROOT, 'npm'), path.join(directory, 'npm'), { recursive: true })
  for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
    const from = name === LOADER ? path.join(binaries, name) : path.join(ROOT, name)
    fs.cpSync(from, path.join(directory, name), { recursive: true })
  }
  const { scripts, devDependencies, ...published } = manifest
  const napi = { ...manifest.napi, targets: wanted.map(({ triple }) => triple) }
  write(path.join(directory, 'package.json'), { ...published, napi })

  const { page } = await licences()
  for (const { platform, binary } of wanted) {
    const at = path.join(directory, 'npm', platform)
    // `napi pre-publish` reads it from the stage.
    fs.copyFileSync(path.join(binaries, binary), path.join(directory, binary))
    fs.copyFileSync(path.join(binaries, binary), path.join(at, binary))
    fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(at, 'LICENSE'))
    fs.writeFileSync(path.join(at, 'THIRD-PARTY-LICENSES.md'), page)
  }
  const parameters = ['pre-publish', '--skip-optional-publish', '--no-gh-release']
  const options = { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] }
  execFileSync(process.execPath, [NAPI, ...parameters], options)
  const platforms = wanted.map(({ platform }) => path.join(directory, 'npm', platform))
  const all = [...platforms, directory]
  for (const each of all) finish(path.join(each, 'package.json'), repository)
  return all
}

/** Removes what only the build reads, and sets the addresses of the repository. */
function finish(file, repository) {
  const { napi, ...published } = JSON.parse(fs.readFileSync(file, 'utf8'))
  write(file, { ...published, ...addresses(repository) })
}

/** The manifest's fields with the repository's address. npm checks the provenance against it. */
function addresses(url) {
  const page = url.replace(/^git\+/, '').replace(/\.git$/, '')
  return {
    homepage: `${page}#readme`,
    bugs: `${page}/issues`,
    repository: { type: 'git', url },
  }
}

/**
 * Packs a package with npm, and compresses the tarball again with libdeflate: a thirtieth less to
 * download.
 * @returns the tarball, its sizes, its files, and the scripts in its manifest
 */
function pack(directory, destination) {
  const parameters = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const options = { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  const printed = JSON.parse(execFileSync('npm', parameters, options))
  // npm 11 prints a list; later versions print an object by package name.
  const [{ name, filename, unpackedSize, files }] = Object.values(printed)
  const tarball = path.join(destination, filename)
  const input = zlib.gunzipSync(fs.readFileSync(tarball))
  const deflated = execFileSync(path.join(BIN, 'python'), ['-c', DEFLATE], {
    input,
    maxBuffer: 1 << 26,
  })
  fs.writeFileSync(tarball, deflated)
  const { scripts } = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'))
  return {
    name,
    tarball,
    size: deflated.length,
    unpackedSize,
    files: files.map((file) => file.path),
    scripts,
  }
}

function write(file, content) {
  fs.writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
}

module.exports = { addresses, pack, stage }

async function main() {
  const [binaries, tarballs] = process.argv.slice(2).map((name) => path.resolve(name))
  installTools()
  fs.mkdirSync(tarballs, { recursive: true })
  const staged = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-stage-'))
  try {
    const all = await stage(binaries, staged, { repository: process.env.REPOSITORY_URL })
    for (const each of all) console.log(path.basename(pack(each, tarballs).tarball))
  } finally {
    fs.rmSync(staged, { recursive: true })
  }
}

if (require.main === module) {
  main().catch((error) => {
    console.error(error)
    process.exit(1)
  })
}
