'use strict'

// Promise: a webhook that is not Plaid's is refused with a code that says why. The Rust tests of
// crates/webhooks have every wrong shape.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { inspect } = require('node:util')
const { PlaidConnectionError } = require('../index.js')
const { createWebhookVerifier } = require('../webhooks.js')
const { CLIENT_ID, SECRET } = require('./support/client.js')
const { start } = require('./support/sandbox.js')
const {
  BODY,
  KEY_ROUTE,
  jwt,
  keyRequests,
  partsOf,
  receiveWebhook,
  refused,
  startVerifier,
  verifierOf,
} = require('./support/webhooks.js')

test('a webhook without the header is not signed', async (t) => {
  const { verify } = await startVerifier(t)
  const headers = { 'content-type': 'application/json' }
  for (const none of [undefined, null, '', {}, headers, new Headers(headers), new Map()]) {
    await refused(verify(BODY, none), 'MISSING_SIGNATURE')
  }
})

test('a header that was sent twice is malformed', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const good = await sandbox.signWebhook(BODY)
  const twice = new Headers()
  twice.append('plaid-verification', good)
  twice.append('plaid-verification', good)
  for (const form of [twice, { 'plaid-verification': [good, good] }, `${good}, ${good}`]) {
    const { message } = await refused(verify(BODY, form), 'MALFORMED_SIGNATURE')
    assert.match(message, /sent twice/)
  }
})

test('signatures of every wrong shape are refused by their codes', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const good = await sandbox.signWebhook(BODY)
  const [header, payload, signature] = partsOf(good)
  const seconds = Math.floor(Date.now() / 1000)
  const cases = {
    MALFORMED_SIGNATURE: [
      'x',
      good.slice(0, good.lastIndexOf('.')),
      `${good}.x`,
      `${good}é`,
      `${good}\ud800`,
      `${good}\0`,
      'a'.repeat(1 << 24),
      jwt({ alg: 'ES256' }, payload, signature),
      jwt(header, { iat: seconds }, signature),
      jwt(header, null, signature),
    ],
    WRONG_ALGORITHM: [
      jwt({ ...header, alg: 'none' }, payload),
      jwt({ ...header, alg: 'HS256' }, payload, signature),
    ],
    TOO_OLD: [
      await sandbox.signWebhook(BODY, { iat: seconds - 302 }),
      await sandbox.signWebhook(BODY, { iat: seconds + 120 }),
    ],
    BODY_MISMATCH: [await sandbox.signWebhook(`${BODY} `)],
    UNKNOWN_KEY: [jwt({ ...header, kid: 'x' }, payload, signature)],
    BAD_SIGNATURE: [
      jwt(header, { ...payload, iat: payload.iat - 1 }, signature),
      jwt(header, payload, ''),
    ],
  }
  for (const [code, signatures] of Object.entries(cases)) {
    for (const signature of signatures) await refused(verify(BODY, signature), code)
  }
  assert.equal((await verify(BODY, good)).webhook_code, 'ERROR')
  await sandbox.rotateWebhookKey()
  await refused(verifierOf(sandbox)(BODY, good), 'EXPIRED_KEY')
})

test('a body that was parsed and serialized again says that the raw body is needed', async (t) => {
  const { verify, rawBody, verification } = await receiveWebhook(t)
  const again = JSON.stringify(JSON.parse(rawBody))
  const error = await refused(verify(again, verification), 'BODY_MISMATCH')
  assert.match(error.message, /parsed and serialized again, so pass the raw body/)
  const changed = await refused(
    verify(rawBody.replace('ITEM', 'ITEMS'), verification),
    'BODY_MISMATCH',
  )
  assert.doesNotMatch(changed.message, /serialized again/)
})

test('a parsed body, and an argument of another type, are usage errors', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const good = await sandbox.signWebhook(BODY)
  const usage = (field) => ({ name: 'PlaidUsageError', code: 'INVALID_FIELD', field })
  for (const body of [JSON.parse(BODY), [], undefined, null, 7, new ArrayBuffer(8)]) {
    await assert.rejects(verify(body, good), usage('rawBody'))
  }
  await assert.rejects(verify({}, good), /as if a JSON parser had read it: pass the raw body/)
  for (const signature of [7, true, Symbol('x'), { 'plaid-verification': 7 }]) {
    await assert.rejects(verify(BODY, signature), usage('signature'))
  }
  assert.equal(await keyRequests(sandbox), 0)
})

