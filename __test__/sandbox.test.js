'use strict'

// Promise: `@utdk/plaid/sandbox` is a Plaid Sandbox to hold in a test: it starts in this process,
// hands out Items and the webhooks they fire, repairs them, and is gone when it is closed.

const assert = require('node:assert/strict')
const { createHash, createPublicKey, verify } = require('node:crypto')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const { PlaidError, PlaidTimeoutError, PlaidUsageError } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const { clientOf } = require('./support/client.js')
const { good, json, startServer } = require('./support/server.js')

/** For what would hang, if it failed. */
const BOUND = { timeout: 20_000 }

/** Less than the ten seconds after which a delivery gives up by itself. */
const BOUND_BELOW_DELIVERY = { timeout: 8_000 }

/** What an ITEM / ERROR webhook without a receiver is for: being fired. */
const NOWHERE = 'http://192.0.2.1/webhook'

/** A Sandbox that is closed when the test `t` ends. */
async function start(t, options) {
  const sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  return sandbox
}

/** Posts `body` to a route of Plaid's; its reply, with the HTTP status beside it. */
async function call({ url, clientId, secret }, route, body) {
  const response = await fetch(url + route, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'plaid-client-id': clientId,
      'plaid-secret': secret,
    },
    body: JSON.stringify(body),
  })
  return { httpStatus: response.status, ...(await response.json()) }
}

/** Resets the login of an Item by this package's client. */
async function reset(sandbox, { access_token }) {
  const { clientId, secret } = sandbox
  const reply = await clientOf(sandbox, { clientId, secret }).sandboxitemresetlogin({
    access_token,
  })
  assert.equal(reply.reset_login, true)
}

