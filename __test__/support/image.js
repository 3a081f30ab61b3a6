'use strict'

// Does what building an image does, without a container engine.

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const manifest = require('../../package.json')
const { startRegistry } = require('./registry.js')

/**
 * Runs the RUN instructions of a Dockerfile in an empty directory; npm gets this package from a
 * registry of this machine.
 *
 * @returns the directory, which is removed after the test `t`
 */
async function runSteps(t, instructions) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-image-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const registry = await startRegistry(t, directory)
  const app = path.join(directory, 'app')
  fs.mkdirSync(app)
  // Keeps npm from using a package.json in a directory above.
  fs.writeFileSync(path.join(app, 'package.json'), '{}')
  for (const step of instructions) {
    await promisify(execFile)('sh', ['-c', step.getRawArgumentsContent()], {
      cwd: app,
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        VERSION: manifest.version,
        npm_config_registry: registry.url,
      },
    })
  }
  return app
}

module.exports = { runSteps }
