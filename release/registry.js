'use strict'

// An npm registry on this machine. It has only what is published to it.

const { execFile } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

/** @param directory for the published packages */
async function startRegistry(directory) {
  // Loaded here, because the rehearsal installs it first.
  const { runServer } = require('verdaccio')
  fs.mkdirSync(directory, { recursive: true })
  const server = await runServer({
    self_path: directory,
    configPath: directory,
    storage: path.join(directory, 'storage'),
    auth: { htpasswd: { file: path.join(directory, 'htpasswd'), max_users: -1 } },
    packages: { '@utdk/*': { access: '$all', publish: '$all' } },
    uplinks: {},
    log: { type: 'file', path: path.join(directory, 'log'), level: 'warn' },
    max_body_size: '50mb',
    web: { enable: false },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${server.address().port}`
  // npm publishes only with a token; any will do.
  const npmrc = path.join(directory, 'npmrc')
  fs.writeFileSync(npmrc, `registry=http://${host}/\n//${host}/:_authToken=local\n`)
  return {
    url: `http://${host}/`,
    async publish(tarball) {
      const parameters = ['publish', tarball, '--access=public', `--userconfig=${npmrc}`]
      await promisify(execFile)('npm', parameters, { cwd: directory })
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

module.exports = { startRegistry }
