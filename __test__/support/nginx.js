'use strict'

// A real nginx with a configuration of deploy/, in a temporary directory, on a free loopback port.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { createAuthority } = require('./certificates.js')

const DEPLOY = path.join(__dirname, '../../deploy')

/** Debian installs nginx in a directory of root's PATH. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`

/** nginx's temporary files go into its own directory. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Starts nginx in front of `gateways`, and stops it when the test `t` ends.
 *
 * @param gateways the address of each
 * @param change replacements in `file` of deploy/: pairs for `replace`
 * @returns its `url`, its `ca`, `stop()`, and `log(name)`, which returns the lines of a log
 */
async function startNginx(t, gateways, { file = 'nginx.conf', change = [] } = {}) {
  const authority = createAuthority()
  const { key, cert } = authority.issue()
  const directory = temporary(t, { 'tls.key': key, 'tls.crt': cert })
  // nginx cannot report its port, so it gets a socket that listens already.
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  const servers = gateways.map((gateway) => `server ${gateway} max_fails=0;`)
  const replaced = [
    ['listen 8443 ', `listen 127.0.0.1:${port} `],
    ['/tls/tls.crt', 'tls.crt'],
    ['/tls/tls.key', 'tls.key'],
    ['error_log stderr ', 'error_log error.log '],
    ['http {', `http {\n${TEMPORARY.map((name) => `${name}_temp_path ${name};`).join('\n')}`],
    ...(gateways.length > 0 ? [['server gateway:4000 max_fails=0;', servers.join('\n')]] : []),
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
    /** Finishes requests in flight. Only then are all log lines written. */
    stop,
    log: (name) => fs.readFileSync(path.join(directory, name), 'utf8').split('\n').slice(0, -1),
  }
}

/** Waits for a worker process. If nginx ends instead, fails with its messages. */
async function started(nginx, ended) {
  let messages = ''
  const works = new Promise((resolve) => {
    nginx.stderr.setEncoding('utf8').on('data', (text) => {
      messages += text
      if (messages.includes('start worker process ')) resolve()
    })
  })
  await Promise.race([
    works,
    ended.then(
      () => assert.fail(`nginx did not start: ${messages}`),
      (error) => assert.fail(`${error.message}: node scripts/set-up.js --nginx installs nginx`),
    ),
  ])
}

/** A directory that nginx's workers can enter even if root starts nginx. */
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