async function itemError(sandbox, { access_token }) {
  const { httpStatus, item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(httpStatus, 200)
  return item.error?.error_code ?? null
}

function portOf({ url }) {
  return Number(new URL(url).port)
}

/** Fails if something listens on `port`. */
async function assertFree(port) {
  const server = net.createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}

/** A port of this machine that refuses connections. */
async function refusingPort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Parts of a JWT, after its signature was found genuine. */
function verified(token, jwk) {
  const [header, payload, signature] = token.split('.')
  const genuine = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  assert.equal(genuine, true, 'the signature is not by this key')
  return [header, payload].map((part) => JSON.parse(Buffer.from(part, 'base64url')))
}

test('a Sandbox answers at its loopback URL, to its own credentials alone', async (t) => {
  const sandbox = await start(t)
  assert.match(sandbox.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(sandbox.clientId, /^[0-9a-f]{24}$/)
  assert.match(sandbox.secret, /^[0-9a-f]{30}$/)
  const item = await sandbox.createItem()
  assert.equal(await itemError(sandbox, item), null)
  const other = { ...sandbox, secret: 'another' }
  const { access_token } = item
  const { httpStatus, error_code } = await call(other, '/item/get', { access_token })
  assert.deepEqual([httpStatus, error_code], [400, 'INVALID_API_KEYS'])
})

test('an Item without settings is of First Platypus Bank, for transactions', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id, ...rest } = await sandbox.createItem()
  assert.deepEqual(rest, {})
  assert.match(access_token, /^access-sandbox-[0-9a-f-]{36}$/)
  const { item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(item.item_id, item_id)
  assert.equal(item.institution_id, 'ins_109508')
  assert.equal(item.institution_name, 'First Platypus Bank')
  assert.deepEqual(item.products, ['transactions'])
  assert.equal(item.webhook, '')
})

test('an Item has the webhook, the products and the institution it was created with', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem({
    webhook: NOWHERE,
    products: ['auth', 'identity'],
    institution_id: 'ins_109511',
  })
  const { item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(item.webhook, NOWHERE)
  assert.deepEqual(item.products, ['auth', 'identity'])
  assert.equal(item.institution_name, 'Tartan Bank')
})

test('Items of one Sandbox are told apart', async (t) => {
  const sandbox = await start(t)
  const items = await Promise.all(Array.from({ length: 50 }, () => sandbox.createItem()))
  assert.equal(new Set(items.map(({ item_id }) => item_id)).size, 50)
  assert.equal(new Set(items.map(({ access_token }) => access_token)).size, 50)
  await reset(sandbox, items[7])
  const errors = await Promise.all(items.map((item) => itemError(sandbox, item)))
  assert.deepEqual(
    errors.flatMap((error, i) => (error === null ? [] : [[i, error]])),
    [[7, 'ITEM_LOGIN_REQUIRED']],
  )
})

const REFUSED_BY_PLAID = [
  ['webhook', 'no URL', 'INVALID_FIELD', 'webhook must be a non-empty string URL'],
  ['webhook', 'ftp://127.0.0.1/', 'INVALID_FIELD', 'webhook must be a non-empty string URL'],
  ['products', [], 'INVALID_FIELD', /^products must be a list of strings containing at least one/],
  ['products', ['loans'], 'INVALID_FIELD', /^products must be a list of strings/],
  ['institution_id', 'ins_0', 'INVALID_INSTITUTION', 'invalid institution_id provided'],
]

for (const [field, value, code, message] of REFUSED_BY_PLAID) {
  test(`an Item with ${field} ${JSON.stringify(value)} is refused in Plaid's own words`, async (t) => {
    const sandbox = await start(t)
    await assert.rejects(sandbox.createItem({ [field]: value }), {
      name: 'PlaidUsageError',
      code,
      message,
    })
  })
}

test('the refusal of an Item names the field to change, as every PlaidUsageError does', async (t) => {
  const sandbox = await start(t)
  for (const [field, value] of REFUSED_BY_PLAID) {
    await assert.rejects(sandbox.createItem({ [field]: value }), { field })
  }
})

const MISTAKES = [
  ['createItem', [null], 'INVALID_OPTION', 'options'],
  ['createItem', [{ webhok: NOWHERE }], 'UNKNOWN_OPTION', 'webhok'],
  ['createItem', [{ webhook: 7 }], 'INVALID_OPTION', 'webhook'],
  ['createItem', [{ webhook: '' }], 'INVALID_OPTION', 'webhook'],
  ['createItem', [{ products: 'auth' }], 'INVALID_OPTION', 'products'],
  ['createItem', [{ products: ['auth', 7] }], 'INVALID_OPTION', 'products'],
  ['createItem', [{ institution_id: 7 }], 'INVALID_OPTION', 'institution_id'],
  ['nextWebhook', [null], 'INVALID_OPTION', 'options'],
  ['nextWebhook', [{ itemId: 'x' }], 'UNKNOWN_OPTION', 'itemId'],
  ['nextWebhook', [{ item_id: 7 }], 'INVALID_OPTION', 'item_id'],
  ['nextWebhook', [{ webhook_code: 7 }], 'INVALID_OPTION', 'webhook_code'],
  ['nextWebhook', [{ timeoutMs: 0 }], 'INVALID_OPTION', 'timeoutMs'],
  ['nextWebhook', [{ timeoutMs: '5' }], 'INVALID_OPTION', 'timeoutMs'],
  ['repairItem', [], 'INVALID_OPTION', 'item_id'],
  ['repairItem', [7], 'INVALID_OPTION', 'item_id'],
]

test('a mistaken argument is refused by the name of its field', async (t) => {
  const sandbox = await start(t)
  for (const [method, args, code, field] of MISTAKES) {
    const expected = { name: 'PlaidUsageError', code, field, message: new RegExp(field) }
    await assert.rejects(sandbox[method](...args), expected, `${method} ${JSON.stringify(args)}`)
  }
})

test('options that are refused start no Sandbox, and keep no process alive', async () => {
  const { code, stdout, stderr } = await run('sandbox-refused.js')
  const badPort = ['PlaidUsageError', 'INVALID_OPTION', 'port']
  assert.deepEqual(JSON.parse(stdout), [
    ...Array.from({ length: 6 }, () => badPort),
    ['PlaidUsageError', 'UNKNOWN_OPTION', 'prot'],
    ['PlaidUsageError', 'INVALID_OPTION', 'options'],
    ['PlaidUsageError', 'INVALID_OPTION', 'options'],
  ])
  assert.deepEqual([code, stderr], [0, ''])
})

test('an Item goes from healthy to broken to repaired, and its webhook proves it', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const url = `${receiver.url}/plaid/webhook?from=plaid`
  const { access_token, item_id } = await sandbox.createItem({ webhook: url })
  const before = await call(sandbox, '/accounts/get', { access_token })
  assert.equal(before.item.error, null)

  await reset(sandbox, { access_token })

  const webhook = await sandbox.nextWebhook()
  assert.equal(webhook.url, url)
  assert.equal(webhook.item_id, item_id)
  assert.equal(webhook.webhook_type, 'ITEM')
  assert.equal(webhook.webhook_code, 'ERROR')
  assert.deepEqual(webhook.outcome, { kind: 'delivered', status: 200 })
  assert.deepEqual(webhook.body, JSON.parse(webhook.rawBody))
  assert.equal(webhook.body.environment, 'sandbox')
  assert.equal(webhook.body.item_id, item_id)
  assert.equal(webhook.body.webhook_type, 'ITEM')
  assert.equal(webhook.body.webhook_code, 'ERROR')
  assert.equal(webhook.body.error.error_code, 'ITEM_LOGIN_REQUIRED')
  assert.equal(webhook.body.error.error_type, 'ITEM_ERROR')
  assert.equal(webhook.body.error.status, 400)

  assert.equal(receiver.requests.length, 1)
  const [{ method, url: route, headers, body }] = receiver.requests
  assert.deepEqual([method, route], ['POST', '/plaid/webhook?from=plaid'])
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['plaid-verification'], webhook.verification)
  assert.equal(body.toString(), webhook.rawBody)

  const { kid } = JSON.parse(Buffer.from(webhook.verification.split('.')[0], 'base64url'))
  const { key } = await call(sandbox, '/webhook_verification_key/get', { key_id: kid })
  const [header, payload] = verified(webhook.verification, key)
  assert.deepEqual(header, { alg: 'ES256', kid, typ: 'JWT' })
  assert.equal(payload.request_body_sha256, createHash('sha256').update(body).digest('hex'))
  assert.ok(Math.abs(Date.now() / 1000 - payload.iat) < 300)

  assert.equal(await itemError(sandbox, { access_token }), 'ITEM_LOGIN_REQUIRED')
  const { httpStatus, error_code } = await call(sandbox, '/accounts/get', { access_token })
  assert.deepEqual([httpStatus, error_code], [400, 'ITEM_LOGIN_REQUIRED'])

  assert.equal(await sandbox.repairItem(item_id), undefined)
  const after = await call(sandbox, '/accounts/get', { access_token })
  assert.equal(after.item.error, null)
  assert.equal(after.item.item_id, item_id)
  const ids = ({ accounts }) => accounts.map(({ account_id }) => account_id)
  assert.deepEqual(ids(after), ids(before))
  assert.equal(receiver.requests.length, 1)
})

