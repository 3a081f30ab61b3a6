'use strict'

// Promise: a Sandbox shows what was asked of it, and shows no secret; under a seed it does the same
// again, and it can start over.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  DAY,
  NOWHERE,
  brokenItem,
  call,
  itemError,
  linkToken,
  ownClient,
  post,
  resetLogin,
  start,
  verified,
} = require('./support/sandbox.js')

test('requests() shows each request to a route of Plaid’s, and what became of it', async (t) => {
  const sandbox = await start(t)
  assert.deepEqual(await sandbox.requests(), [])
  const { access_token, item_id } = await sandbox.createItem()
  const before = await sandbox.now()
  const { request_id } = await ownClient(sandbox).sandboxitemresetlogin({ access_token })
  const refused = await call(sandbox, '/accounts/get', { access_token })
  await call(sandbox, '/item/public_token/exchange', { public_token: 'public-sandbox-x' })
  await fetch(`${sandbox.url}/transactions/sync?cursor=1`, { method: 'PUT' })
  await post(sandbox, '/item/get', 'no object')
  const after = await sandbox.now()

  const requests = await sandbox.requests()
  for (const { at } of requests) assert.ok(new Date(at) >= before && new Date(at) <= after)
  const [reset, accounts, exchange, unknown, unread] = requests.map(({ at, ...rest }) => rest)
  assert.equal(requests.length, 5)
  const shortened = `access-sandbox-…${access_token.slice(-4)}`
  assert.deepEqual(reset, {
    error_code: null,
    fault: null,
    fields: { access_token: shortened },
    item_id,
    method: 'POST',
    path: '/sandbox/item/reset_login',
    request_id,
    status: 200,
  })
  assert.deepEqual(accounts, {
    ...reset,
    error_code: 'ITEM_LOGIN_REQUIRED',
    path: '/accounts/get',
    request_id: refused.request_id,
    status: 400,
  })
  assert.deepEqual(exchange.fields, { public_token: '[redacted]' })
  assert.deepEqual([exchange.error_code, exchange.item_id], ['INVALID_PUBLIC_TOKEN', null])
  assert.deepEqual([unknown.method, unknown.path], ['PUT', '/transactions/sync'])
  assert.deepEqual([unknown.fields, unknown.status], [null, 404])
  assert.deepEqual([unread.fields, unread.error_code], [null, 'INVALID_BODY'])
})

test('requests() shows the fault that hit a request, and what came of it', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id } = await sandbox.createItem()
  for (const kind of ['reset', 'cut_short', 'html', 'error']) {
    await sandbox.failNext({ kind, ...(kind === 'error' && { error_code: 'RATE_LIMIT' }) })
    const reply = post(sandbox, '/item/get', { access_token })
    await reply.then((response) => response.text()).catch(() => {})
  }
  const requests = await sandbox.requests()
  assert.deepEqual(
    requests.map(({ fault, status, error_code, item_id }) => [fault, status, error_code, item_id]),
    [
      ['reset', null, null, null],
      ['cut_short', 200, null, item_id],
      ['html', 502, null, null],
      ['error', 429, 'RATE_LIMIT', null],
    ],
  )
})

test('requests() counts no call of this object and no control route', async (t) => {
  const sandbox = await start(t)
  const { item_id } = await brokenItem(sandbox, NOWHERE)
  await sandbox.nextWebhook()
  await sandbox.repairItem(item_id)
  await fetch(`${sandbox.url}/_sandbox/items`)
  assert.equal((await sandbox.requests()).length, 1)
})

test('requests() keeps the last 10 000 requests', { timeout: 60_000 }, async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  const client = ownClient(sandbox)
  await fetch(`${sandbox.url}/first`)
  for (let i = 0; i < 100; i++) {
    const calls = Array.from({ length: 100 }, () => client.sandboxitemresetlogin({ access_token }))
    await Promise.all(calls)
  }
  const requests = await sandbox.requests()
  assert.equal(requests.length, 10_000)
  assert.ok(requests.every(({ path }) => path !== '/first'))
})

/** Each is a secret, or says who somebody is. */
const PERSON = {
  client_user_id: 'user-of-mine',
  legal_name: 'Grace Brewster Hopper',
  phone_number: '+14155550123',
  email_address: 'grace@example.com',
  ssn: '123-45-6789',
  date_of_birth: '1906-12-09',
  address: { street: '9 Compiler Street', city: 'Arlington', region: 'VA', country: 'US' },
}
const PRIVATE = [
  PERSON.legal_name,
  PERSON.phone_number,
  PERSON.email_address,
  PERSON.ssn,
  PERSON.date_of_birth,
  PERSON.address.street,
  'password-of-mine',
  'username-of-mine',
]

