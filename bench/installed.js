// What a package adds to a user's disk, its dependencies included, in blocks of 4 KiB.

'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./prepare')

const BLOCK = 4096
const onDisk = (bytes) => Math.ceil(bytes / BLOCK) * BLOCK
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)

/** What `npm install @utdk/plaid` leaves: the packed files, and the binary of one platform. */
function ours() {
  const command = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent']
  const packed = JSON.parse(
    execFileSync('npm', command, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] }),
  )
  // npm 11 and before give a list; later ones an object by package name.
  const [{ files }] = Object.values(packed)
  const texts = files
    .filter((file) => !file.path.endsWith('.node'))
    .map((file) => onDisk(file.size))
  const binaries = fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'))
  if (binaries.length !== 1)
    throw new Error(`one .node file expected, there are ${binaries.length}`)
  return sum(texts) + onDisk(fs.statSync(path.join(ROOT, binaries[0])).size)
}

/** What `npm install <name>` leaves, read off the rivals' own installation. */
function rival(name) {
  const closure = new Set()
  const pending = [directoryOf(name, __dirname)]
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

/** Where Node would find the package: in the nearest node_modules upwards. */
function directoryOf(name, from) {
  for (let at = from; at.startsWith(__dirname); at = path.dirname(at)) {
    const directory = path.join(at, 'node_modules', name)
    if (fs.existsSync(directory)) return directory
  }
  throw new Error(`${name} is not installed under ${__dirname}`)
}

/** A package's own files: the packages nested in it are counted when something depends on them. */
function sizeOf(directory) {
  const entries = fs.readdirSync(directory, { withFileTypes: true })
  return sum(
    entries.map((entry) => {
      if (entry.name === 'node_modules') return 0
      const place = path.join(directory, entry.name)
      return entry.isDirectory() ? sizeOf(place) : onDisk(fs.lstatSync(place).size)
    }),
  )
}

module.exports = { ours, rival }
