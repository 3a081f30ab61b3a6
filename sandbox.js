'use strict'

// `@utdk/plaid/sandbox`: the local Plaid Sandbox as an object, for tests. Each method calls the control
// route of the same name, which checks the values.

const { isUtf8 } = require('node:buffer')
const { isDate, isUint8Array } = require('node:util/types')
const { NativeSandbox } = require('./lib/native.js')
const { startedEngine } = require('./lib/engine.js')
const {
  checkLength,
  flag,
  invalid,
  port,
  read,
  text,
  texts,
  timeout,
  whole,
} = require('./lib/options.js')
const { outcome } = require('./lib/outcome.js')

/** Running Sandboxes. Kept here, so that garbage collection does not stop them. */
const running = new Set()

const OPTIONS = [
  'allowRemoteControl',
  'allowWebhookHosts',
  'anyCredentials',
  'clientId',
  'host',
  'now',
  'port',
  'secret',
  'seed',
  'tls',
  'transactions',
]
const ARRIVALS = ['ready', 'as_plaid']
const FAILURE = ['error_code', 'kind', 'path', 'probability', 'retryAfter', 'status', 'times']
const KINDS = ['error', 'html', 'reset', 'cut_short', 'hang']
const DELAY = ['ms', 'path', 'probability', 'times']
/** The longest body to sign, in bytes. */
const LONGEST_BODY = 16 * 1024 * 1024
/** The last millisecond of the year 9999. */
const LAST_MS = 253_402_300_799_999

async function startSandbox(options = {}) {
  const given = read(options, OPTIONS, 'startSandbox')
  const settings = {
    host: text(given.host, 'host'),
    port: port(given.port),
    tlsPort: tlsPort(given.tls),
    clientId: text(given.clientId, 'clientId'),
    secret: text(given.secret, 'secret'),
    anyCredentials: flag(given.anyCredentials, 'anyCredentials'),
    seed: seed(given.seed),
    nowMs: instant(given.now),
    transactionsAsPlaid: arrival(given.transactions) === 'as_plaid',
    allowWebhookHosts: texts(given.allowWebhookHosts, 'allowWebhookHosts') ?? [],
    allowRemoteControl: flag(given.allowRemoteControl, 'allowRemoteControl'),
  }
  const native = new NativeSandbox(startedEngine())
  const started = await outcome((id) => native.start(id, settings))
  running.add(native)
  return new Sandbox(native, started)
}

class Sandbox {
  #native

  constructor(native, { url, tlsUrl, ca, clientId, secret }) {
    this.#native = native
    this.url = url
    this.tlsUrl = tlsUrl
    this.ca = ca
    this.clientId = clientId
    this.secret = secret
  }

