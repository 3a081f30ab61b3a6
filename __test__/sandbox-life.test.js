'use strict'

// Promise: a Sandbox starts in this process as its options say, runs next to others and in workers,
// does not keep the process alive, and leaves nothing behind when it is closed.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { PlaidConnectionError, PlaidUsageError } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const {
  DAY,
  assertFree,
  brokenItem,
  call,
  itemError,
  linkToken,
  ownClient,
  portOf,
  resetLogin,
  start,
} = require('./support/sandbox.js')
const { json, silent, startServer } = require('./support/server.js')

/** Ends a test that would hang; less than the ten seconds after which a delivery ends by itself. */
const BOUND = { timeout: 8_000 }
const LONGER_BOUND = { timeout: 60_000 }

const BROKEN = 'ITEM_LOGIN_REQUIRED'
const CLOSED = { name: 'PlaidUsageError', code: 'CLOSED', message: 'the Sandbox is closed' }

test('a Sandbox answers at its loopback URL, to its own credentials only', async (t) => {
  const sandbox = await start(t)
  assert.match(sandbox.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(sandbox.clientId, /^[0-9a-f]{24}$/)
  assert.match(sandbox.secret, /^[0-9a-f]{30}$/)
  const item = await sandbox.createItem()
  assert.equal(await itemError(sandbox, item), null)
  const wrong = { ...sandbox, secret: 'another' }
  const { error_code } = await call(wrong, '/item/get', { access_token: item.access_token })
  assert.equal(error_code, 'INVALID_API_KEYS')
})

test('a Sandbox listens on the port it is given, unless that is taken', async (t) => {
  const first = await startSandbox()
  const port = portOf(first)
  const { name, code, message } = await startSandbox({ port }).catch((error) => error)
  assert.deepEqual([name, code], ['PlaidError', 'EADDRINUSE'])
  assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}: [^()]+$`))
  await first.close()
  const second = await start(t, { port })
  assert.equal(second.url, first.url)
  assert.equal(await itemError(second, await second.createItem()), null)
})

test('a Sandbox listens on the address it is given, and its URL can be called', async (t) => {
  const hosts = { '127.0.0.2': '127.0.0.2', '0.0.0.0': '127.0.0.1', '::1': '[::1]' }
  for (const [host, inUrl] of Object.entries(hosts)) {
    const sandbox = await start(t, { host })
    assert.equal(sandbox.url, `http://${inUrl}:${portOf(sandbox)}`)
    assert.equal(await itemError(sandbox, await sandbox.createItem()), null)
  }
  const elsewhere = startSandbox({ host: '192.0.2.1' })
  await assert.rejects(elsewhere, { name: 'PlaidError', code: 'EADDRNOTAVAIL' })
})

test('a Sandbox takes the credentials it is given, and others only with anyCredentials', async (t) => {
  const own = { clientId: '0123456789abcdef01234567', secret: 'of-an-app' }
  const given = await start(t, own)
  assert.deepEqual([given.clientId, given.secret], [own.clientId, own.secret])
  const any = await start(t, { anyCredentials: true })
  for (const sandbox of [given, { ...own, url: any.url }]) {
    const { error_code } = await call(sandbox, '/item/get', {})
    assert.equal(error_code, 'MISSING_FIELDS')
  }
  const { error_code } = await call({ ...given, secret: any.secret }, '/item/get', {})
  assert.equal(error_code, 'INVALID_API_KEYS')
})

test('with tls, a Sandbox also answers as sandbox.plaid.com, and gives the authority to trust', async (t) => {
  const plain = await start(t)
  assert.deepEqual([plain.tlsUrl, plain.ca], [undefined, undefined])
  const sandbox = await start(t, { tls: true })
  assert.match(sandbox.tlsUrl, /^https:\/\/127\.0\.0\.1:\d+$/)
  const options = { ca: sandbox.ca, servername: 'sandbox.plaid.com', method: 'POST' }
  const request = https.request(`${sandbox.tlsUrl}/item/get`, options).end()
  const [response] = await once(request, 'response')
  assert.equal(response.resume().statusCode, 400)
  const port = Number(new URL(sandbox.tlsUrl).port)
  await sandbox.close()
  const again = await start(t, { tls: port })
  assert.equal(again.tlsUrl, sandbox.tlsUrl)
  assert.notEqual(again.ca, sandbox.ca)
})