test('an Item can be broken and repaired again and again', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  const item = await sandbox.createItem({ webhook: receiver.url })
  for (let i = 0; i < 5; i++) {
    await reset(sandbox, item)
    await sandbox.nextWebhook({ item_id: item.item_id })
    assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
    await sandbox.repairItem(item.item_id)
    assert.equal(await itemError(sandbox, item), null)
  }
  assert.equal(receiver.requests.length, 5)
})

test('repairing an Item that is not there is refused', async (t) => {
  const sandbox = await start(t)
  const promise = sandbox.repairItem('no-such-item')
  await assert.rejects(promise, {
    name: 'PlaidUsageError',
    code: 'ITEM_NOT_FOUND',
    message: 'no Item has the id no-such-item',
  })
})

test('a webhook is handed out once its receiver has answered, with what it answered', async (t) => {
  const sandbox = await start(t)
  let answered = false
  const late = async (request, response) => {
    await wait(100)
    answered = true
    json(503, {})(request, response)
  }
  const receiver = await startServer(t, { replies: [late] })
  await reset(sandbox, await sandbox.createItem({ webhook: receiver.url }))
  const { outcome } = await sandbox.nextWebhook()
  assert.equal(answered, true)
  assert.deepEqual(outcome, { kind: 'delivered', status: 503 })
})

test('webhooks are handed out in the order of being fired, each once', async (t) => {
  const sandbox = await start(t)
  const receiver = await startServer(t)
  // The oldest webhook is the last one to be answered.
  const slow = async (request, response) => {
    while (receiver.requests.length < 2) await once(receiver, 'request')
    good(request, response)
  }
  const slowReceiver = await startServer(t, { replies: [slow] })
  const items = []
  for (const { url } of [slowReceiver, receiver, receiver]) {
    const item = await sandbox.createItem({ webhook: url })
    items.push(item.item_id)
    await reset(sandbox, item)
  }
  const ids = []
  for (const _ of items) ids.push((await sandbox.nextWebhook()).item_id)
  assert.deepEqual(ids, items)
  await assert.rejects(sandbox.nextWebhook({ timeoutMs: 20 }), { code: 'WEBHOOK_TIMEOUT' })
})

