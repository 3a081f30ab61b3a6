'use strict'

// node release/packages.js <directory of binaries> <stage>: lays out everything to publish, the way
// npm is to pack it: the main package in the stage, the platforms' in its npm/.
//
// Of the main package's manifest only what users need is published; the platform packages become
// its optional dependencies.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { licences } = require('./licences')
const { ROOT, manifest, targets } = require('./targets')

const NAPI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/** Made by the build, and taken from where the binaries are. */
const LOADER = 'binding.js'

/**
 * @param wanted the targets to publish: a release has all
 * @param repository where the sources are, for the packages to name
 * @returns the directories to publish, the main package's last
 */
async function stage(binaries, directory, { wanted = targets, repository } = {}) {
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
    // The tool that follows takes it from the stage.
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

/** What building needs, no user does. */
function finish(file, repository) {
  const { napi, ...published } = JSON.parse(fs.readFileSync(file, 'utf8'))
  // The provenance statement is checked against it.
  write(file, { ...published, ...(repository && { repository: { type: 'git', url: repository } }) })
}

/** Packs a package: the tarball, its sizes, what files are in it, and what scripts it would run. */
function pack(directory, destination) {
  const parameters = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const options = { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  const printed = JSON.parse(execFileSync('npm', parameters, options))
  // npm 11 and before give a list; later ones an object by package name.
  const [{ name, filename, size, unpackedSize, files }] = Object.values(printed)
  const tarball = path.join(destination, filename)
  const { scripts } = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'))
  return { name, tarball, size, unpackedSize, files: files.map((file) => file.path), scripts }
}

function write(file, content) {
  fs.writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
}

module.exports = { pack, stage }

if (require.main === module) {
  const [binaries, directory] = process.argv.slice(2).map((name) => path.resolve(name))
  stage(binaries, directory, { repository: process.env.REPOSITORY_URL }).then((all) => {
    for (const each of all) console.log(each)
  })
}
