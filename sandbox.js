'use strict'

// `@utdk/plaid/sandbox`: the local Plaid Sandbox, as an object to hold in a test. Each method asks
// what a control route of the same words would be asked over HTTP; the options are checked there.

const { NativeSandbox } = require('./binding.js')
const { ending, handOver, startedEngine } = require('./lib/engine.js')
const { PlaidError, PlaidTimeoutError, PlaidUsageError } = require('./lib/errors.js')
const { checkNames, invalid, printable, text, texts, timeout } = require('./lib/options.js')

/** Running Sandboxes: one that nobody refers to any more still answers at its URL. */
const running = new Set()

const OPTIONS = ['allowRemoteControl', 'allowWebhookHosts', 'host', 'now', 'port', 'seed']
/** The last instant of the year 9999. */
const LAST_MS = 253_402_300_799_999

async function startSandbox(options = {}) {
  checkNames(options, OPTIONS, 'startSandbox')
  const settings = {
    host: text(options.host, 'host'),
    port: port(options.port),
    seed: seed(options.seed),
    nowMs: instant(options.now),
    allowWebhookHosts: texts(options.allowWebhookHosts, 'allowWebhookHosts') ?? [],
    allowRemoteControl: flag(options.allowRemoteControl, 'allowRemoteControl'),
  }
  const native = new NativeSandbox(startedEngine())
  const started = await outcome((id) => native.start(id, settings))
  running.add(native)
  return new Sandbox(native, started)
}

class Sandbox {
  #native

  constructor(native, { url, clientId, secret }) {
    this.#native = native
    this.url = url
    this.clientId = clientId
    this.secret = secret
  }

  async createItem(item = {}) {
    checkNames(item, ['institution_id', 'products', 'user_id', 'webhook'], 'createItem')
    return this.#ask('POST', 'items', {
      webhook: text(item.webhook, 'webhook'),
      products: texts(item.products, 'products'),
      institution_id: text(item.institution_id, 'institution_id'),
      user_id: text(item.user_id, 'user_id'),
    })
  }

  async items() {
    return (await this.#ask('GET', 'items')).items
  }

  async repairItem(item_id) {
    await this.#ask('POST', `items/${pathPart(item_id, 'item_id')}/repair`)
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
    checkNames(filter, ['item_id', 'timeoutMs', 'webhook_code'], 'nextWebhook')
    const webhook = await this.#ask('POST', 'webhooks/next', {
      item_id: text(filter.item_id, 'item_id'),
      webhook_code: text(filter.webhook_code, 'webhook_code'),
      timeoutMs: timeout(filter.timeoutMs),
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

  async failNext(fault = {}) {
    const { times = fault?.probability === undefined ? 1 : Infinity, ...rest } = object(fault)
    await this.#ask('POST', 'faults', { kind: 'error', ...rest, times: finite(times) })
  }

  async delay(delay = {}) {
    const { times = Infinity, ...rest } = object(delay)
    await this.#ask('POST', 'faults', { ...rest, kind: 'delay', times: finite(times) })
  }

  async faults() {
    return (await this.#ask('GET', 'faults')).faults
  }

  async clearFaults() {
    await this.#ask('DELETE', 'faults')
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
    const json = toJson(options)
    return outcome((id) => this.#native.ask(id, method, path, json))
  }
}

/** Has the I/O thread do it, and gives its value back. */
async function outcome(send) {
  const answer = await ending(handOver(send))
  if (answer.kind === 'value') return answer.value
  const { code = 'CLOSED', message = 'the Sandbox is closed', field } = answer
  const error = new (classOf(code))(message, { code, field: field ?? undefined })
  Error.captureStackTrace(error, outcome)
  throw error
}

function classOf(code) {
  switch (code) {
    case 'WEBHOOK_TIMEOUT':
      return PlaidTimeoutError
    case 'EADDRINUSE':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'SANDBOX_NOT_STARTED':
      return PlaidError
    default:
      return PlaidUsageError
  }
}

/** The body parsed, and beside the attempts what the last of them came to. */
function withBody({ body, ...webhook }) {
  const { verification = null, outcome = null } = webhook.attempts.at(-1) ?? {}
  return { ...webhook, body: JSON.parse(body), rawBody: body, verification, outcome }
}

function port(number = 0) {
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
  throw invalid('port', 'must be a whole number from 0 (a free port) to 65535')
}

function seed(number) {
  if (number === undefined || (Number.isSafeInteger(number) && number >= 0)) return number
  throw invalid('seed', 'must be a whole number from 0 to 2 ** 53 - 1')
}

/** Milliseconds since 1970. */
function instant(now) {
  if (now === undefined) return undefined
  const isDate = now instanceof Date || typeof now === 'string' || typeof now === 'number'
  const ms = isDate ? new Date(now).getTime() : Number.NaN
  if (ms >= 0 && ms <= LAST_MS) return ms
  throw invalid('now', 'must be a Date, a date as text, or milliseconds, from 1970 to 9999')
}

function flag(value, field) {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalid(field, 'must be true or false')
}

function required(value, field) {
  if (value === undefined) throw invalid(field, 'is missing')
}

function pathPart(value, field) {
  required(value, field)
  // As it stands, but for what would end the part: no id holds that.
  return text(value, field).replaceAll('/', '?')
}

function object(options) {
  if (options !== null && typeof options === 'object') return options
  throw invalid('options', 'must be an object')
}

/** What JSON would leave out or change without a word is refused. */
function toJson(options) {
  for (const [name, value] of Object.entries(options)) {
    const isData = !['bigint', 'function', 'symbol'].includes(typeof value)
    if (!isData || (typeof value === 'number' && !Number.isFinite(value))) {
      throw invalid(printable(name), 'must be text, a finite number, or a list of texts')
    }
  }
  try {
    return JSON.stringify(options)
  } catch {
    throw invalid('options', 'must be plain data')
  }
}

/** JSON has no Infinity: left out, it is what Rust takes for no end. */
function finite(times) {
  return times === Infinity ? undefined : times
}

module.exports = { startSandbox }
