'use strict'

// Promise: a webhook of Plaid's is verified and parsed, however its body and headers are given, with
// the options and the environment of the verifier.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { PlaidUsageError } = require('../index.js')
const { createWebhookVerifier } = require('../webhooks.js')
const {
  keyRequests,
  receiveWebhook,
  refused,
  startVerifier,
  BODY,
} = require('./support/webhooks.js')
require('./support/client.js')

test('a webhook of the Sandbox is verified and parsed', async (t) => {
  const { sandbox, verify, item_id, rawBody, verification } = await receiveWebhook(t)
  const webhook = await verify(rawBody, verification)
  assert.deepEqual(webhook, JSON.parse(rawBody))
  assert.deepEqual(
    [webhook.webhook_type, webhook.webhook_code, webhook.item_id, webhook.error.error_code],
    ['ITEM', 'ERROR', item_id, 'ITEM_LOGIN_REQUIRED'],
  )
  assert.equal(await keyRequests(sandbox), 1)
})

test('the body is a string, a Buffer or any Uint8Array', async (t) => {
  const { verify, rawBody, verification } = await receiveWebhook(t)
  const bytes = Buffer.from(`--${rawBody}--`)
  const { buffer, byteOffset } = bytes
  const inside = new Uint8Array(buffer, byteOffset + 2, bytes.length - 4)
  for (const body of [rawBody, Buffer.from(rawBody), new TextEncoder().encode(rawBody), inside]) {
    assert.deepEqual(await verify(body, verification), JSON.parse(rawBody))
  }
})

test('a buffer may be used again as soon as verify() has returned', async (t) => {
  const { verify, rawBody, verification } = await receiveWebhook(t)
  const body = Buffer.from(rawBody)
  const verified = verify(body, verification)
  body.fill(0)
  assert.deepEqual(await verified, JSON.parse(rawBody))
})

test('the signature is the value, a Headers, or an object of headers', async (t) => {
  const { verify, rawBody, verification } = await receiveWebhook(t)
  const forms = [
    verification,
    new Headers({ 'Plaid-Verification': verification }),
    new Map([['plaid-verification', verification]]),
    { 'plaid-verification': verification },
    { 'Plaid-Verification': verification },
    { 'PLAID-VERIFICATION': [verification] },
    Object.assign(Object.create(null), { host: 'x', 'plaid-verification': verification }),
  ]
  for (const form of forms) {
    assert.deepEqual(await verify(rawBody, form), JSON.parse(rawBody))
  }
})

test('maxAgeMs says how old a webhook may be', async (t) => {
  const { sandbox, verify } = await startVerifier(t, { maxAgeMs: 60_000 })
  const seconds = Math.floor(Date.now() / 1000)
  await refused(verify(BODY, await sandbox.signWebhook(BODY, { iat: seconds - 62 })), 'TOO_OLD')
  await verify(BODY, await sandbox.signWebhook(BODY, { iat: seconds - 30 }))
})

test('a body of 10 MB is verified', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const body = JSON.stringify({ text: 'é'.repeat(5_000_000) })
  const signature = await sandbox.signWebhook(body)
  assert.equal((await verify(Buffer.from(body), signature)).text.length, 5_000_000)
  await refused(verify(body.replace('é', 'è'), signature), 'BODY_MISMATCH')
})

test('a hundred first webhooks at once ask for the key once', async (t) => {
  const { sandbox, verify } = await startVerifier(t)
  const signature = await sandbox.signWebhook(BODY)
  const all = await Promise.all(Array.from({ length: 100 }, () => verify(BODY, signature)))
  assert.equal(all.length, 100)
  assert.equal(await keyRequests(sandbox), 1)
})

test('credentials and the base URL come from the environment', async (t) => {
  const { sandbox } = await startVerifier(t)
  const variables = {
    PLAID_CLIENT_ID: sandbox.clientId,
    PLAID_SECRET: sandbox.secret,
    PLAID_BASE_URL: sandbox.url,
    // Keys come from Plaid, never from a gateway.
    UTDK_GATEWAY_URL: 'http://127.0.0.1:9',
  }
  Object.assign(process.env, variables)
  t.after(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })
  const verify = createWebhookVerifier()
  await verify(BODY, await sandbox.signWebhook(BODY))
})

test('every environment of Plaid is allowed, and a wrong option names itself', () => {
  for (const host of ['production', 'development', 'sandbox']) {
    createWebhookVerifier({ baseUrl: `https://${host}.plaid.com` })
  }
  const cases = [
    [{ baseUrl: 'http://production.plaid.com' }, 'INSECURE_URL', 'baseUrl'],
    [{ baseUrl: 'production.plaid.com' }, 'INVALID_BASE_URL', 'baseUrl'],
    [{ baseUrl: 'https://production.plaid.com/x' }, 'INVALID_BASE_URL', 'baseUrl'],
    [{ maxAgeMs: 0 }, 'INVALID_OPTION', 'maxAgeMs'],
    [{ maxAgeMs: '300' }, 'INVALID_OPTION', 'maxAgeMs'],
    [{ ca: 'no PEM' }, 'INVALID_CA', 'ca'],
    [{ secret: 7 }, 'INVALID_OPTION', 'secret'],
    [{ tolerance: 300 }, 'UNKNOWN_OPTION', 'tolerance'],
    [null, 'INVALID_OPTION', 'options'],
  ]
  for (const [options, code, field] of cases) {
    assert.throws(
      () => createWebhookVerifier(options),
      (error) => {
        assert.ok(error instanceof PlaidUsageError)
        assert.deepEqual([error.code, error.field], [code, field])
        return true
      },
    )
  }
})

test('the stack of an error shows who awaited it', async (t) => {
  const { verify } = await startVerifier(t)
  async function handleWebhook(body) {
    return await verify(body, 'x')
  }
  for (const body of [BODY, {}]) {
    await assert.rejects(handleWebhook(body), ({ stack }) => {
      assert.match(stack, /async handleWebhook/)
      assert.doesNotMatch(stack, /textOf/)
      return true
    })
  }
})
