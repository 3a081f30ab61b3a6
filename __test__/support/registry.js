'use strict'

// A registry on this machine with the package and its platform package, as if published.

const { execFile } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { promisify } = require('node:util')
const manifest = require('../../package.json')

const root = path.join(__dirname, '../..')
const PLATFORM = 'linux-x64-gnu'

/**
 * Starts a registry that has only this package, and stops it when the test `t` ends.
 *
 * @param directory where the tarballs are written
 */
async function startRegistry(t, directory) {
  const platform = path.join(directory, PLATFORM)
  fs.cpSync(path.join(root, 'npm', PLATFORM), platform, { recursive: true })
  const binary = `${manifest.napi.binaryName}.${PLATFORM}.node`
  fs.copyFileSync(path.join(root, binary), path.join(platform, binary))
  const platformManifest = require(path.join(platform, 'package.json'))
  // Publishing adds the platform packages.
  const optionalDependencies = { [platformManifest.name]: platformManifest.version }
  const published = [
    await publish({ ...manifest, devDependencies: {}, optionalDependencies }, root, directory),
    await publish(platformManifest, platform, directory),
  ]

  const server = http.createServer((request, response) => {
    const url = decodeURIComponent(request.url)
    const it = published.find(({ name, tarball }) => url === `/${name}` || url === `/${tarball}`)
    if (!it) return response.writeHead(404).end('{}')
    if (url.endsWith('.tgz')) return response.end(fs.readFileSync(path.join(directory, it.tarball)))
    const { name, version, tarball } = it
    const dist = { tarball: `http://${request.headers.host}/${tarball}`, integrity: it.integrity }
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { ...it.manifest, dist } },
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${server.address().port}/` }
}

async function publish(manifest, from, directory) {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--pack-destination', directory],
    { cwd: from, env: { ...process.env, npm_config_offline: 'true' } },
  )
  const [{ name, version, filename, integrity }] = JSON.parse(stdout)
  return { name, version, manifest, tarball: filename, integrity }
}

module.exports = { startRegistry }