test('a signed body that is no JSON object is refused, and not shown', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  for (const body of ['hidden', '"hidden"', 'null', ' ']) {
    const error = await refused(verify(body, await sandbox.signWebhook(body)), 'NOT_JSON')
    assert.doesNotMatch(error.message, /hidden/)
  }
})

test('bytes that are not UTF-8, and lone surrogates, are not what was signed', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const body = '{"text":"?"}'
  const signature = await sandbox.signWebhook(body)
  const bytes = Buffer.from(body)
  bytes[9] = 0xff
  await refused(verify(bytes, signature), 'BODY_MISMATCH')
  await refused(verify('{"text":"\ud800"}', signature), 'BODY_MISMATCH')
  // The replacement character was signed: the caller gets it, and not the surrogate.
  const replaced = await sandbox.signWebhook('{"text":"\ufffd"}')
  assert.deepEqual(await verify('{"text":"\ud800"}', replaced), { text: '\ufffd' })
})

test('a key service that is not there is retryable, and the cause says why', async (t) => {
  const { sandbox } = await startVerifier(t)
  const closed = await start(t)
  const signature = await sandbox.signWebhook(BODY)
  const verify = verifierOf(closed)
  await closed.close()
  const error = await refused(verify(BODY, signature), 'KEY_UNAVAILABLE')
  assert.ok(error.cause instanceof PlaidConnectionError)
  assert.equal(error.cause.code, 'ECONNREFUSED')
  assert.ok(error.attempts > 0)
})

test('Plaid’s own error is the cause, and no error shows a secret', async (t) => {
  const { sandbox } = await startVerifier(t)
  const signature = await sandbox.signWebhook(BODY)
  const wrong = verifierOf(sandbox, { secret: SECRET })
  const { cause } = await refused(wrong(BODY, signature), 'KEY_UNAVAILABLE')
  assert.equal(cause.error_code, 'INVALID_API_KEYS')
  const malformed = verifierOf(sandbox, { clientId: CLIENT_ID, secret: SECRET })
  const error = await refused(malformed(BODY, signature), 'KEY_UNAVAILABLE')
  assert.equal(error.cause.error_code, 'INVALID_FIELD')
  const shown = inspect(error, { depth: 9, showHidden: true })
  for (const secret of [CLIENT_ID, SECRET, signature]) assert.ok(!shown.includes(secret))
})

test('credentials may be missing until the first key is needed', async (t) => {
  const { sandbox } = await startVerifier(t)
  const verify = createWebhookVerifier({ baseUrl: sandbox.url })
  await refused(verify(BODY, undefined), 'MISSING_SIGNATURE')
  const missing = { name: 'PlaidUsageError', code: 'MISSING_CREDENTIALS', field: 'clientId' }
  await assert.rejects(verify(BODY, await sandbox.signWebhook(BODY)), missing)
})

test('ten thousand unknown keys make few requests, and known keys still work', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const good = await sandbox.signWebhook(BODY)
  await verify(BODY, good)
  const [header, payload, signature] = partsOf(good)
  const started = performance.now()
  const codes = await Promise.all(
    Array.from({ length: 10_000 }, (_, i) =>
      verify(BODY, jwt({ ...header, kid: `unknown-${i}` }, payload, signature)).catch(
        ({ code }) => code,
      ),
    ),
  )
  const seconds = Math.ceil((performance.now() - started) / 1000)
  const unknown = codes.filter((code) => code === 'UNKNOWN_KEY').length
  const notAsked = codes.filter((code) => code === 'KEY_UNAVAILABLE').length
  assert.equal(unknown + notAsked, 10_000)
  assert.ok(unknown >= 20 && unknown <= 20 + seconds, `${unknown} in ${seconds} s`)
  assert.equal(await keyRequests(sandbox), 1 + unknown)
  await verify(BODY, good)
})

test('a key that could not be fetched is asked for again by the next webhook', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const good = await sandbox.signWebhook(BODY)
  await sandbox.failNext({ path: KEY_ROUTE, error_code: 'INVALID_API_KEYS' })
  await refused(verify(BODY, good), 'KEY_UNAVAILABLE')
  await verify(BODY, good)
})
