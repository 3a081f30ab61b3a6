'use strict'

// Promise: `@utdk/plaid/sandbox` is a Plaid Sandbox to hold in a test: it starts in this process,
// where and as it is told, stands beside others that know nothing of it, and is gone when it is
// closed.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const {
  NOWHERE,
  assertFree,
  call,
  itemError,
  ownClient,
  portOf,
  resetLogin,
  start,
} = require('./support/sandbox.js')

/** For what would hang, if it failed. */
const BOUND = { timeout: 20_000 }
const LONGER_BOUND = { timeout: 60_000 }

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

test('a Sandbox takes the port it is given, unless that is taken', async (t) => {
  const first = await startSandbox()
  const port = portOf(first)
  const { name, code, message } = await startSandbox({ port }).catch((error) => error)
  assert.deepEqual([name, code], ['PlaidError', 'EADDRINUSE'])
  assert.match(message, new RegExp(`could not listen on 127\\.0\\.0\\.1:${port}`))
  await first.close()
  const second = await start(t, { port })
  assert.equal(second.url, first.url)
  assert.notEqual(second.secret, first.secret)
  assert.equal(await itemError(second, await second.createItem()), null)
})

test('a Sandbox listens on the address it is given, and its URL is one to call', async (t) => {
  const hosts = { '127.0.0.2': '127.0.0.2', '0.0.0.0': '127.0.0.1', '::1': '[::1]' }
  for (const [host, inUrl] of Object.entries(hosts)) {
    const sandbox = await start(t, { host })
    assert.equal(sandbox.url, `http://${inUrl}:${portOf(sandbox)}`)
    assert.equal(await itemError(sandbox, await sandbox.createItem()), null)
  }
})

test('an address that this machine does not have is an error that says so', async () => {
  const promise = startSandbox({ host: '192.0.2.1' })
  await assert.rejects(promise, { name: 'PlaidError', code: 'EADDRNOTAVAIL' })
})

/** What the control route `health` answers to a caller that names the Sandbox `host`. */
async function health(sandbox, host) {
  const request = http.get(`${sandbox.url}/_sandbox/health`, { headers: { host } })
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

test('the control routes answer to loopback names alone, unless allowRemoteControl', async (t) => {
  const [careful, open] = [await start(t), await start(t, { allowRemoteControl: true })]
  const named = await start(t, { allowRemoteControl: false })
  for (const host of ['127.0.0.1', 'localhost:80', '[::1]', 'plaid.localhost']) {
    assert.deepEqual([await health(careful, host), await health(open, host)], [200, 200], host)
  }
  for (const host of ['backend:8080', '192.0.2.1', 'localhost.example']) {
    assert.deepEqual([await health(careful, host), await health(open, host)], [403, 200], host)
  }
  assert.equal(await health(named, 'backend'), 403)
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

test('twenty Sandboxes side by side know nothing of each other', BOUND, async (t) => {
  const sandboxes = await Promise.all(Array.from({ length: 20 }, () => start(t)))
  assert.equal(new Set(sandboxes.map(portOf)).size, 20)
  assert.equal(new Set(sandboxes.map(({ secret }) => secret)).size, 20)
  const items = await Promise.all(sandboxes.map((s) => s.createItem({ webhook: NOWHERE })))
  await Promise.all(sandboxes.map((sandbox, i) => i % 2 === 0 && resetLogin(sandbox, items[i])))
  for (const [i, sandbox] of sandboxes.entries()) {
    const broken = i % 2 === 0
    assert.equal(await itemError(sandbox, items[i]), broken ? 'ITEM_LOGIN_REQUIRED' : null)
    if (broken) assert.equal((await sandbox.nextWebhook()).item_id, items[i].item_id)
    const { access_token } = items[(i + 1) % 20]
    const { error_code } = await call(sandbox, '/item/get', { access_token })
    assert.equal(error_code, 'INVALID_ACCESS_TOKEN')
  }
})

test('a hundred Sandboxes in one process each answer, and all close', LONGER_BOUND, async (t) => {
  const hundred = Array.from({ length: 100 })
  const sandboxes = await Promise.all(hundred.map(() => start(t)))
  assert.equal(new Set(sandboxes.map(portOf)).size, 100)
  const replies = await Promise.all(
    sandboxes.map(async (sandbox) => {
      const { access_token } = await sandbox.createItem()
      return ownClient(sandbox).sandboxitemresetlogin({ access_token })
    }),
  )
  assert.ok(replies.every(({ reset_login }) => reset_login))
  await Promise.all(sandboxes.map((sandbox) => sandbox.close()))
  await Promise.all(sandboxes.map((sandbox) => assertFree(portOf(sandbox))))
})

test('a Sandbox that nobody refers to any more goes on answering', LONGER_BOUND, async () => {
  const { code, stdout, stderr } = await run('sandbox-dropped.js')
  assert.deepEqual([code, stderr, stdout], [0, '', 'INVALID_BODY'])
})

test('an open Sandbox does not keep the process alive', LONGER_BOUND, async () => {
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
  await resetLogin(sandbox, sandbox)
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

test('Sandboxes of several workers and of the main thread stand side by side', BOUND, async (t) => {
  const own = await start(t)
  const workers = Array.from({ length: 4 }, () => startWorker(t))
  const others = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0]),
  )
  const all = [{ ...own, ...(await own.createItem()) }, ...others]
  await Promise.all(all.map((sandbox) => resetLogin(sandbox, sandbox)))
  const errors = await Promise.all(all.map((sandbox) => itemError(sandbox, sandbox)))
  assert.deepEqual(errors, Array(5).fill('ITEM_LOGIN_REQUIRED'))
  await workers[0].terminate()
  assert.equal(await itemError(others[1], others[1]), 'ITEM_LOGIN_REQUIRED')
})
