'use strict'

// Promise: a wrong option is refused with a PlaidUsageError that names it, and nothing is sent.
// What a well-typed value must be is proved in crates/client.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { PlaidUsageError, createPlaidClient } = require('../index.js')
const {
  ACCESS_TOKEN,
  GATEWAY_TOKEN,
  INPUT,
  SECRET,
  clientOf,
  works,
} = require('./support/client.js')
const { failure, refusal } = require('./support/failure.js')
const { startServer } = require('./support/server.js')

/** Asserts that a call with `options` is refused, that nothing was sent, and the next call works. */
async function checkCall(t, options, code, field) {
  const server = await startServer(t)
  const client = clientOf(server)
  await failure(client, PlaidUsageError, { code, field, attempts: 0 }, INPUT, options)
  assert.equal(server.connectionCount(), 0)
  await works(client)
}

function checkClient(options, code, field) {
  return refusal(() => createPlaidClient(options), PlaidUsageError, { code, field, attempts: 0 })
}

const EITHER = [
  ['a timeoutMs of 0', { timeoutMs: 0 }, 'INVALID_OPTION', 'timeoutMs'],
  ['a negative timeoutMs', { timeoutMs: -1 }, 'INVALID_OPTION', 'timeoutMs'],
  ['a timeoutMs of NaN', { timeoutMs: Number.NaN }, 'INVALID_OPTION', 'timeoutMs'],
  ['an infinite timeoutMs', { timeoutMs: Infinity }, 'INVALID_OPTION', 'timeoutMs'],
  ['a string as timeoutMs', { timeoutMs: '1000' }, 'INVALID_OPTION', 'timeoutMs'],
  ['a timeoutMs of null', { timeoutMs: null }, 'INVALID_OPTION', 'timeoutMs'],
  ['a bigint as timeoutMs', { timeoutMs: 1000n }, 'INVALID_OPTION', 'timeoutMs'],
  ['a maxRetries of -1', { maxRetries: -1 }, 'INVALID_OPTION', 'maxRetries'],
  ['a maxRetries of 1.5', { maxRetries: 1.5 }, 'INVALID_OPTION', 'maxRetries'],
  ['a string as maxRetries', { maxRetries: '2' }, 'INVALID_OPTION', 'maxRetries'],
  ['a string as headers', { headers: 'x-one: 1' }, 'INVALID_OPTION', 'headers'],
  ['a header without a value', { headers: { 'x-one': null } }, 'INVALID_OPTION', 'headers'],
  ['a header that is not a pair', { headers: ['x-one'] }, 'INVALID_OPTION', 'headers'],
  ['a newline in a header', { headers: { 'x-one': `${SECRET}\r\n` } }, 'INVALID_HEADER', 'headers'],
  ['a token as a header name', { headers: { [`${SECRET}\n`]: '' } }, 'INVALID_HEADER', 'headers'],
  ['headers above 64 KiB', { headers: { a: 'b'.repeat(65_536) } }, 'INVALID_OPTION', 'headers'],
  ['a reserved header', { headers: { 'Plaid-Secret': SECRET } }, 'INVALID_HEADER', 'headers'],
  ['an unknown option', { timeout: 1000 }, 'UNKNOWN_OPTION', 'timeout'],
  ['a token as an option’s name', { [ACCESS_TOKEN]: 1 }, 'UNKNOWN_OPTION', '(not shown)'],
  ['options of null', null, 'INVALID_OPTION', 'options'],
  ['a string as options', 'fast', 'INVALID_OPTION', 'options'],
]

for (const [what, options, code, field] of EITHER) {
  test(`${what} is refused as ${code}, by a call`, (t) => checkCall(t, options, code, field))
  test(`${what} is refused as ${code}, by a client`, () => {
    checkClient(options, code, field)
  })
}

const LIMITS = [
  ['attemptTimeoutMs', 0],
  ['attemptTimeoutMs', '10'],
  ['connectTimeoutMs', Infinity],
  ['connectTimeoutMs', null],
  ['maxConnections', 0],
  ['maxConnections', 1.5],
  ['maxConnections', 65_536],
]

