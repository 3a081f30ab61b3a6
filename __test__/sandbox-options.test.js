'use strict'

// Promise: a wrong option or argument is refused with a PlaidUsageError that names it and never
// quotes its value, and nothing is done.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startSandbox } = require('../sandbox.js')
const {
  LIST,
  NEVER,
  NO_BOOLEAN,
  NO_LIST,
  NO_NUMBER,
  NO_TEXT,
  NUMBER,
  TEXT,
  VALUE,
  WHOLE,
  checkRefused,
} = require('./support/options.js')
const { start } = require('./support/sandbox.js')

/** Wrong values for every option, by method. */
const OPTIONS = {
  startSandbox: {
    host: { ...TEXT, 'a name': 'localhost', 'a URL': 'http://127.0.0.1', 'not an address': VALUE },
    port: { ...WHOLE, Infinity, 'one too many': 65_536 },
    seed: { ...WHOLE, Infinity, 'one too many': 2 ** 53 },
    now: {
      ...NEVER,
      ...NO_LIST,
      ...NO_BOOLEAN,
      ...NO_NUMBER,
      NaN: Number.NaN,
      Infinity,
      'before 1970': '1969-12-31T23:59:59Z',
      'after 9999': 253_402_300_800_000,
      'an invalid Date': new Date(VALUE),
      'a Proxy of a Date': new Proxy(new Date(), {}),
    },
    allowWebhookHosts: {
      ...LIST,
      'a path': [`${VALUE}/`],
      'a URL': [`http://${VALUE}`],
      'an empty host': [''],
      'a user': [`${VALUE}@host`],
    },
    transactions: { ...TEXT, 'an unknown arrival': VALUE },
    tls: { ...NEVER, ...NO_LIST, ...NO_NUMBER, NaN: Number.NaN, 'one too many': 65_536 },
    clientId: { ...TEXT, 'not an id': VALUE, 'too long': '0'.repeat(25) },
    secret: { ...TEXT, 'with a space': `${VALUE} ${VALUE}`, 'too long': VALUE.repeat(20) },
    anyCredentials: { ...NEVER, ...NO_LIST, ...NO_TEXT, 'a text': VALUE },
    allowRemoteControl: { ...NEVER, ...NO_LIST, ...NO_TEXT, 'a text': VALUE },
  },
  createItem: { webhook: TEXT, products: LIST, institution_id: TEXT, user_id: TEXT },
  nextWebhook: {
    item_id: TEXT,
    webhook_code: TEXT,
    timeoutMs: { ...NUMBER, Infinity, zero: 0, 'one too many': 2 ** 31 },
  },
  failNext: {
    kind: { ...TEXT, 'an unknown kind': VALUE, 'the kind of delay()': 'delay' },
    path: { ...TEXT, 'an unknown route': `/${VALUE}`, 'a route with a query': '/item/get?a=1' },
    status: { ...WHOLE, Infinity, 'a success': 200, 'an unknown status': 600 },
    error_code: { ...TEXT, 'an unknown code': VALUE },
    retryAfter: { ...WHOLE, Infinity, 'over a day': 86_401 },
    times: { ...WHOLE, zero: 0 },
    probability: { ...NUMBER, Infinity, zero: 0, 'over 1': 1.01 },
  },
  delay: {
    ms: { ...WHOLE, Infinity, 'over an hour': 3_600_001 },
    path: { ...TEXT, 'an unknown route': `/${VALUE}` },
    times: { ...WHOLE, zero: 0 },
    probability: { ...NUMBER, Infinity, zero: 0, 'over 1': 1.01 },
  },
}

/** Other options that make a call valid. */
const VALID = { failNext: { status: 500 }, delay: { ms: 1 } }

const ARGUMENTS = {
  repairItem: ['item_id', { ...TEXT, undefined }],
  createUpdateLink: ['item_id', { ...TEXT, undefined }],
  completeLink: ['link_token', { ...TEXT, undefined }],
  exitLink: ['link_token', { ...TEXT, undefined }],
  redeliverWebhook: ['id', { ...WHOLE, Infinity, zero: 0, 'one too many': 2 ** 53, undefined }],
  advanceClock: ['ms', { ...NUMBER, Infinity, 'too much': Number.MAX_VALUE, undefined }],
}