  async createItem(item = {}) {
    const names = ['institution_id', 'products', 'user_id', 'webhook']
    const given = read(item, names, 'createItem')
    return this.#ask('POST', 'items', {
      webhook: text(given.webhook, 'webhook'),
      products: texts(given.products, 'products'),
      institution_id: text(given.institution_id, 'institution_id'),
      user_id: text(given.user_id, 'user_id'),
    })
  }

  async items() {
    return (await this.#ask('GET', 'items')).items
  }

  async repairItem(item_id) {
    await this.#ask('POST', `items/${pathPart(item_id, 'item_id')}/repair`)
  }

  async createUpdateLink(item_id) {
    return this.#ask('POST', `items/${pathPart(item_id, 'item_id')}/update`)
  }

  async completeLink(link_token) {
    required(link_token, 'link_token')
    return this.#ask('POST', 'link/complete', { link_token: text(link_token, 'link_token') })
  }

  async exitLink(link_token) {
    required(link_token, 'link_token')
    await this.#ask('POST', 'link/exit', { link_token: text(link_token, 'link_token') })
  }

  async nextWebhook(filter = {}) {
    const given = read(filter, ['item_id', 'timeoutMs', 'webhook_code'], 'nextWebhook')
    const webhook = await this.#ask('POST', 'webhooks/next', {
      item_id: text(given.item_id, 'item_id'),
      webhook_code: text(given.webhook_code, 'webhook_code'),
      timeoutMs: timeout(given.timeoutMs),
    })
    return withBody(webhook)
  }

  async webhooks() {
    return (await this.#ask('GET', 'webhooks')).webhooks.map(withBody)
  }

  async redeliverWebhook(id) {
    if (!Number.isSafeInteger(id) || id < 1) throw invalid('id', 'must be the id of a webhook')
    return withBody(await this.#ask('POST', `webhooks/${id}/redeliver`))
  }

  async fireWebhook(webhook = {}) {
    const names = ['item_id', 'webhook_code', 'webhook_type']
    const given = read(webhook, names, 'fireWebhook')
    for (const name of names) text(given[name], name)
    await this.#ask('POST', 'webhooks', given)
  }

  async signWebhook(body, options = {}) {
    required(body, 'body')
    const given = read(options, ['iat'], 'signWebhook')
    const iat = whole(given.iat, 'iat', 0, Math.trunc(LAST_MS / 1000))
    const json = JSON.stringify({ body: bodyText(body), iat })
    return (await this.#send('POST', 'webhooks/sign', json)).verification
  }

  async rotateWebhookKey() {
    return (await this.#ask('POST', 'keys/rotate')).kid
  }

  async requests() {
    return (await this.#ask('GET', 'requests')).requests
  }

  async now() {
    return new Date((await this.#ask('GET', 'clock')).now)
  }

  async advanceClock(ms) {
    if (typeof ms !== 'number' || !(ms >= 0 && ms <= LAST_MS)) {
      throw invalid('ms', 'must be a number of milliseconds, at least 0')
    }
    return new Date((await this.#ask('POST', 'clock/advance', { ms })).now)
  }

  async failNext(failure = {}) {
    const given = scalars(read(failure, FAILURE, 'failNext'))
    if (given.kind !== undefined && !KINDS.includes(given.kind)) {
      throw invalid('kind', `must be one of: ${KINDS.join(', ')}`)
    }
    const { times = given.probability === undefined ? 1 : Infinity } = given
    await this.#ask('POST', 'faults', { ...given, times: finite(times) })
  }

  async delay(delay = {}) {
    const given = scalars(read(delay, DELAY, 'delay'))
    await this.#ask('POST', 'faults', { ...given, kind: 'delay', times: finite(given.times) })
  }

  async faults() {
    return (await this.#ask('GET', 'faults')).faults
  }

  async clearFaults() {
    await this.#ask('DELETE', 'faults')
  }

  async stub(path, body, options = {}) {
    required(path, 'path')
    const { status } = scalars(read(options, ['status'], 'stub'))
    const bodies = Array.isArray(body) ? body : [body]
    if (!bodies.every((one) => typeof one === 'object' && one !== null)) {
      throw invalid('body', 'must be an object, or an array of objects')
    }
    await this.#ask('POST', 'stubs', { path: text(path, 'path'), bodies: plain(bodies), status })
  }

  async stubs() {
    return (await this.#ask('GET', 'stubs')).stubs
  }

  async clearStubs() {
    await this.#ask('DELETE', 'stubs')
  }

  async reset() {
    await this.#ask('POST', 'reset')
  }

  async close() {
    running.delete(this.#native)
    await outcome((id) => this.#native.close(id))
  }

  async [Symbol.asyncDispose]() {
    await this.close()
  }

  async #ask(method, path, options = {}) {
    return this.#send(method, path, toJson(options))
  }

  async #send(method, path, json) {
    return outcome((id) => this.#native.ask(id, method, path, json))
  }
}

/** Parses the body, and adds the outcome of the last attempt. */
function withBody({ body, ...webhook }) {
  const { verification = null, outcome = null } = webhook.attempts.at(-1) ?? {}
  return { ...webhook, body: JSON.parse(body), rawBody: body, verification, outcome }
}

/** The text of a webhook's body, which is UTF-8. */
function bodyText(body) {
  let given = body
  if (isUint8Array(body)) {
    given = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    if (!isUtf8(given)) throw invalid('body', 'must be UTF-8')
    given = given.toString()
  }
  return wellFormed(text(given, 'body', undefined, LONGEST_BODY), 'body', LONGEST_BODY)
}

function seed(number) {
  if (number === undefined || (Number.isSafeInteger(number) && number >= 0)) return number
  throw invalid('seed', 'must be a whole number from 0 to 2 ** 53 - 1')
}

/** `true` for a free port, or the port. */
function tlsPort(tls = false) {
  if (typeof tls === 'boolean') return tls ? 0 : undefined
  if (Number.isInteger(tls) && tls >= 0 && tls <= 65_535) return tls
  throw invalid('tls', 'must be true, false, or a port from 0 (a free one) to 65535')
}

function arrival(transactions = 'ready') {
  if (ARRIVALS.includes(transactions)) return transactions
  throw invalid('transactions', `must be one of: ${ARRIVALS.join(', ')}`)
}

/** Milliseconds since 1970. */
function instant(now) {
  if (now === undefined) return undefined
  const isInstant = isDate(now) || typeof now === 'string' || typeof now === 'number'
  const ms = isInstant ? new Date(now).getTime() : Number.NaN
  if (ms >= 0 && ms <= LAST_MS) return ms
  throw invalid('now', 'must be a Date, a date as text, or milliseconds, from 1970 to 9999')
}

function required(value, field) {
  if (value === undefined) throw invalid(field, 'is missing')
}

function pathPart(value, field) {
  required(value, field)
  wellFormed(text(value, field), field)
  // A slash would end this part of the path, and no id holds one.
  return value.replaceAll('/', '?')
}

/** Refuses values that JSON cannot carry; Rust checks the rest. */
function scalars(given) {
  for (const [name, value] of Object.entries(given)) {
    const isEndless = name === 'times' && value === Infinity
    const isScalar = value === undefined || typeof value === 'string' || Number.isFinite(value)
    if (!isScalar && !isEndless) throw invalid(name, 'must be text or a finite number')
  }
  return given
}

function toJson(options) {
  for (const [name, value] of Object.entries(options)) {
    for (const part of [value].flat()) wellFormed(part, name)
  }
  return JSON.stringify(options)
}

/** The bodies of a stub as JSON shows them. */
function plain(bodies) {
  let text
  try {
    text = JSON.stringify(bodies)
  } catch {
    throw invalid('body', 'must be JSON: no BigInt, and no object that contains itself')
  }
  return JSON.parse(text, (name, value) => {
    wellFormed(name, 'body')
    wellFormed(value, 'body')
    return value
  })
}

/** UTF-8 has no lone surrogates. */
function wellFormed(value, field, longest) {
  if (typeof value !== 'string') return value
  checkLength(value, field, undefined, longest)
  if (value.isWellFormed()) return value
  throw invalid(field, 'must be well-formed Unicode')
}

/** JSON has no Infinity: Rust takes an absent field for no limit. */
function finite(times) {
  return times === Infinity ? undefined : times
}

module.exports = { startSandbox }
