// Who is measured: the gateway in a Node process of its own, nginx with the same task, and the server
// behind both, called directly.
//
// `start` resolves with a running proxy: `url`, `pid`, the time of the start (`spawnedAt`), and
// `stop()`. The gateway also has the time of the call of `startGateway` (`startedAt`) and the memory of
// the process before it (`importedBytes`).

'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { accepts, now } = require('../machine')
const { CLIENT_ID, OURS, SECRET } = require('../plaid')
const { firstLine } = require('../prepare')

const NGINX = 'nginx'

/** The baseline: the load generator calls the server itself. */
const DIRECT = 'no proxy'

const subjects = {
  [OURS]: {
    async start({ upstream, proxyCore }) {
      const options = {
        baseUrl: upstream,
        clientId: CLIENT_ID,
        secret: SECRET,
        // A retry would hide a failure.
        maxRetries: 0,
        // All connections come from one address.
        rateLimit: false,
      }
      const command = [process.execPath, path.join(__dirname, 'process.js')]
      const { child, ...proxy } = start(proxyCore, command, {
        env: { PATH: process.env.PATH, BENCH_OPTIONS: JSON.stringify(options) },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      return { ...proxy, ...(await firstLine(child)) }
    },
  },

  [NGINX]: {
    async start({ upstream, directory, proxyCore }) {
      const port = await freePort()
      const configuration = path.join(directory, 'nginx.conf')
      fs.writeFileSync(configuration, nginxConfiguration(port, upstream, directory))
      const command = [nginxPath(), '-e', 'stderr', '-p', directory, '-c', configuration]
      const { child, ...proxy } = start(proxyCore, command, {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      while (!(await accepts(port))) {
        if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
      }
      return { ...proxy, url: `http://127.0.0.1:${port}` }
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

/** Starts a process on one core. */
function start(core, command, options) {
  const spawnedAt = now()
  const child = spawn('taskset', ['-c', core, ...command], options)
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return { child, pid: child.pid, spawnedAt, stop }
}

/** The same task: add two headers, keep connections open on both sides. nginx would close them. */
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

/** Debian installs nginx in a directory that is only in root's PATH. */
function nginxPath() {
  const directories = [...process.env.PATH.split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
  const files = directories.map((name) => path.join(name, NGINX))
  return files.find((file) => fs.existsSync(file))
}

/** A port that was free a moment ago: nginx cannot print the port that it took. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { DIRECT, NGINX, nginxPath, subjects }
