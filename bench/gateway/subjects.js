// Who is measured: the gateway in a Node process of its own, nginx configured to do the same, and
// the server behind both, called directly.
//
// A subject is data. `start` resolves with a running proxy: `url`, `pid`, when it was begun to be
// started (`spawnedAt`), and `stop()`. Ours says besides when `startGateway` was called (`beganAt`)
// and how large the process was before (`importedBytes`).

'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { OURS } = require('../subjects')
const { accepts, now } = require('./machine')

const NGINX = 'nginx'

/** What the others are set against: the load generator calls the server itself. */
const DIRECT = 'no proxy'

const PROXIES = [OURS, NGINX]
const COLUMNS = [...PROXIES, DIRECT]

// Made up: the server only checks that they are there. To a proxy the load generator sends none.
const CLIENT_ID = '0123456789abcdef01234567'
const SECRET = 'fedcba9876543210fedcba98765432'

/** Debian keeps it where only root's PATH leads. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin']

const subjects = {
  [OURS]: {
    async start({ upstream, proxyCore }) {
      const options = {
        baseUrl: upstream,
        clientId: CLIENT_ID,
        secret: SECRET,
        // A retry would hide a failure, and all connections come from one address.
        maxRetries: 0,
        rateLimit: false,
      }
      const command = [process.execPath, path.join(__dirname, 'process.js')]
      const { child, spawnedAt, stop } = start(proxyCore, command, {
        env: { PATH: process.env.PATH, BENCH_OPTIONS: JSON.stringify(options) },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const [line] = await Promise.race([
        once(child.stdout.setEncoding('utf8'), 'data'),
        once(child, 'exit').then(([code]) => {
          throw new Error(`the gateway ended with ${code}`)
        }),
      ])
      return { ...JSON.parse(line), pid: child.pid, spawnedAt, stop }
    },
  },

  [NGINX]: {
    async start({ upstream, directory, proxyCore }) {
      const port = await freePort()
      const configuration = path.join(directory, 'nginx.conf')
      fs.writeFileSync(configuration, nginxConfiguration(port, upstream, directory))
      const command = [nginxPath(), '-e', 'stderr', '-p', directory, '-c', configuration]
      const { child, spawnedAt, stop } = start(proxyCore, command, {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      while (!(await accepts(port))) {
        if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
      }
      return { url: `http://127.0.0.1:${port}`, pid: child.pid, spawnedAt, stop }
    },
  },

  [DIRECT]: {
    start: async ({ upstream }) => ({
      url: upstream,
      clientId: CLIENT_ID,
      secret: SECRET,
      stop: async () => {},
    }),
  },
}

/** Starts a process on one core, and notes when. */
function start(core, command, options) {
  const spawnedAt = now()
  const child = spawn('taskset', ['-c', core, ...command], options)
  const exited = once(child, 'exit')
  return {
    child,
    spawnedAt,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/**
 * The same work: two headers added, connections kept open on either side. Neither side's are closed
 * after so many requests, as they are by default, for the gateway closes none either.
 */
function nginxConfiguration(port, upstream, directory) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log stderr crit;
events {}
http {
  ${temporary.map((name) => `${name}_temp_path ${name};`).join(' ')}
  access_log off;
  keepalive_requests 1000000000;
  upstream plaid {
    server ${new URL(upstream).host};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location = /sandbox/item/reset_login {
      proxy_pass http://plaid;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header PLAID-CLIENT-ID ${CLIENT_ID};
      proxy_set_header PLAID-SECRET ${SECRET};
    }
  }
}
`
}

function nginxPath() {
  const directories = [...process.env.PATH.split(path.delimiter), ...SYSTEM_DIRECTORIES]
  const found = directories
    .map((name) => path.join(name, NGINX))
    .find((file) => fs.existsSync(file))
  if (found === undefined) {
    throw new Error('nginx is missing: `node scripts/set-up.js --nginx` installs it')
  }
  return found
}

/** A port that was free a moment ago: nginx cannot say which one it took. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { COLUMNS, DIRECT, NGINX, PROXIES, nginxPath, subjects }
