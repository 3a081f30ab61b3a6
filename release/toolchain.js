'use strict'

// What linking for other platforms needs, installed beside this file: zig, and cargo's way to it.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./targets')

const DIRECTORY = path.join(__dirname, 'tools')
const BIN = path.join(DIRECTORY, 'bin')

/** Installs the tools that are missing. @returns the environment in which they are found */
function installTools() {
  const wanted = fs.readFileSync(path.join(__dirname, 'tools.txt'), 'utf8')
  const mark = path.join(DIRECTORY, 'installed.txt')
  if (!fs.existsSync(mark) || fs.readFileSync(mark, 'utf8') !== wanted) {
    console.error('installing the tools')
    execFileSync('python3', ['-m', 'venv', DIRECTORY])
    const parameters = ['install', '--quiet', '--requirement', path.join(__dirname, 'tools.txt')]
    execFileSync(path.join(BIN, 'pip'), parameters, { stdio: ['ignore', 2, 2] })
    fs.writeFileSync(mark, wanted)
  }
  return { PATH: `${BIN}${path.delimiter}${process.env.PATH}` }
}

/** @returns why a target's binary cannot be built here; nothing if it can */
function obstacle({ triple, os }) {
  const sdk = { darwin: 'Apple’s SDK', win32: 'Microsoft’s SDK' }[os]
  if (sdk && os !== process.platform) return `it is linked with ${sdk}, where that is`
  const { status } = spawnSync('rustup', ['target', 'add', triple], { cwd: ROOT })
  return status === 0 ? undefined : 'rustup did not get Rust’s standard library for it'
}

module.exports = { BIN, installTools, obstacle }
