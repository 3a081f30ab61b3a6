'use strict'

// A real nginx with a configuration of deploy/, in a directory of its own, on a free loopback port.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { createAuthority } = require('./certificates.js')

const DEPLOY = path.join(__dirname, '../../deploy')

/** Debian keeps it where only root's PATH leads. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`

/** What nginx writes while it runs goes below its own directory. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Starts nginx in front of `gateways`, and stops it when the test `t` ends.
 *
 * @param gateways the address of each, and whatever nginx is to be told of it besides
 * @param change what else is different from `file` of deploy/: pairs for `replace`
 * @returns its `url`, the `ca` that vouches for it, `stop()`, and `log(name)`, the lines of a log
 */
async function startNginx(t, gateways, { file = 'nginx.conf', change = [] } = {}) {
  const authority = createAuthority()
  const { key, cert } = authority.issue()
  const directory = temporary(t, { 'tls.key': key, 'tls.crt': cert })
  // nginx cannot say which port it took: it is handed one that is listened on already.
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  const servers = gateways.map((gateway) => `server ${gateway};`)
  const replaced = [
    ['listen 8443 ', `listen 127.0.0.1:${port} `],
    ['/tls/tls.crt', 'tls.crt'],
    ['/tls/tls.key', 'tls.key'],
    ['error_log stderr ', 'error_log error.log '],
    ['http {', `http {\n${TEMPORARY.map((name) => `${name}_temp_path ${name};`).join('\n')}`],
    ...(gateways.length > 0 ? [['server gateway:4000;', servers.join('\n')]] : []),
    ...(file === 'nginx.conf' ? [['/dev/stdout', 'access.log']] : []),
    ...change,
  ]
  let text = fs.readFileSync(path.join(DEPLOY, file), 'utf8')
  for (const [from, to] of replaced) {
    assert.ok(text.includes(from), `${file} has no ${from}`)
    text = text.replace(from, to)
  }
  fs.writeFileSync(path.join(directory, 'nginx.conf'), text)

  const globals = 'daemon off; pid nginx.pid; error_log stderr notice;'
  const nginx = spawn(
    'nginx',
    ['-e', 'stderr', '-p', directory, '-c', 'nginx.conf', '-g', globals],
    {
      env: { ...process.env, PATH, NGINX: '3;' },
      stdio: ['ignore', 'ignore', 'pipe', listener._handle.fd],
    },
  )
  const ended = once(nginx, 'close')
  listener.close()
  const stop = async () => {
    nginx.kill('SIGQUIT')
    await ended
  }
  t.after(stop)
  await started(nginx, ended)
  return {
    url: `https://localhost:${port}`,
    ca: authority.pem,
    /** Finishes what is under way; a reply's line is in the log only some time after it. */
    stop,
    log: (name) => fs.readFileSync(path.join(directory, name), 'utf8').split('\n').slice(0, -1),
  }
}

/** Waits for the worker that answers; what nginx says before is told if it ends instead. */
async function started(nginx, ended) {
  let said = ''
  const works = new Promise((resolve) => {
    nginx.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
      if (said.includes('start worker process ')) resolve()
    })
  })
  await Promise.race([
    works,
    ended.then(
      () => assert.fail(`nginx did not start: ${said}`),
      (error) => assert.fail(`${error.message}: node scripts/set-up.js --nginx installs nginx`),
    ),
  ])
}

/** A directory that nginx's workers can enter, too, when root starts it. */
function temporary(t, files) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-nginx-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.chmodSync(directory, 0o755)
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(directory, name), content)
  }
  return directory
}

module.exports = { startNginx }
