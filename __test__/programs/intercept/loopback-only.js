'use strict'

// Loaded below the preload under test: a connection that it misses fails, and never reaches a network.

const dns = require('node:dns')
const { syncBuiltinESMExports } = require('node:module')
const net = require('node:net')

const LOOPBACK = ['127.0.0.1', '::1', 'localhost', undefined, null]

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function guarded(...args) {
  const [first] = args
  const options = Array.isArray(first) ? first[0] : first
  const host = typeof options === 'object' ? options.host : args[1]
  if (LOOPBACK.includes(host)) return connect.apply(this, args)
  setImmediate(() => this.destroy(new Error(`not loopback: ${host}`)))
  this.connecting = true
  return this
}

const { lookup } = dns
dns.lookup = (name, ...rest) => {
  if (LOOPBACK.includes(name)) return lookup(name, ...rest)
  rest.at(-1)(new Error(`not loopback: ${name}`))
}
syncBuiltinESMExports()
