'use strict'

// A CONNECT proxy on a free loopback port. It tunnels every request to one local server.

const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')

/**
 * Starts a proxy that stops when the test `t` ends. With `refuse`, it answers with that status, and
 * quotes the caller's credentials, as debugging proxies do.
 *
 * It records its `connects`, as `{ target, headers }`, and all bytes that passed in clear text.
 */
async function startProxy(t, { to, refuse } = {}) {
  const connects = []
  const sockets = new Set()
  let connectionCount = 0
  let passed = ''
  const proxy = http.createServer((_, response) => response.writeHead(405).end())
  proxy.on('connection', (socket) => {
    connectionCount++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  proxy.on('connect', ({ url, headers }, socket, head) => {
    connects.push({ target: url, headers })
    passed += JSON.stringify(headers) + head
    if (refuse) {
      const echo = JSON.stringify(headers)
      socket.end(
        `HTTP/1.1 ${refuse} ${echo}\r\nx-echo: ${echo}\r\ncontent-length: ${echo.length}\r\n\r\n${echo}`,
      )
      return
    }
    const server = net.connect(to.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      server.pipe(socket).pipe(server)
      socket.on('data', (bytes) => {
        passed += bytes.toString('latin1')
      })
    })
    server.on('error', () => socket.destroy())
    socket.on('close', () => server.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(async () => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
    await once(proxy, 'close')
  })
  const host = `127.0.0.1:${proxy.address().port}`
  return {
    host,
    url: `http://${host}`,
    connects,
    connectionCount: () => connectionCount,
    passedInClear: () => passed,
  }
}

module.exports = { startProxy }
