'use strict'

// Promise: whatever the object does, a program in any language does over HTTP under `/_sandbox/`,
// in the same words.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { MINUTE, call, itemError, linkToken, start } = require('./support/sandbox.js')
const { json, startServer } = require('./support/server.js')

/** Asks a control route; its reply, which is to have the HTTP status `expected`. */
async function ask(sandbox, method, path, body, expected = 200) {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  const text = await response.text()
  assert.equal(response.status, expected, `${method} ${path}: ${text}`)
  assert.match(response.headers.get('content-type'), /^application\/json/)
  return JSON.parse(text)
}

test('the whole story is told with fetch alone', { timeout: 20_000 }, async (t) => {
  const sandbox = await start(t, { seed: 42, now: '2030-01-01' })
  const receiver = await startServer(t, { replies: [json(500, {})] })
  const get = (path) => ask(sandbox, 'GET', path)
  const posted = (path, body) => ask(sandbox, 'POST', path, body)

  assert.deepEqual(await get('health'), { status: 'ok', url: sandbox.url })

  // An Item, broken.
  const user_id = 'usr_one'
  const options = {
    webhook: receiver.url,
    products: ['auth'],
    institution_id: 'ins_109511',
    user_id,
  }
  const { access_token, item_id, ...nothing } = await posted('items', options)
  assert.deepEqual(nothing, {})
  await call(sandbox, '/sandbox/item/reset_login', { access_token })
  const [item] = (await get('items')).items
  assert.deepEqual([item.item_id, item.state], [item_id, 'login_required'])

  // Its webhook: refused, delivered again by the clock, and once more on demand.
  const webhook = await posted('webhooks/next', {
    item_id,
    webhook_code: 'ERROR',
    timeoutMs: 9_000,
  })
  assert.equal(JSON.parse(webhook.body).error.error_code, 'ITEM_LOGIN_REQUIRED')
  assert.deepEqual(
    webhook.attempts.map(({ outcome }) => outcome),
    [{ kind: 'refused', status: 500 }],
  )
  assert.ok(webhook.nextAttemptAt > '2030-01-01T00:00:30')
  const before = new Date((await get('clock')).now)
  const after = new Date((await posted('clock/advance', { ms: MINUTE })).now)
  assert.ok(after - before >= MINUTE)
  const [delivered] = (await get('webhooks')).webhooks
  assert.deepEqual(
    [delivered.id, delivered.nextAttemptAt, delivered.attempts.length],
    [webhook.id, null, 2],
  )
  const again = await posted(`webhooks/${webhook.id}/redeliver`)
  assert.deepEqual(again.attempts.at(-1).outcome, { kind: 'delivered', status: 200 })
  assert.equal(receiver.requests.length, 3)
  const { kid } = await posted('keys/rotate')
  const { key } = await call(sandbox, '/webhook_verification_key/get', { key_id: kid })
  assert.equal(key.expired_at, null)

  // Faults.
  await posted('faults', { kind: 'error', error_code: 'RATE_LIMIT', times: 1, retryAfter: 1 })
  await posted('faults', { kind: 'delay', ms: 5, path: '/accounts/get', probability: 0.5 })
  const limited = await call(sandbox, '/item/get', { access_token })
  assert.deepEqual([limited.httpStatus, limited.error_code], [429, 'RATE_LIMIT'])
  const { faults } = await get('faults')
  assert.deepEqual(faults, [
    { kind: 'delay', ms: 5, path: '/accounts/get', probability: 0.5, times: null },
  ])
  assert.deepEqual(await ask(sandbox, 'DELETE', 'faults'), {})
  assert.deepEqual(await get('faults'), { faults: [] })

  // Its user leaves Link, and comes back.
  const link_token = await linkToken(sandbox, { access_token })
  assert.deepEqual(await posted('link/exit', { link_token }), {})
  assert.equal(await itemError(sandbox, { access_token }), 'ITEM_LOGIN_REQUIRED')
  assert.deepEqual(await posted('link/complete', { link_token }), { public_token: null })
  assert.equal(await itemError(sandbox, { access_token }), null)
  const update = await posted(`items/${item_id}/update`)
  assert.deepEqual(Object.keys(update), ['expiration', 'hosted_link_url', 'link_token'])
  assert.equal((await fetch(update.hosted_link_url)).status, 200)
  const another = await linkToken(sandbox, { products: ['auth'] })
  const { public_token } = await posted('link/complete', { link_token: another })
  assert.match(public_token, /^public-sandbox-/)

  // Broken again, and healed from outside.
  await call(sandbox, '/sandbox/item/reset_login', { access_token })
  assert.deepEqual(await posted(`items/${item_id}/repair`), {})
  const repaired = await posted('webhooks/next', { webhook_code: 'LOGIN_REPAIRED' })
  assert.equal(repaired.item_id, item_id)

  // What was asked, without its secrets; and the start, as it was.
  const { requests } = await get('requests')
  assert.equal(requests[0].path, '/sandbox/item/reset_login')
  assert.deepEqual(requests, await sandbox.requests())
  assert.ok(!JSON.stringify(requests).includes(access_token))
  assert.deepEqual(await posted('reset'), {})
  assert.deepEqual(await get('items'), { items: [] })
  assert.deepEqual(await get('requests'), { requests: [] })
  assert.ok((await get('clock')).now < '2030-01-01T00:00:30')
  assert.deepEqual(await posted('items', options), { access_token, item_id })
})

