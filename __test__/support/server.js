'use strict'

// A scripted server on a free loopback port. Each request gets the next reply of the script, then the
// good reply for ever, so that a test can see the client work after a failure.

const { EventEmitter, once } = require('node:events')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')

const GOOD_REPLY = { reset_login: true, request_id: 'm8MDnv9okwxFNBV' }

/**
 * Starts a server that stops when the test `t` ends.
 *
 * `replies` are functions of `(request, response)`; `connections` are functions of a TCP socket, each
 * for one connection before any HTTP. `tls` is `{ key, cert }`; with `http2` the server also offers
 * HTTP/2.
 *
 * It records `requests` and the open `sockets`, and emits `connection`, `request`, and `close` for a
 * closed socket.
 */
async function startServer(t, { replies = [], connections = [], tls, http2: h2 } = {}) {
  const server = new EventEmitter()
  const script = [...replies]
  const sockets = new Set()
  let connectionCount = 0

  const inner = listenerOf(tls, h2, async (request, response) => {
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return
    }
    const { method, url, headers, rawHeaders, httpVersion } = request
    const body = Buffer.concat(chunks)
    const at = performance.now()
    const reply = script.shift() ?? good
    server.requests.push({ method, url, headers, rawHeaders, httpVersion, body, at })
    server.emit('request', request)
    reply(request, response)
  })
  const takeConnection = [...connections]
  const front = net.createServer((socket) => {
    connectionCount++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      server.emit('close', socket)
    })
    server.emit('connection', socket)
    const take = takeConnection.shift()
    if (take) take(socket)
    else inner.emit('connection', socket)
  })
  const listen = async (port) => {
    front.listen({ port, host: '127.0.0.1', backlog: 2048 })
    await once(front, 'listening')
  }
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    if (!front.listening) return
    front.close()
    await once(front, 'close')
  }
  await listen(0)
  t.after(stop)

  const { port } = front.address()
  return Object.assign(server, {
    port,
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests: [],
    sockets,
    connectionCount: () => connectionCount,
    /** Appends to the script. */
    reply: (...more) => script.push(...more),
    setCertificate: (pair) => inner.setSecureContext(pair),
    stop,
    restart: () => listen(port),
  })
}

function listenerOf(tls, h2, onRequest) {
  if (!tls) return http.createServer(onRequest)
  if (!h2) return https.createServer(tls, onRequest)
  return http2.createSecureServer({ ...tls, allowHTTP1: true }, onRequest)
}

/** Replies with JSON. */
function json(status, body, headers) {
  return raw(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers })
}

/** Replies with the bytes of `body`. */
function raw(status, body, headers = {}) {
  return (_, response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers })
    response.end(body)
  }
}

const good = json(200, GOOD_REPLY)

/** Never replies. */
function silent() {}

/** Replies with the good reply when the request's `answer()` is called. */
function holding(request, response) {
  request.answer = () => good(request, response)
}

/** Resets the connection instead of replying. */
function reset(request) {
  request.socket.resetAndDestroy()
}

module.exports = { GOOD_REPLY, startServer, json, raw, good, holding, silent, reset }
