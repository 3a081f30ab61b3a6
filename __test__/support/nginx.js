'use strict'

// A real nginx with a configuration of its own, in a directory of its own, on a free loopback port.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')

/** Debian keeps it where only root's PATH leads. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`

/** What nginx writes while it runs goes below its own directory. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Longer than any start, and short enough to end a wait for one that never comes. */
const LONGEST_START_MS = 10_000

/**
 * Starts nginx with what `http` gives for the `http` block, and stops it when the test `t` ends.
 *
 * @param http given the port to listen on and the directory, which holds `files`
 * @returns its `port` and `log()`, the lines of `access.log`
 */
async function startNginx(t, http, files = {}) {
  const port = await freePort()
  const directory = temporary(t, files)
  fs.writeFileSync(path.join(directory, 'nginx.conf'), wrapped(http({ port, directory })))
  const nginx = spawn('nginx', parameters(directory), {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  nginx.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text
  })
  const ended = once(nginx, 'close')
  t.after(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  await Promise.race([
    listening(port),
    ended.then(() => {
      throw new Error(`nginx did not start: ${complaints}`)
    }),
  ])
  return {
    port,
    log: () => fs.readFileSync(path.join(directory, 'access.log'), 'utf8').split('\n').slice(0, -1),
  }
}

/**
 * Has nginx read the whole configuration `text`, as it would at a start.
 *
 * @returns `code`, and what it says of it
 */
async function checkNginx(t, text, files = {}) {
  const directory = temporary(t, { ...files, 'nginx.conf': text })
  const nginx = spawn('nginx', ['-t', ...parameters(directory)], {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = (await nginx.stderr.setEncoding('utf8').toArray()).join('')
  if (nginx.exitCode === null) await once(nginx, 'exit')
  return { code: nginx.exitCode, said }
}

function parameters(directory) {
  const files = ['-e', 'stderr', '-p', directory, '-c', path.join(directory, 'nginx.conf')]
  return [...files, '-g', `daemon off; pid ${path.join(directory, 'nginx.pid')};`]
}

function wrapped(http) {
  const paths = TEMPORARY.map((name) => `${name}_temp_path ${name};`)
  return `worker_processes 1;\nevents {}\nhttp {\n${paths.join('\n')}\n${http}\n}\n`
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

/** A port that was free a moment ago: nginx cannot say which one it took. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port) {
  const before = performance.now() + LONGEST_START_MS
  while (performance.now() < before) {
    const socket = net.connect(port, '127.0.0.1')
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (connected) return
    await sleep(10)
  }
  throw new Error('nginx does not listen')
}

module.exports = { checkNginx, startNginx }
