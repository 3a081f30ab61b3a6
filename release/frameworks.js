'use strict'

// Installs the package managers, bundlers, web and test frameworks, and linters into release/node_modules.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

function installFrameworks() {
  const changed = (name) => fs.statSync(path.join(__dirname, name), { throwIfNoEntry: false })
  const installed = changed('node_modules/.package-lock.json')
  if (installed && installed.mtimeMs >= changed('package-lock.json').mtimeMs) return
  console.error('installing the package managers, bundlers and linters')
  const parameters = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  execFileSync('npm', parameters, { cwd: __dirname, stdio: ['ignore', 2, 2] })
}

module.exports = { installFrameworks }
