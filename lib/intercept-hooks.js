'use strict'

// What the preload changes in this thread: connections to Plaid's Sandbox go to the local one. It
// changes the innermost methods, so that clients and their mocks see Plaid's own host and port.

const diagnostics_channel = require('node:diagnostics_channel')
const net = require('node:net')
const tls = require('node:tls')

const NAME = '@utdk/plaid/intercept'
const HOST = 'sandbox.plaid.com'
const PORT = 443

/** Among the globals of a thread that has the hooks. */
const INSTALLED = Symbol.for(NAME)

/** Why the process is ended, or a connection refused if NODE_ENV changes later. */
const PRODUCTION = 'refuses to run with NODE_ENV=production'

/** Options that say how to reach the real host. */
const ROUTE = ['family', 'hints', 'localAddress', 'localPort', 'lookup']

/** Sends this thread's connections to `host` and `port`, which have a certificate from `ca`. */
function install({ host, port, ca }) {
  globalThis[INSTALLED] = true
  // This package's own client connects in Rust, and asks. A test runner's context has other globals.
  diagnostics_channel.subscribe(NAME, (question) => {
    question.target = { host, port, ca }
  })
  const { createSecureContext, connect: connectTls } = tls
  const { connect: connectSocket } = net.Socket.prototype
  const { get: remotePort } = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'remotePort')
  const redirected = new WeakSet()

  const aim = (options) => {
    const aimed = { ...options, host, port }
    for (const name of ROUTE) delete aimed[name]
    return aimed
  }

  // Clients compare it with the port that they asked for.
  const showPlaidsPort = (socket) =>
    Object.defineProperty(socket, 'remotePort', {
      configurable: true,
      get: () => (remotePort.call(socket) === undefined ? undefined : PORT),
    })

  net.Socket.prototype.connect = function connect(...args) {
    const aimed = aimedArguments(args, aim)
    if (aimed === undefined) return connectSocket.apply(this, args)
    if (process.env.NODE_ENV === 'production') {
      // Later, as a connection fails: clients listen by then.
      setImmediate(() => this.destroy(new Error(`${NAME} ${PRODUCTION}`)))
      this.connecting = true
      return this
    }
    redirected.add(showPlaidsPort(this))
    return connectSocket.apply(this, aimed)
  }

  // For this host only: all other connections trust what they trusted.
  tls.createSecureContext = function secureContext(options) {
    return createSecureContext(isPlaid(options) ? { ...options, ca } : options)
  }

  tls.connect = function connect(...args) {
    const at = args.findIndex((it) => typeof it === 'object' && it !== null)
    const options = args[at]
    if (!options?.socket && !options?.secureContext) return connectTls(...args)
    const [port, host] = at === 0 ? [options.port, options.host] : args
    // Over a socket of its own, a client can leave out the host and the port.
    const [name, number] = options.socket
      ? [host ?? options.servername, port ?? PORT]
      : [host, port]
    if (!isPlaid({ host: name, port: number })) return connectTls(...args)
    const own = { ...options, host: name, port: number, secureContext: undefined }
    if (options.socket && !redirected.has(options.socket)) {
      // The tunnel of a proxy leads to the real host.
      options.socket.destroy()
      own.socket = undefined
    }
    return showPlaidsPort(connectTls(...args.with(at, own)))
  }
}

/**
 * The arguments of `net.Socket.prototype.connect` with the options that `aim` returns; nothing for
 * another host.
 */
function aimedArguments([first, second, ...rest], aim) {
  // From net.connect(): an array of the options and the callback, with a mark of Node's.
  if (Array.isArray(first)) {
    if (!isPlaid(first[0])) return undefined
    const aimed = Object.assign([], first)
    aimed[0] = aim(first[0])
    return [aimed, second, ...rest]
  }
  if (isPlaid(first)) return [aim(first), second, ...rest]
  if (typeof second === 'string' && isPlaid({ host: second, port: first })) {
    return [aim({}), ...rest]
  }
  return undefined
}

function isPlaid(options) {
  const { host, port } = options ?? {}
  return typeof host === 'string' && host.toLowerCase() === HOST && Number(port) === PORT
}

/** Whether this thread has the hooks. */
function isInstalled() {
  return globalThis[INSTALLED] === true
}

module.exports = { HOST, NAME, PORT, PRODUCTION, install, isInstalled }