/** Asserts that a refused call changed nothing. */
async function checkUntouched(sandbox) {
  assert.deepEqual([await sandbox.items(), await sandbox.faults()], [[], []])
}

for (const [method, fields] of Object.entries(OPTIONS)) {
  for (const [field, values] of Object.entries(fields)) {
    test(`${method}() refuses every wrong ${field}`, async (t) => {
      const sandbox = await start(t)
      const ask = (options) => {
        if (method === 'startSandbox') return startSandbox(options)
        return sandbox[method]({ ...VALID[method], ...options })
      }
      for (const [what, value] of Object.entries(values)) {
        await checkRefused(() => ask({ [field]: value }), field, what)
      }
      const throwing = Object.defineProperty({ ...VALID[method] }, field, {
        enumerable: true,
        get: () => assert.fail(VALUE),
      })
      const direct = method === 'startSandbox' ? startSandbox : (it) => sandbox[method](it)
      await checkRefused(() => direct(throwing), field, 'a getter that throws')
      await checkUntouched(sandbox)
    })
  }
}

for (const [method, [field, values]] of Object.entries(ARGUMENTS)) {
  test(`${method}() refuses every wrong ${field}`, async (t) => {
    const sandbox = await start(t)
    for (const [what, value] of Object.entries(values)) {
      await checkRefused(() => sandbox[method](value), field, what)
    }
  })
}

test('anything but an object of known options is refused', async (t) => {
  const sandbox = await start(t)
  const notObjects = { ...NO_TEXT, ...NO_BOOLEAN, ...NO_LIST, null: null, 'a text': VALUE }
  const never = ['a bigint', 'a function', 'a symbol', 'a Proxy that throws', 'a revoked Proxy']
  for (const name of never) notObjects[name] = NEVER[name]
  for (const [method, fields] of Object.entries(OPTIONS)) {
    const ask = method === 'startSandbox' ? startSandbox : (options) => sandbox[method](options)
    for (const [what, value] of Object.entries(notObjects)) {
      await checkRefused(() => ask(value), 'options', `${method} with ${what}`)
    }
    for (const [name, shown] of [
      ['webhok', 'webhok'],
      ['itemId', 'itemId'],
      [VALUE, '(not shown)'],
      ['', '(not shown)'],
    ]) {
      const unknown = { ...VALID[method], [name]: VALUE }
      await checkRefused(() => ask(unknown), shown, `${method} with ${name}`, 'UNKNOWN_OPTION')
      await assert.rejects(ask(unknown), ({ message }) => {
        for (const field of Object.keys(fields)) assert.ok(message.includes(field), message)
        return true
      })
    }
  }
  await checkUntouched(sandbox)
})

test('failNext() refuses an option of another kind of failure', async (t) => {
  const sandbox = await start(t)
  for (const [kind, field] of [
    ['html', 'error_code'],
    ['html', 'retryAfter'],
    ['reset', 'status'],
    ['cut_short', 'status'],
    ['hang', 'error_code'],
  ]) {
    const value = field === 'error_code' ? 'RATE_LIMIT' : 500
    await checkRefused(
      () => sandbox.failNext({ kind, [field]: value }),
      field,
      kind,
      'UNKNOWN_OPTION',
    )
  }
  await checkRefused(() => sandbox.failNext({ status: 400 }), 'error_code', 'a bare 400')
  await checkRefused(() => sandbox.delay({ path: '/item/get' }), 'ms', 'a delay without ms')
  await checkUntouched(sandbox)
})

test('options may be inherited, undefined, or without a prototype', async (t) => {
  const sandbox = await start(t, { port: undefined, seed: undefined, allowWebhookHosts: undefined })
  const bare = Object.assign(Object.create(null), { products: ['auth'], webhook: undefined })
  await sandbox.createItem(bare)
  await sandbox.createItem(Object.create({ products: ['identity'] }))
  await sandbox.createItem(Object.freeze({ user_id: 'usr_one' }))
  await sandbox.createItem(undefined)
  assert.deepEqual(
    (await sandbox.items()).map(({ products }) => products[0]),
    ['auth', 'identity', 'transactions', 'transactions'],
  )
})
