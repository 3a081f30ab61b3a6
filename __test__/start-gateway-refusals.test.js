'use strict'

// Promise: an option that a gateway cannot have is refused with a PlaidUsageError that names it and
// never quotes its value, and no gateway is started.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startGateway } = require('../gateway.js')
const { PlaidUsageError } = require('../index.js')
const { CLIENT_ID, SECRET } = require('./support/client.js')
const { fileWith, linesOf } = require('./support/gateway.js')
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

/** Bad values of each option. */
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

/** What stands beside the option, so that it alone is wrong. */
const BESIDE = {
  clientId: { secret: SECRET },
  secret: { clientId: CLIENT_ID },
}

for (const [field, values] of Object.entries(OPTIONS)) {
  test(`startGateway() refuses every ${field} that cannot be`, async () => {
    const ask = (value) => startGateway({ ...BESIDE[field], [field]: value })
    for (const [what, value] of Object.entries(values)) {
      await checkRefused(() => ask(value), field, what)
    }
    const throwing = Object.defineProperty({ ...BESIDE[field] }, field, {
      enumerable: true,
      get: () => assert.fail(VALUE),
    })
    await checkRefused(() => startGateway(throwing), field, 'a getter that throws')
  })
}

for (const [what, options, code, field] of [
  ['a base URL that is none', { baseUrl: VALUE }, 'INVALID_BASE_URL', 'baseUrl'],
  ['a base URL with a path', { baseUrl: `https://${VALUE}/a` }, 'INVALID_BASE_URL', 'baseUrl'],
  ['plain http elsewhere', { baseUrl: `http://${VALUE}` }, 'INSECURE_URL', 'baseUrl'],
  ['production', { baseUrl: 'https://production.plaid.com' }, 'NOT_SANDBOX', 'baseUrl'],
  ['no certificate', { ca: VALUE }, 'INVALID_CA', 'ca'],
  ['other machines without a token', { host: '0.0.0.0' }, 'TOKEN_MISSING', 'token'],
  ['other machines, by IPv6', { host: '::' }, 'TOKEN_MISSING', 'token'],
]) {
  test(`startGateway() refuses ${what}`, () =>
    checkRefused(() => startGateway(options), field, what, code))
}

test('half a pair of credentials is refused by the name of the other half', async (t) => {
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

/** Modes of a file by which others than its owner could read or change it. */
const OPEN_MODES = [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]

for (const [field, text] of [
  ['credentialsFile', linesOf({ clientId: VALUE, secret: VALUE })],
  ['tokenFile', VALUE],
]) {
  test(`a ${field} that others than its owner could touch is refused`, async (t) => {
    for (const mode of OPEN_MODES) {
      const file = fileWith(t, text, mode)
      await checkRefused(() => startGateway({ [field]: file }), field, mode.toString(8))
      const { message } = await startGateway({ [field]: file }).catch((error) => error)
      assert.match(message, /chmod 600/)
      assert.ok(!message.includes(file))
    }
  })
}

test('a credentialsFile without both lines is refused', async (t) => {
  for (const text of ['', VALUE, `PLAID_CLIENT_ID=${VALUE}`, `PLAID_SECRET=${VALUE}\n`]) {
    const file = fileWith(t, text)
    await checkRefused(() => startGateway({ credentialsFile: file }), 'credentialsFile', text)
  }
})

test('a tokenFile whose token could be guessed, or is no header, is refused', async (t) => {
  for (const text of ['', '\n', VALUE.slice(0, 15), `${VALUE}\n${VALUE}`]) {
    const file = fileWith(t, text)
    await checkRefused(() => startGateway({ tokenFile: file }), 'token', text)
  }
})

/** Bad values of what stands in rateLimit. */
const RATE = { ...COUNT, zero: 0 }

test('startGateway() refuses every rateLimit that cannot be', async () => {
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

test('what is no object of options is refused, and so is an option that there is not', async () => {
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

test('a gateway that was refused has taken no port', async (t) => {
  const sandbox = await startSandbox(t)
  await sandbox.close()
  const refused = startGateway({ port: portOf(sandbox), token: 'short' })
  await assert.rejects(refused, PlaidUsageError)
  const gateway = await startGateway({ port: portOf(sandbox) })
  await gateway.close()
})
