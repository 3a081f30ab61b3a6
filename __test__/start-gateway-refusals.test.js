'use strict'

// Promise: an invalid option is refused with a PlaidUsageError that names the option and never quotes
// its value. No gateway is started.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startGateway } = require('../gateway.js')
const { PlaidUsageError } = require('../index.js')
const { CLIENT_ID, SECRET } = require('./support/client.js')
const {
  LIST,
  NO_BOOLEAN,
  NO_LIST,
  NO_TEXT,
  NUMBER,
  TEXT,
  VALUE,
  WHOLE,
  checkRefused,
} = require('./support/options.js')
const { portOf, start: startSandbox } = require('./support/sandbox.js')

const { 'half a surrogate pair': _, ...NO_STRING } = TEXT
const COUNT = { ...WHOLE, Infinity, 'one too many': 2 ** 20 + 1 }

/** Invalid values of each option. */
const OPTIONS = {
  port: { ...WHOLE, Infinity, 'one too many': 65_536 },
  host: { ...TEXT, 'a name': 'localhost', 'a URL': 'http://127.0.0.1', 'no address': VALUE },
  clientId: NO_STRING,
  secret: NO_STRING,
  credentialsFile: { ...TEXT, 'no file': `/${VALUE}`, 'a directory': __dirname },
  baseUrl: NO_STRING,
  token: {
    ...TEXT,
    short: VALUE.slice(0, 15),
    'a space': `${VALUE} ${VALUE}`,
    'a line': `${VALUE}\r\nx: y`,
  },
  tokenFile: { ...TEXT, 'no file': `/${VALUE}`, 'a directory': __dirname },
  allowOrigins: {
    ...LIST,
    'no origin': [VALUE],
    'any origin': ['*'],
    null: ['null'],
    'a path': [`https://${VALUE}/`],
    'a user': [`https://${VALUE}@host`],
    'another scheme': [`file://${VALUE}`],
  },
  maxInFlight: { ...COUNT, zero: 0 },
  maxWaiting: COUNT,
  timeoutMs: { ...NUMBER, Infinity, zero: 0, 'too much': 2 ** 31 },
  maxRetries: { ...WHOLE, Infinity, 'too many': 101 },
  graceMs: { ...WHOLE, Infinity, 'over an hour': 3_600_001 },
}

/** Valid options next to the invalid one. */
const OTHERS = {
  clientId: { secret: SECRET },
  secret: { clientId: CLIENT_ID },
}

for (const [field, values] of Object.entries(OPTIONS)) {
  test(`startGateway() refuses invalid values of ${field}`, async () => {
    const ask = (value) => startGateway({ ...OTHERS[field], [field]: value })
    for (const [what, value] of Object.entries(values)) {
      await checkRefused(() => ask(value), field, what)
    }
    const throwing = Object.defineProperty({ ...OTHERS[field] }, field, {
      enumerable: true,
      get: () => assert.fail(VALUE),
    })
    await checkRefused(() => startGateway(throwing), field, 'a getter that throws')
  })
}

for (const [what, options, code, field] of [
  ['a base URL that is not a URL', { baseUrl: VALUE }, 'INVALID_BASE_URL', 'baseUrl'],
  ['a base URL with a path', { baseUrl: `https://${VALUE}/a` }, 'INVALID_BASE_URL', 'baseUrl'],
  ['plain http to another machine', { baseUrl: `http://${VALUE}` }, 'INSECURE_URL', 'baseUrl'],
  ['production', { baseUrl: 'https://production.plaid.com' }, 'NOT_SANDBOX', 'baseUrl'],
  ['an invalid certificate', { ca: VALUE }, 'INVALID_CA', 'ca'],
  ['a public address without a token', { host: '0.0.0.0' }, 'TOKEN_MISSING', 'token'],
  ['a public IPv6 address without a token', { host: '::' }, 'TOKEN_MISSING', 'token'],
]) {
  test(`startGateway() refuses ${what}`, () =>
    checkRefused(() => startGateway(options), field, what, code))
}

test('half a pair of credentials is refused, and the other half is named', async (t) => {
  for (const [options, missing] of [
    [{ clientId: CLIENT_ID }, 'secret'],
    [{ secret: SECRET }, 'clientId'],
  ]) {
    await checkRefused(() => startGateway(options), missing, 'half a pair')
  }
  process.env.PLAID_SECRET = SECRET
  t.after(() => delete process.env.PLAID_SECRET)
  await checkRefused(() => startGateway(), 'clientId', 'half a pair of the environment')
})

/** Invalid values of the fields of rateLimit. */
const RATE = { ...COUNT, zero: 0 }

test('startGateway() refuses invalid values of rateLimit', async () => {
  for (const field of ['perSecond', 'burst']) {
    for (const [what, value] of Object.entries(RATE)) {
      const ask = () => startGateway({ rateLimit: { [field]: value } })
      await checkRefused(ask, `rateLimit.${field}`, what)
    }
  }
  for (const value of [null, 10, '10', [], () => VALUE]) {
    await checkRefused(() => startGateway({ rateLimit: value }), 'options', String(value))
  }
  const misspelt = { rateLimit: { persecond: 1 } }
  await checkRefused(() => startGateway(misspelt), 'persecond', 'misspelt', 'UNKNOWN_OPTION')
})

test('options that are not an object are refused, and so is an unknown option', async () => {
  for (const [what, value] of Object.entries({ ...NO_TEXT, ...NO_BOOLEAN, ...NO_LIST })) {
    await checkRefused(() => startGateway(value), 'options', what)
  }
  for (const [name, shown] of [
    ['tokn', 'tokn'],
    ['gateway', 'gateway'],
    [VALUE, '(not shown)'],
    ['', '(not shown)'],
  ]) {
    await checkRefused(() => startGateway({ [name]: VALUE }), shown, name, 'UNKNOWN_OPTION')
  }
})

test('a refused gateway takes no port', async (t) => {
  const sandbox = await startSandbox(t)
  await sandbox.close()
  const refused = startGateway({ port: portOf(sandbox), token: 'short' })
  await assert.rejects(refused, PlaidUsageError)
  const gateway = await startGateway({ port: portOf(sandbox) })
  await gateway.close()
})