test('the control routes answer to another host name only with allowRemoteControl', async (t) => {
  for (const [options, expected] of [
    [undefined, 403],
    [{ allowRemoteControl: false }, 403],
    [{ allowRemoteControl: true }, 200],
  ]) {
    const sandbox = await start(t, options)
    const headers = { host: 'backend:8080' }
    const request = http.get(`${sandbox.url}/_sandbox/health`, { headers })
    const [response] = await once(request, 'response')
    response.resume()
    assert.equal(response.statusCode, expected)
  }
})

test('refused options start no Sandbox, and do not keep the process alive', async () => {
  const { code, stdout, stderr } = await run('sandbox-refused.js')
  const badPort = ['PlaidUsageError', 'INVALID_OPTION', 'port']
  assert.deepEqual(JSON.parse(stdout), [
    ...Array(6).fill(badPort),
    ['PlaidUsageError', 'UNKNOWN_OPTION', 'prot'],
    ['PlaidUsageError', 'INVALID_OPTION', 'options'],
    ['PlaidUsageError', 'INVALID_OPTION', 'options'],
  ])
  assert.deepEqual([code, stderr], [0, ''])
})

test('a hundred Sandboxes in one process share nothing, and all close', LONGER_BOUND, async (t) => {
  const sandboxes = await Promise.all(Array.from({ length: 100 }, () => start(t)))
  assert.equal(new Set(sandboxes.map(portOf)).size, 100)
  assert.equal(new Set(sandboxes.map(({ secret }) => secret)).size, 100)
  const items = await Promise.all(sandboxes.map((sandbox) => sandbox.createItem()))
  await Promise.all(sandboxes.map((sandbox, i) => i % 2 === 0 && resetLogin(sandbox, items[i])))
  for (const [i, sandbox] of sandboxes.entries()) {
    assert.equal(await itemError(sandbox, items[i]), i % 2 === 0 ? BROKEN : null)
    const { access_token } = items[(i + 1) % 100]
    const { error_code } = await call(sandbox, '/item/get', { access_token })
    assert.equal(error_code, 'INVALID_ACCESS_TOKEN')
  }
  await Promise.all(sandboxes.map((sandbox) => sandbox.close()))
  await Promise.all(sandboxes.map((sandbox) => assertFree(portOf(sandbox))))
})

test('a Sandbox whose object was garbage collected still answers', LONGER_BOUND, async () => {
  const { code, stdout, stderr } = await run('sandbox-dropped.js')
  assert.deepEqual([code, stderr, stdout], [0, '', 'INVALID_BODY'])
})

test('an open Sandbox does not keep the process alive', LONGER_BOUND, async () => {
  const { code, signal, stdout, stderr } = await run('sandbox-open.js')
  assert.deepEqual([code, signal, stdout, stderr], [0, null, 'open', ''])
})

/** A worker thread with a Sandbox, and what the worker posts about it. */
async function startWorker(t) {
  const worker = new Worker(path.join(__dirname, 'programs/sandbox-worker.js'))
  t.after(() => worker.terminate())
  const [sandbox] = await once(worker, 'message')
  return { worker, sandbox }
}

test('a Sandbox in a worker answers the main thread until it is closed', BOUND, async (t) => {
  const { worker, sandbox } = await startWorker(t)
  await resetLogin(sandbox, sandbox)
  assert.equal(await itemError(sandbox, sandbox), BROKEN)
  const exited = once(worker, 'exit')
  worker.postMessage('close')
  assert.deepEqual(await exited, [0])
  await assertFree(portOf(sandbox))
})

test('a Sandbox ends with its worker, and others keep running', LONGER_BOUND, async (t) => {
  const own = await start(t)
  const workers = await Promise.all(Array.from({ length: 4 }, () => startWorker(t)))
  const all = [{ ...own, ...(await own.createItem()) }, ...workers.map(({ sandbox }) => sandbox)]
  await Promise.all(all.map((sandbox) => resetLogin(sandbox, sandbox)))
  const [{ worker, sandbox: ended }] = workers
  await worker.terminate()
  await assertFree(portOf(ended))
  for (const sandbox of all.filter((sandbox) => sandbox !== ended)) {
    assert.equal(await itemError(sandbox, sandbox), BROKEN)
  }
})

