'use strict'

// `@utdk/plaid/gateway`: a gateway that holds Plaid's credentials, so that its callers need none.

const { NativeGateway } = require('./lib/native.js')
const { startedEngine } = require('./lib/engine.js')
const {
  clientSettings,
  invalid,
  port,
  read,
  secret,
  text,
  texts,
  whole,
} = require('./lib/options.js')
const { outcome } = require('./lib/outcome.js')

/** Running gateways. Kept here, so that garbage collection does not stop them. */
const running = new Set()

/** Options of the client that makes the calls; the rest are the gateway's own. */
const CLIENT_OPTIONS = ['baseUrl', 'ca', 'clientId', 'maxRetries', 'secret', 'timeoutMs']
const OPTIONS = [
  ...CLIENT_OPTIONS,
  'allowOrigins',
  'credentialsFile',
  'graceMs',
  'host',
  'maxInFlight',
  'maxWaiting',
  'port',
  'rateLimit',
  'token',
  'tokenFile',
]
const LONGEST_GRACE_MS = 60 * 60 * 1000
const MOST = 2 ** 20

async function startGateway(given = {}) {
  const options = read(given, OPTIONS, 'startGateway')
  const own = Object.fromEntries(CLIENT_OPTIONS.map((name) => [name, options[name]]))
  // Callers retry, and retries of both would multiply.
  if (own.maxRetries === undefined) own.maxRetries = 0
  // A gateway calls Plaid, never another gateway.
  const client = clientSettings(own, { ...process.env, UTDK_GATEWAY_URL: undefined })
  const isHalf = (client.clientId === undefined) !== (client.secret === undefined)
  if (isHalf && options.credentialsFile === undefined) {
    const missing = client.secret === undefined ? 'secret' : 'clientId'
    throw invalid(missing, 'is missing: pass both clientId and secret')
  }
  const rate = rateLimit(options.rateLimit)
  const settings = {
    client,
    host: text(options.host, 'host'),
    port: port(options.port),
    credentialsFile: text(options.credentialsFile, 'credentialsFile'),
    token: secret(options.token, 'token'),
    tokenFile: text(options.tokenFile, 'tokenFile'),
    allowOrigins: texts(options.allowOrigins, 'allowOrigins') ?? [],
    maxInFlight: whole(options.maxInFlight, 'maxInFlight', 1, MOST),
    maxWaiting: whole(options.maxWaiting, 'maxWaiting', 0, MOST),
    ratePerSecond: rate.perSecond,
    rateBurst: rate.burst,
    graceMs: whole(options.graceMs, 'graceMs', 0, LONGEST_GRACE_MS),
  }
  const native = new NativeGateway(startedEngine())
  const url = await outcome((id) => native.start(id, settings))
  running.add(native)
  return new Gateway(native, url)
}

class Gateway {
  #native

  constructor(native, url) {
    this.#native = native
    this.url = url
  }

  async close() {
    running.delete(this.#native)
    await outcome((id) => this.#native.close(id))
  }

  async [Symbol.asyncDispose]() {
    await this.close()
  }
}

/** Rust takes 0 per second for no limit. */
function rateLimit(limit) {
  if (limit === undefined || limit === true) return {}
  if (limit === false) return { perSecond: 0 }
  const { perSecond, burst } = read(limit, ['burst', 'perSecond'], 'rateLimit')
  return {
    perSecond: whole(perSecond, 'rateLimit.perSecond', 1, MOST),
    burst: whole(burst, 'rateLimit.burst', 1, MOST),
  }
}

module.exports = { startGateway }