test('requests() shows no secret, no token and nobody’s data, wherever they were sent', async (t) => {
  const sandbox = await start(t)
  const { clientId: client_id, secret } = sandbox
  const { access_token } = await sandbox.createItem()
  const update = await linkToken(sandbox, { access_token, user: PERSON })
  const add = await linkToken(sandbox, { products: ['auth'], user: PERSON })
  const { public_token } = await sandbox.completeLink(add)
  const created = await call(sandbox, '/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { override_username: 'username-of-mine', override_password: 'password-of-mine' },
  })
  const exchanged = await call(sandbox, '/item/public_token/exchange', { public_token })
  await ownClient(sandbox).sandboxitemresetlogin({ access_token, client_id, secret })
  const bare = { url: sandbox.url }
  await call(bare, '/item/get', { client_id, secret, access_token })
  await call(bare, '/item/get', { client_id, secret: access_token, access_token: secret })
  await call(sandbox, '/link/token/get', { link_token: update })
  await call(sandbox, '/item/get', { access_token, [access_token]: secret, note: secret })
  await call(sandbox, '/item/get', { access_token: { access_token: [access_token, secret] } })
  await call(sandbox, '/item/remove', { access_token, reason_note: { secret } })
  for (const route of [`/${access_token}`, `/${secret}/x`, `/item/get/${client_id}`]) {
    await call(sandbox, `${route}?secret=${secret}`, {})
  }
  const renewed = await call(sandbox, '/item/access_token/invalidate', {
    access_token: exchanged.access_token,
  })
  assert.equal(renewed.httpStatus, 200)
  const requests = await sandbox.requests()
  assert.ok(requests.length >= 15)
  const shown = JSON.stringify(requests)
  const tokens = [access_token, update, add, public_token, created.public_token]
  const more = [exchanged.access_token, renewed.new_access_token]
  for (const hidden of [client_id, secret, ...tokens, ...more, ...PRIVATE]) {
    assert.ok(typeof hidden === 'string' && !shown.includes(hidden), `it shows ${hidden}`)
  }
  // What it does show tells one Item's calls from another's.
  assert.ok(shown.includes(`access-sandbox-…${access_token.slice(-4)}`))
})

/** Whatever is made at random, in an order that is always the same. */
async function made(sandbox) {
  const { clientId, secret } = sandbox
  const item = await brokenItem(sandbox, NOWHERE)
  const { access_token } = await sandbox.createItem()
  const { accounts } = await call(sandbox, '/accounts/get', { access_token })
  const { key } = await verified(sandbox, await sandbox.nextWebhook())
  const { created_at, ...published } = key
  return {
    clientId,
    secret,
    item,
    accounts,
    published,
    link: await linkToken(sandbox, { products: ['auth'] }),
    kid: await sandbox.rotateWebhookKey(),
    request_ids: (await sandbox.requests()).map(({ request_id }) => request_id),
  }
}

test('two Sandboxes of one seed make the same ids, tokens, credentials and keys', async (t) => {
  for (const seed of [0, 42, Number.MAX_SAFE_INTEGER]) {
    const [one, same] = [await start(t, { seed }), await start(t, { seed })]
    const first = await made(one)
    assert.deepEqual(await made(same), first)
    const other = await made(await start(t, { seed: Math.floor(seed / 2) + 1 }))
    for (const [name, value] of Object.entries(first)) assert.notDeepEqual(other[name], value, name)
  }
})

test('two Sandboxes without a seed have nothing in common', async (t) => {
  const [one, other] = [await made(await start(t)), await made(await start(t))]
  for (const [name, value] of Object.entries(one)) assert.notDeepEqual(other[name], value, name)
})

test('reset() starts over: under a seed with the same ids and keys, at the same URL', async (t) => {
  const sandbox = await start(t, { seed: 42, now: '2030-01-01' })
  const { url } = sandbox
  const first = await made(sandbox)
  const { access_token } = first.item
  await sandbox.advanceClock(DAY)
  await sandbox.failNext({ status: 500 })
  await sandbox.delay({ ms: 1 })

  assert.equal(await sandbox.reset(), undefined)

  assert.deepEqual(
    [await sandbox.items(), await sandbox.webhooks(), await sandbox.requests()],
    [[], [], []],
  )
  assert.deepEqual(await sandbox.faults(), [])
  assert.ok((await sandbox.now()) < new Date('2030-01-01T12:00:00Z'))
  const forgotten = sandbox.nextWebhook({ timeoutMs: 20 })
  await assert.rejects(forgotten, { code: 'WEBHOOK_TIMEOUT', message: /so far: 0$/ })
  const { error_code } = await call(sandbox, '/item/get', { access_token })
  assert.equal(error_code, 'INVALID_ACCESS_TOKEN')
  await sandbox.reset()
  assert.deepEqual(await made(sandbox), first)
  assert.equal(sandbox.url, url)
})

test('reset() without a seed makes new ids, and keeps the credentials', async (t) => {
  const sandbox = await start(t)
  const { clientId, secret, ...first } = await made(sandbox)
  await sandbox.reset()
  const second = await made(sandbox)
  assert.deepEqual([second.clientId, second.secret], [clientId, secret])
  for (const [name, value] of Object.entries(first)) assert.notDeepEqual(second[name], value, name)
})

test('who waits for a webhook goes on waiting through a reset', async (t) => {
  const sandbox = await start(t)
  const waiting = sandbox.nextWebhook()
  await sandbox.reset()
  const item = await sandbox.createItem({ webhook: NOWHERE })
  await resetLogin(sandbox, item)
  assert.equal((await waiting).item_id, item.item_id)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
})