test('close() frees the port and ends open connections', BOUND, async () => {
  const sandbox = await startSandbox()
  const socket = net.connect(portOf(sandbox), '127.0.0.1')
  await once(socket, 'connect')
  const ended = once(socket.resume(), 'close')
  assert.equal(await sandbox.close(), undefined)
  await assertFree(portOf(sandbox))
  await ended
})

test('close() ends every method that waits, and the connections to receivers', BOUND, async (t) => {
  const sandbox = await startSandbox()
  const receiver = await startServer(t, { replies: [json(200, {}), silent, silent] })
  const { item_id } = await brokenItem(sandbox, receiver.url)
  const { id } = await sandbox.nextWebhook()
  const arrived = once(receiver, 'request')
  const waiting = [
    sandbox.nextWebhook({ item_id, timeoutMs: 60_000 }),
    sandbox.nextWebhook(),
    sandbox.redeliverWebhook(id),
  ]
  await arrived
  waiting.push(sandbox.advanceClock(DAY), sandbox.advanceClock(DAY))
  const ended = waiting.map((promise) => assert.rejects(promise, CLOSED))
  const closed = once(receiver, 'close')
  await sandbox.close()
  await Promise.all([...ended, closed])
})

test('close() ends requests that hang or are delayed', BOUND, async () => {
  const sandbox = await startSandbox()
  const { access_token } = await sandbox.createItem()
  await sandbox.failNext({ kind: 'hang', path: '/sandbox/item/reset_login' })
  await sandbox.delay({ ms: 3_600_000, path: '/item/get' })
  const client = ownClient(sandbox, { maxRetries: 0 })
  const ended = [
    assert.rejects(client.sandboxitemresetlogin({ access_token }), PlaidConnectionError),
    assert.rejects(call(sandbox, '/item/get', { access_token }), TypeError),
  ]
  while ((await sandbox.faults()).some(({ kind }) => kind === 'hang')) await null
  await sandbox.close()
  await Promise.all(ended)
})

test('close() may be called twice, and each call waits until the port is free', BOUND, async () => {
  const sandbox = await startSandbox()
  const first = sandbox.close()
  await sandbox.close()
  await assertFree(portOf(sandbox))
  await first
  await sandbox.close()
})

test('every method of a closed Sandbox rejects with CLOSED', BOUND, async () => {
  const sandbox = await startSandbox()
  const { access_token, item_id } = await sandbox.createItem()
  const link_token = await linkToken(sandbox, { access_token })
  await sandbox.close()
  const asked = {
    advanceClock: sandbox.advanceClock(0),
    clearFaults: sandbox.clearFaults(),
    clearStubs: sandbox.clearStubs(),
    completeLink: sandbox.completeLink(link_token),
    createItem: sandbox.createItem(),
    createUpdateLink: sandbox.createUpdateLink(item_id),
    delay: sandbox.delay({ ms: 1 }),
    exitLink: sandbox.exitLink(link_token),
    failNext: sandbox.failNext({ status: 500 }),
    faults: sandbox.faults(),
    fireWebhook: sandbox.fireWebhook({ item_id, webhook_code: 'DEFAULT_UPDATE' }),
    items: sandbox.items(),
    nextWebhook: sandbox.nextWebhook(),
    now: sandbox.now(),
    redeliverWebhook: sandbox.redeliverWebhook(1),
    repairItem: sandbox.repairItem(item_id),
    requests: sandbox.requests(),
    reset: sandbox.reset(),
    rotateWebhookKey: sandbox.rotateWebhookKey(),
    signWebhook: sandbox.signWebhook('{}'),
    stub: sandbox.stub('/statements/list', {}),
    stubs: sandbox.stubs(),
    webhooks: sandbox.webhooks(),
  }
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(sandbox))
  const others = ['close', 'constructor']
  assert.deepEqual([...Object.keys(asked), ...others].sort(), methods.sort())
  for (const [method, promise] of Object.entries(asked)) {
    await assert.rejects(promise, CLOSED, method)
    await assert.rejects(promise, PlaidUsageError)
  }
})

test('Symbol.asyncDispose closes a Sandbox', BOUND, async () => {
  const sandbox = await startSandbox()
  assert.equal(await sandbox[Symbol.asyncDispose](), undefined)
  await assertFree(portOf(sandbox))
  await assert.rejects(sandbox.createItem(), CLOSED)
})