for (const [name, value] of LIMITS) {
  test(`${name} cannot be ${value}`, () => {
    checkClient({ [name]: value }, 'INVALID_OPTION', name)
  })
}

const SIGNALS = [
  ['a string', 'abort'],
  ['an AbortController', new AbortController()],
  ['a function', () => {}],
  ['an object that only looks like a signal', { aborted: false }],
]

for (const [what, signal] of SIGNALS) {
  test(`${what} as the signal is refused`, (t) =>
    checkCall(t, { signal }, 'INVALID_OPTION', 'signal'))
}

test('an option of calls is not an option of clients, nor the other way round', async (t) => {
  checkClient({ signal: new AbortController().signal }, 'UNKNOWN_OPTION', 'signal')
  await checkCall(t, { secret: SECRET }, 'UNKNOWN_OPTION', 'secret')
})

const MIB = 1024 * 1024 + 1
const LOCAL = 'http://localhost:4000'
const NONSENSE = '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n'
const OF_CLIENTS = [
  ['a number as clientId', { clientId: 5 }, 'INVALID_OPTION', 'clientId'],
  ['an empty secret', { secret: '' }, 'INVALID_OPTION', 'secret'],
  ['a URL object', { baseUrl: new URL('https://a.invalid') }, 'INVALID_OPTION', 'baseUrl'],
  ['a ca that is not PEM', { ca: SECRET }, 'INVALID_CA', 'ca'],
  ['an empty ca', { ca: '' }, 'INVALID_CA', 'ca'],
  ['an empty list as ca', { ca: [] }, 'INVALID_CA', 'ca'],
  ['a ca whose PEM holds nonsense', { ca: NONSENSE }, 'INVALID_CA', 'ca'],
  ['a number as ca', { ca: 1 }, 'INVALID_OPTION', 'ca'],
  ['a ca above 4 MiB', { ca: [' '.repeat(MIB * 3), Buffer.alloc(MIB)] }, 'INVALID_OPTION', 'ca'],
  ['a clientId above 4 KiB', { clientId: 'a'.repeat(4097) }, 'INVALID_OPTION', 'clientId'],
  ['a secret above 4 KiB', { secret: 'a'.repeat(4097) }, 'INVALID_OPTION', 'secret'],
  ['a baseUrl above 64 KiB', { baseUrl: 'a'.repeat(65_537) }, 'INVALID_OPTION', 'baseUrl'],
  [
    'a gateway with a baseUrl',
    { gateway: { url: LOCAL }, baseUrl: 'https://sandbox.plaid.com' },
    'CONFLICTING_OPTIONS',
    'gateway',
  ],
  ['a string as gateway', { gateway: LOCAL }, 'INVALID_OPTION', 'gateway'],
  ['no gateway url', { gateway: { token: GATEWAY_TOKEN } }, 'INVALID_OPTION', 'gateway.url'],
  ['an invalid gateway url', { gateway: { url: 'here' } }, 'INVALID_GATEWAY', 'gateway.url'],
  [
    'plain http to a gateway on another machine',
    { gateway: { url: 'http://gateway.invalid:4000', token: GATEWAY_TOKEN } },
    'INSECURE_URL',
    'gateway.url',
  ],
  [
    'a number as the gateway token',
    { gateway: { url: LOCAL, token: 1 } },
    'INVALID_OPTION',
    'gateway.token',
  ],
  [
    'an unknown option of the gateway',
    { gateway: { url: LOCAL, bearer: GATEWAY_TOKEN } },
    'UNKNOWN_OPTION',
    'bearer',
  ],
]

for (const [what, options, code, field] of OF_CLIENTS) {
  test(`${what} is refused as ${code}`, () => {
    checkClient(options, code, field)
  })
}

test('an option of undefined counts as absent', async (t) => {
  const absent = { timeoutMs: undefined, maxRetries: undefined, headers: undefined }
  const client = clientOf(await startServer(t), { ...absent, ca: undefined, gateway: undefined })
  await client.sandboxitemresetlogin(INPUT, { ...absent, signal: undefined })
  await works(client)
})