const OPTION = 'INVALID_OPTION'
const REFUSALS = [
  ['POST items', { webhok: 'x' }, 400, 'UNKNOWN_OPTION', 'webhok'],
  ['POST items', { webhook: 7 }, 400, OPTION, 'webhook'],
  ['POST items', { products: 'auth' }, 400, OPTION, 'products'],
  ['POST items', { products: ['loans'] }, 400, 'INVALID_PRODUCT', 'products'],
  ['POST items', [], 400, OPTION, 'options'],
  ['POST items/x/repair', undefined, 404, 'ITEM_NOT_FOUND'],
  ['POST items/x/update', undefined, 404, 'ITEM_NOT_FOUND'],
  ['POST webhooks/next', { timeoutMs: 20 }, 408, 'WEBHOOK_TIMEOUT'],
  ['POST webhooks/next', { timeoutMs: 'soon' }, 400, OPTION, 'timeoutMs'],
  ['POST webhooks/7/redeliver', undefined, 404, 'WEBHOOK_NOT_FOUND'],
  ['POST webhooks/x/redeliver', undefined, 400, OPTION, 'id'],
  ['POST clock/advance', {}, 400, OPTION, 'ms'],
  ['POST clock/advance', { ms: -1 }, 400, OPTION, 'ms'],
  ['POST clock/advance', { ms: 1, s: 1 }, 400, 'UNKNOWN_OPTION', 's'],
  ['POST faults', { kind: 'fire' }, 400, OPTION, 'kind'],
  ['POST faults', { status: 500, times: 0 }, 400, OPTION, 'times'],
  ['POST faults', { status: 500, probability: 2 }, 400, OPTION, 'probability'],
  ['POST faults', { status: 500, path: '/nowhere' }, 400, OPTION, 'path'],
  ['POST faults', { kind: 'reset', status: 500 }, 400, 'UNKNOWN_OPTION', 'status'],
  ['POST link/complete', {}, 400, OPTION, 'link_token'],
  ['POST link/complete', { link_token: 'x' }, 400, 'INVALID_LINK_TOKEN'],
  ['POST link/exit', { link_token: 'x' }, 400, 'INVALID_LINK_TOKEN'],
  ['DELETE items', undefined, 404, 'NOT_FOUND'],
  ['PUT faults', undefined, 404, 'NOT_FOUND'],
  ['GET nothing', undefined, 404, 'NOT_FOUND'],
]

test('a control route refuses what the object refuses, with the same code and field', async (t) => {
  const sandbox = await start(t)
  for (const [route, body, status, code, field] of REFUSALS) {
    const what = `${route} ${JSON.stringify(body)}`
    const refusal = await ask(sandbox, ...route.split(' '), body, status)
    const { error_code, error_message, ...rest } = refusal
    assert.deepEqual([error_code, rest.field ?? undefined], [code, field], what)
    assert.ok(error_message.length > 10, what)
  }
  assert.deepEqual(await sandbox.items(), [])
  assert.deepEqual(await sandbox.faults(), [])
})

test('a control route does not answer a page of another site', async (t) => {
  const sandbox = await start(t)
  for (const headers of [
    { origin: 'https://example.com' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const response = await fetch(`${sandbox.url}/_sandbox/items`, { method: 'POST', headers })
    const { error_code } = await response.json()
    assert.deepEqual([response.status, error_code], [403, 'FORBIDDEN'])
  }
  const simple = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }
  const { status } = await fetch(`${sandbox.url}/_sandbox/items`, simple)
  assert.equal(status, 400)
  assert.deepEqual(await sandbox.items(), [])
})