test('a filter hands out the webhook of its Item and its code, and leaves the others', async (t) => {
  const sandbox = await start(t)
  const [one, other] = [
    await sandbox.createItem({ webhook: NOWHERE }),
    await sandbox.createItem({ webhook: NOWHERE }),
  ]
  await reset(sandbox, one)
  await reset(sandbox, other)
  const byItem = await sandbox.nextWebhook({ item_id: other.item_id })
  assert.equal(byItem.item_id, other.item_id)
  const anotherCode = sandbox.nextWebhook({ webhook_code: 'LOGIN_REPAIRED', timeoutMs: 20 })
  await assert.rejects(anotherCode, { code: 'WEBHOOK_TIMEOUT' })
  const byCode = await sandbox.nextWebhook({ webhook_code: 'ERROR' })
  assert.equal(byCode.item_id, one.item_id)
})

test('of several that wait, whoever asked first gets the older webhook', async (t) => {
  const sandbox = await start(t)
  const items = []
  for (let i = 0; i < 3; i++) items.push(await sandbox.createItem({ webhook: NOWHERE }))
  const waiting = items.map(() => sandbox.nextWebhook())
  for (const item of items) await reset(sandbox, item)
  const webhooks = await Promise.all(waiting)
  assert.deepEqual(
    webhooks.map(({ item_id }) => item_id),
    items.map(({ item_id }) => item_id),
  )
})

test('of several that wait, each gets the webhook of its own Item', async (t) => {
  const sandbox = await start(t)
  const items = []
  for (let i = 0; i < 3; i++) items.push(await sandbox.createItem({ webhook: NOWHERE }))
  const waiting = items.map(({ item_id }) => sandbox.nextWebhook({ item_id }))
  for (const item of items.toReversed()) await reset(sandbox, item)
  const webhooks = await Promise.all(waiting)
  assert.deepEqual(
    webhooks.map(({ item_id }) => item_id),
    items.map(({ item_id }) => item_id),
  )
})

test('waiting for a webhook that does not come ends with an error that says so', async (t) => {
  const sandbox = await start(t)
  const silentItem = await sandbox.createItem()
  await reset(sandbox, silentItem)
  const { item_id } = silentItem
  await assert.rejects(
    async function inTheTest() {
      await sandbox.nextWebhook({ item_id, webhook_code: 'ERROR', timeoutMs: 30 })
    },
    (error) => {
      assert.ok(error instanceof PlaidTimeoutError && error instanceof PlaidError)
      assert.equal(error.code, 'WEBHOOK_TIMEOUT')
      assert.match(error.message, new RegExp(`no ERROR webhook of Item ${item_id} within 30ms`))
      assert.match(error.message, /so far: 0$/)
      assert.match(error.stack, /inTheTest/)
      return true
    },
  )
})

test('a webhook to another machine is not sent, and handed out as not allowed', async (t) => {
  const sandbox = await start(t)
  const elsewhere = ['http://plaid-receiver.invalid/', NOWHERE, 'https://127.0.0.1:1/webhook']
  for (const url of elsewhere) {
    await reset(sandbox, await sandbox.createItem({ webhook: url }))
    const { outcome, ...webhook } = await sandbox.nextWebhook()
    assert.equal(webhook.url, url)
    assert.equal(outcome.kind, 'not_allowed')
    assert.match(outcome.reason, /this webhook was not sent/)
  }
})

test('a webhook whose receiver refuses it, or hangs up, is handed out as failed', async (t) => {
  const sandbox = await start(t)
  const hangUp = await startServer(t, { connections: [(socket) => socket.destroy()] })
  for (const url of [`http://127.0.0.1:${await refusingPort()}/`, hangUp.url]) {
    await reset(sandbox, await sandbox.createItem({ webhook: url }))
    const { outcome } = await sandbox.nextWebhook()
    assert.equal(outcome.kind, 'failed')
    assert.match(outcome.reason, /could not connect|no answer/)
  }
})

test('closing frees the port, also while a connection is open', BOUND, async () => {
  const sandbox = await startSandbox()
  const socket = net.connect(portOf(sandbox), '127.0.0.1')
  await once(socket, 'connect')
  const ended = once(socket.resume(), 'close')
  assert.equal(await sandbox.close(), undefined)
  await assertFree(portOf(sandbox))
  await ended
})

test('closing ends the waiting for a webhook', BOUND, async () => {
  const sandbox = await startSandbox()
  const waiting = [sandbox.nextWebhook({ timeoutMs: 60_000 }), sandbox.nextWebhook()]
  const ended = waiting.map((promise) =>
    assert.rejects(promise, { name: 'PlaidUsageError', code: 'CLOSED' }),
  )
  await sandbox.close()
  await Promise.all(ended)
})

