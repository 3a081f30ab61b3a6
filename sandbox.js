'use strict'

// `@utdk/plaid/sandbox`: the local Plaid Sandbox, as an object to hold in a test.

const { NativeSandbox } = require('./binding.js')
const { ending, handOver, startedEngine } = require('./lib/engine.js')
const { PlaidError, PlaidTimeoutError, PlaidUsageError } = require('./lib/errors.js')
const { checkNames, invalid, text, timeout } = require('./lib/options.js')

/** Running Sandboxes: one that nobody refers to any more still answers at its URL. */
const running = new Set()

async function startSandbox(options = {}) {
  checkNames(options, ['port'], 'startSandbox')
  const number = port(options.port)
  const native = new NativeSandbox(startedEngine())
  const started = await ask((id) => native.start(id, number))
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
    checkNames(item, ['institution_id', 'products', 'webhook'], 'createItem')
    const { products } = item
    if (
      products !== undefined &&
      !(Array.isArray(products) && products.every((product) => typeof product === 'string'))
    ) {
      throw invalid('products', 'must be an array of strings')
    }
    const settings = {
      webhook: text(item.webhook, 'webhook'),
      products,
      institutionId: text(item.institution_id, 'institution_id'),
    }
    return ask((id) => this.#native.createItem(id, settings))
  }

  async nextWebhook(filter = {}) {
    checkNames(filter, ['item_id', 'timeoutMs', 'webhook_code'], 'nextWebhook')
    const item_id = text(filter.item_id, 'item_id')
    const webhook_code = text(filter.webhook_code, 'webhook_code')
    const timeoutMs = timeout(filter.timeoutMs) ?? 5_000
    const { body, ...webhook } = await ask((id) =>
      this.#native.nextWebhook(id, item_id, webhook_code, timeoutMs),
    )
    return { ...webhook, body: JSON.parse(body), rawBody: body }
  }

  async repairItem(item_id) {
    if (item_id === undefined) throw invalid('item_id', 'is missing')
    text(item_id, 'item_id')
    await ask((id) => this.#native.repairItem(id, item_id))
  }

  async close() {
    running.delete(this.#native)
    await ask((id) => this.#native.close(id))
  }

  async [Symbol.asyncDispose]() {
    await this.close()
  }
}

/** Has the I/O thread do it, and gives its value back. */
async function ask(send) {
  const answer = await ending(handOver(send))
  if (answer.kind === 'value') return answer.value
  const { code = 'CLOSED', message = 'the Sandbox is closed', field } = answer
  const error = new (classOf(code))(message, { code, field: field ?? undefined })
  Error.captureStackTrace(error, ask)
  throw error
}

function classOf(code) {
  switch (code) {
    case 'WEBHOOK_TIMEOUT':
      return PlaidTimeoutError
    case 'EADDRINUSE':
    case 'EACCES':
    case 'SANDBOX_NOT_STARTED':
      return PlaidError
    default:
      return PlaidUsageError
  }
}

function port(number = 0) {
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
  throw invalid('port', 'must be a whole number from 0 (a free port) to 65535')
}

module.exports = { startSandbox }
