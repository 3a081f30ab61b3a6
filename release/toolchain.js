'use strict'

// Installs the tools for linking for other platforms into release/tools: zig and cargo-zigbuild.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./targets')

const DIRECTORY = path.join(__dirname, 'tools')
const BIN = path.join(DIRECTORY, 'bin')

/** Installs the tools that are missing. @returns the environment that finds them */
function installTools() {
  const tools = fs.readFileSync(path.join(__dirname, 'tools.txt'), 'utf8')
  // The tools contain the path of their directory, and do not run in another.
  const wanted = `${DIRECTORY}\n${tools}`
  const mark = path.join(DIRECTORY, 'installed.txt')
  if (!fs.existsSync(mark) || fs.readFileSync(mark, 'utf8') !== wanted) {
    console.error('installing the tools')
    execFileSync('python3', ['-m', 'venv', '--clear', DIRECTORY])
    const parameters = ['install', '--quiet', '--requirement', path.join(__dirname, 'tools.txt')]
    execFileSync(path.join(BIN, 'pip'), parameters, { stdio: ['ignore', 2, 2] })
    fs.writeFileSync(mark, wanted)
  }
  return { PATH: `${BIN}${path.delimiter}${process.env.PATH}` }
}

/** @returns why a target's binary cannot be built here; undefined if it can */
function obstacle({ triple, os }) {
  const sdk = { darwin: 'Apple’s SDK', win32: 'Microsoft’s SDK' }[os]
  if (sdk && os !== process.platform) return `linking it needs ${sdk}`
  const { status } = spawnSync('rustup', ['target', 'add', triple], { cwd: ROOT })
  return status === 0 ? undefined : 'rustup could not install Rust’s standard library for it'
}

module.exports = { BIN, installTools, obstacle }
