// The disk space of a package with its dependencies, in blocks of 4 KiB.

'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { sum } = require('../machine')
const { OURS } = require('../plaid')
const { ROOT } = require('../prepare')

/** Where the rivals are installed. */
const BENCH = path.join(__dirname, '..')

const BLOCK = 4096
const onDisk = (bytes) => Math.ceil(bytes / BLOCK) * BLOCK

/** After `npm install @utdk/plaid`: the packed files, and the binary of one platform. */
function ours() {
  const command = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent']
  const packed = JSON.parse(
    execFileSync('npm', command, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] }),
  )
  // npm 11 prints a list; later versions print an object by package name.
  const [{ files }] = Object.values(packed)
  const texts = files
    .filter((file) => !file.path.endsWith('.node'))
    .map((file) => onDisk(file.size))
  const binaries = fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'))
  if (binaries.length !== 1) throw new Error(`${binaries.length} .node files, not one`)
  return sum(texts) + onDisk(fs.statSync(path.join(ROOT, binaries[0])).size)
}

/** After `npm install <name>`: measured in the rivals' installation. */
function rival(name) {
  const closure = new Set()
  const pending = [directoryOf(name, BENCH)]
  for (const directory of pending) {
    if (closure.has(directory)) continue
    closure.add(directory)
    const manifest = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      pending.push(directoryOf(dependency, directory))
    }
  }
  return sum([...closure].map(sizeOf))
}

/** Where Node finds the package: in the nearest node_modules above. */
function directoryOf(name, from) {
  for (let at = from; at.startsWith(BENCH); at = path.dirname(at)) {
    const directory = path.join(at, 'node_modules', name)
    if (fs.existsSync(directory)) return directory
  }
  throw new Error(`${name} is not installed under ${BENCH}`)
}

/** A package's own files. Nested packages are counted as dependencies. */
function sizeOf(directory) {
  const entries = fs.readdirSync(directory, { withFileTypes: true })
  return sum(
    entries.map((entry) => {
      if (entry.name === 'node_modules') return 0
      const file = path.join(directory, entry.name)
      return entry.isDirectory() ? sizeOf(file) : onDisk(fs.lstatSync(file).size)
    }),
  )
}

/** @returns the size of a package with its dependencies */
const installedSize = (name) => (name === OURS ? ours() : rival(name))

module.exports = { installedSize }