test('closing does not wait for a receiver that never answers', BOUND_BELOW_DELIVERY, async (t) => {
  const sandbox = await startSandbox()
  const receiver = await startServer(t, { replies: [() => {}] })
  const [arrived, closed] = [once(receiver, 'request'), once(receiver, 'close')]
  await reset(sandbox, await sandbox.createItem({ webhook: receiver.url }))
  await arrived
  await sandbox.close()
  await closed
})

test('closing twice does no harm, and each time the port is free afterwards', async () => {
  const sandbox = await startSandbox()
  const first = sandbox.close()
  await sandbox.close()
  await assertFree(portOf(sandbox))
  await first
  await sandbox.close()
})

test('a closed Sandbox says that it is closed, whatever it is asked for', async () => {
  const sandbox = await startSandbox()
  const { item_id } = await sandbox.createItem()
  await sandbox.close()
  const asked = [sandbox.createItem(), sandbox.nextWebhook(), sandbox.repairItem(item_id)]
  for (const promise of asked) {
    await assert.rejects(promise, (error) => {
      assert.ok(error instanceof PlaidUsageError)
      assert.deepEqual([error.code, error.message], ['CLOSED', 'the Sandbox is closed'])
      return true
    })
  }
})

test('a Sandbox is closed by Symbol.asyncDispose', async () => {
  const sandbox = await startSandbox()
  await sandbox[Symbol.asyncDispose]()
  await assertFree(portOf(sandbox))
  await assert.rejects(sandbox.createItem(), { code: 'CLOSED' })
})

test('a Sandbox takes the port it is given, unless that is taken', async (t) => {
  const first = await startSandbox()
  const port = portOf(first)
  const { name, code, message } = await startSandbox({ port }).catch((error) => error)
  assert.deepEqual([name, code], ['PlaidError', 'EADDRINUSE'])
  assert.match(message, new RegExp(`could not listen on port ${port}`))
  await first.close()
  const second = await start(t, { port })
  assert.equal(second.url, first.url)
  assert.notEqual(second.secret, first.secret)
  assert.equal(await itemError(second, await second.createItem()), null)
})

test('twenty Sandboxes side by side know nothing of each other', async (t) => {
  const sandboxes = await Promise.all(Array.from({ length: 20 }, () => start(t)))
  assert.equal(new Set(sandboxes.map(portOf)).size, 20)
  assert.equal(new Set(sandboxes.map(({ secret }) => secret)).size, 20)
  const items = await Promise.all(sandboxes.map((s) => s.createItem({ webhook: NOWHERE })))
  await Promise.all(sandboxes.map((sandbox, i) => i % 2 === 0 && reset(sandbox, items[i])))
  for (const [i, sandbox] of sandboxes.entries()) {
    const broken = i % 2 === 0
    assert.equal(await itemError(sandbox, items[i]), broken ? 'ITEM_LOGIN_REQUIRED' : null)
    if (broken) assert.equal((await sandbox.nextWebhook()).item_id, items[i].item_id)
    const { access_token } = items[(i + 1) % 20]
    const { error_code } = await call(sandbox, '/item/get', { access_token })
    assert.equal(error_code, 'INVALID_ACCESS_TOKEN')
  }
})

test('a Sandbox that nobody refers to any more goes on answering', async () => {
  const { code, stdout, stderr } = await run('sandbox-dropped.js')
  assert.deepEqual([code, stderr, stdout], [0, '', 'INVALID_BODY'])
})

test('an open Sandbox does not keep the process alive', async () => {
  const { code, signal, stdout, stderr } = await run('sandbox-open.js')
  assert.deepEqual([code, signal, stdout, stderr], [0, null, 'open', ''])
})

function startWorker(t) {
  const worker = new Worker(path.join(__dirname, 'programs/sandbox-worker.js'))
  t.after(() => worker.terminate())
  return worker
}

test('a Sandbox in a worker answers the main thread until it is closed', BOUND, async (t) => {
  const worker = startWorker(t)
  const [sandbox] = await once(worker, 'message')
  await reset(sandbox, sandbox)
  assert.equal(await itemError(sandbox, sandbox), 'ITEM_LOGIN_REQUIRED')
  const exited = once(worker, 'exit')
  worker.postMessage('close')
  assert.deepEqual(await exited, [0])
  await assertFree(portOf(sandbox))
})

test('a Sandbox ends with its worker', BOUND, async (t) => {
  const worker = startWorker(t)
  const [sandbox] = await once(worker, 'message')
  await worker.terminate()
  await assertFree(portOf(sandbox))
})
