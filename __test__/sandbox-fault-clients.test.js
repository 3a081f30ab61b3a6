'use strict'

// Promise: whatever a Sandbox lets go wrong, a client meets as it would meet it in the world: this
// package's client, `fetch`, and Plaid's own.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Configuration, PlaidApi } = require('plaid')
const {
  PlaidApiError,
  PlaidConnectionError,
  PlaidResponseError,
  PlaidTimeoutError,
} = require('../index.js')
const { itemError, ownClient, post, start } = require('./support/sandbox.js')

/** For what would hang, if it failed. */
const BOUND = { timeout: 20_000 }

const BROKEN = 'ITEM_LOGIN_REQUIRED'

/** A Sandbox with an Item, and this package's client of it. */
async function story(t, options) {
  const sandbox = await start(t)
  const item = await sandbox.createItem()
  const client = ownClient(sandbox, options)
  const reset = (more) => client.sandboxitemresetlogin({ access_token: item.access_token }, more)
  return { sandbox, item, reset }
}

test('this package’s client tries again what failed once, and succeeds', BOUND, async (t) => {
  for (const failure of [
    { status: 503 },
    { status: 500 },
    { error_code: 'RATE_LIMIT' },
    { kind: 'html' },
    { kind: 'reset' },
  ]) {
    const { sandbox, item, reset } = await story(t)
    await sandbox.failNext(failure)
    assert.equal((await reset()).reset_login, true)
    const requests = await sandbox.requests()
    assert.deepEqual(
      requests.map(({ fault }) => fault),
      [failure.kind ?? 'error', null],
    )
    assert.equal(await itemError(sandbox, item), BROKEN)
  }
})

test('this package’s client waits for as long as retryAfter says', BOUND, async (t) => {
  const { sandbox, reset } = await story(t)
  await sandbox.failNext({ error_code: 'RATE_LIMIT', retryAfter: 1 })
  const started = performance.now()
  assert.equal((await reset()).reset_login, true)
  const waited = performance.now() - started
  assert.ok(waited >= 980, `it waited ${waited} ms`)
})

test('this package’s client tells of an error that lasts as Plaid words it', BOUND, async (t) => {
  const { sandbox, item, reset } = await story(t)
  await sandbox.failNext({ status: 503, times: 3, retryAfter: 0 })
  await assert.rejects(reset(), (error) => {
    assert.ok(error instanceof PlaidApiError)
    assert.deepEqual([error.status, error.attempts, error.retryable], [503, 3, true])
    assert.deepEqual([error.error_type, error.error_code], ['API_ERROR', 'PLANNED_MAINTENANCE'])
    assert.match(error.request_id, /^[0-9a-f]{15}$/)
    return true
  })
  assert.equal(await itemError(sandbox, item), null)
})

test(
  'this package’s client has an error of its own for each thing that can break',
  BOUND,
  async (t) => {
    const { sandbox, item, reset } = await story(t, { maxRetries: 0 })
    const rejects = async (failure, Class, fields) => {
      await sandbox.failNext(failure)
      await assert.rejects(reset({ timeoutMs: 2_000 }), (error) => {
        assert.ok(error instanceof Class, `${failure.kind}: ${error}`)
        for (const [name, value] of Object.entries(fields)) assert.equal(error[name], value)
        return true
      })
    }
    await rejects({ kind: 'reset' }, PlaidConnectionError, { code: 'ECONNRESET', attempts: 1 })
    await rejects({ kind: 'html' }, PlaidResponseError, {
      status: 502,
      code: 'UNEXPECTED_RESPONSE',
    })
    await rejects({ kind: 'html', status: 504 }, PlaidResponseError, { status: 504 })
    await rejects({ kind: 'hang' }, PlaidTimeoutError, { code: 'TIMEOUT' })
    assert.equal(await itemError(sandbox, item), null)
    await rejects({ kind: 'cut_short' }, PlaidConnectionError, { code: 'ECONNRESET' })
    // Of all of them, this one was done.
    assert.equal(await itemError(sandbox, item), BROKEN)
  },
)

test(
  'fetch gets the reply, or the broken connection, of each kind of failure',
  BOUND,
  async (t) => {
    const { sandbox, item } = await story(t)
    const { access_token } = item
    const get = () => post(sandbox, '/sandbox/item/reset_login', { access_token })

    await sandbox.failNext({ status: 429, retryAfter: 7 })
    const limited = await get()
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7'])
    const { request_id, ...error } = await limited.json()
    assert.match(request_id, /^[0-9a-f]{15}$/)
    assert.deepEqual(error, {
      display_message: null,
      documentation_url: 'https://plaid.com/docs/errors/rate-limit-exceeded/#rate_limit',
      error_code: 'RATE_LIMIT',
      error_message: error.error_message,
      error_type: 'RATE_LIMIT_EXCEEDED',
      suggested_action: null,
    })

    await sandbox.failNext({ kind: 'html' })
    const page = await get()
    assert.deepEqual([page.status, page.headers.get('content-type')], [502, 'text/html'])
    assert.match(await page.text(), /<h1>502 Bad Gateway<\/h1>/)

    await sandbox.failNext({ kind: 'reset' })
    await assert.rejects(get(), { name: 'TypeError', message: 'fetch failed' })

    await sandbox.failNext({ kind: 'hang' })
    const { url, clientId: client_id, secret } = sandbox
    const hanging = fetch(`${url}/item/get`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id, secret, access_token }),
      signal: AbortSignal.timeout(100),
    })
    await assert.rejects(hanging, { name: 'TimeoutError' })
    assert.equal(await itemError(sandbox, item), null)

    await sandbox.failNext({ kind: 'cut_short' })
    const cut = await get()
    assert.equal(cut.status, 200)
    await assert.rejects(cut.text(), TypeError)
    assert.equal(await itemError(sandbox, item), BROKEN)
  },
)

test(
  'the official client rejects with the error that was asked for, in Plaid’s shape',
  BOUND,
  async (t) => {
    const { sandbox, item } = await story(t)
    const { access_token } = item
    const headers = { 'PLAID-CLIENT-ID': sandbox.clientId, 'PLAID-SECRET': sandbox.secret }
    const configuration = { basePath: sandbox.url, baseOptions: { headers, timeout: 2_000 } }
    const plaid = new PlaidApi(new Configuration(configuration))
    for (const [failure, status, error_type, error_code] of [
      [{ status: 500 }, 500, 'API_ERROR', 'INTERNAL_SERVER_ERROR'],
      [{ status: 404 }, 404, 'INVALID_REQUEST', 'NOT_FOUND'],
      [{ error_code: 'INSTITUTION_DOWN' }, 400, 'INSTITUTION_ERROR', 'INSTITUTION_DOWN'],
      [{ error_code: 'ITEM_LOCKED', status: 418 }, 418, 'ITEM_ERROR', 'ITEM_LOCKED'],
    ]) {
      await sandbox.failNext(failure)
      await assert.rejects(plaid.itemGet({ access_token }), ({ name, response }) => {
        const { data } = response
        assert.deepEqual(
          [name, response.status, data.error_type, data.error_code],
          ['AxiosError', status, error_type, error_code],
        )
        return true
      })
    }
    await sandbox.failNext({ kind: 'reset' })
    await assert.rejects(plaid.itemGet({ access_token }), { code: 'ECONNRESET' })
    await sandbox.failNext({ kind: 'cut_short' })
    await assert.rejects(plaid.itemGet({ access_token }))
    assert.equal((await plaid.itemGet({ access_token })).data.item.error, null)
  },
)
