'use strict'

// Promise: stub(), stubs() and clearStubs() take replies to Rust and bring them back. The Rust tests
// prove what a stub does.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { run } = require('./support/child.js')
const { call, post, resetLogin, start } = require('./support/sandbox.js')

const STATEMENTS = '/statements/download'

test('stub() answers a route that is not emulated, until clearStubs()', async (t) => {
  const sandbox = await start(t)
  const item = await sandbox.createItem()
  const request = { access_token: item.access_token, statement_id: '1' }
  const before = await post(sandbox, STATEMENTS, request)
  assert.equal(before.status, 404)
  assert.equal((await sandbox.requests()).at(-1).not_emulated, true)

  await sandbox.stub(STATEMENTS, { pages: 2 })
  assert.deepEqual(await sandbox.stubs(), [
    { path: STATEMENTS, bodies: [{ pages: 2 }], status: null },
  ])
  assert.equal((await call(sandbox, STATEMENTS, request)).pages, 2)

  await resetLogin(sandbox, item)
  const broken = await post(sandbox, STATEMENTS, request)
  assert.equal((await broken.json()).error_code, 'ITEM_LOGIN_REQUIRED')

  await sandbox.clearStubs()
  assert.deepEqual(await sandbox.stubs(), [])
})

test('stub() takes several bodies and a status', async (t) => {
  const sandbox = await start(t)
  await sandbox.stub('/transfer/list', [{ page: 1 }, { page: 2 }])
  assert.equal((await call(sandbox, '/transfer/list', {})).page, 1)
  assert.equal((await call(sandbox, '/transfer/list', {})).page, 2)
  await sandbox.stub('/transfer/list', { error_code: 'RATE_LIMIT' }, { status: 429 })
  const limited = await post(sandbox, '/transfer/list', {})
  assert.equal(limited.status, 429)
  assert.equal((await limited.json()).error_type, 'RATE_LIMIT_EXCEEDED')
})

test('stub() refuses what is not a stub, and names the field', async (t) => {
  const sandbox = await start(t)
  const circular = {}
  circular.self = circular
  for (const [field, ...given] of [
    ['path', undefined, {}],
    ['path', '/no/such/route', {}],
    ['path', 1, {}],
    ['body', '/transfer/list', 'text'],
    ['body', '/transfer/list', null],
    ['body', '/transfer/list', []],
    ['body', '/transfer/list', { amount: 1n }],
    ['body', '/transfer/list', circular],
    ['body', '/transfer/list', { lone: '\ud800' }],
    ['status', '/transfer/list', {}, { status: 'high' }],
    ['status', '/transfer/list', {}, { status: 99 }],
    ['times', '/transfer/list', {}, { times: 1 }],
  ]) {
    await assert.rejects(sandbox.stub(...given), { field }, field)
  }
  assert.deepEqual(await sandbox.stubs(), [])
})

test('a process is told once of each route that is not emulated, and how to answer it', async () => {
  const { code, stdout, stderr } = await run('unemulated.js')
  assert.deepEqual([code, stdout], [0, ''])
  assert.equal(
    stderr,
    "@utdk/plaid/sandbox: /transfer/list is not emulated, so it answers NOT_FOUND. Answer it yourself: await sandbox.stub('/transfer/list', body)\n",
  )
})
