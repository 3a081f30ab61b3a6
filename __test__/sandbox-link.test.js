'use strict'

// Promise: a test can be the user who goes through Link: complete it, in update mode or with a new
// Item, or leave it.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  HOUR,
  MINUTE,
  NOWHERE,
  brokenItem,
  call,
  itemError,
  linkToken,
  start,
} = require('./support/sandbox.js')

const UNKNOWN = 'link-sandbox-00000000-0000-4000-8000-000000000000'

const refused = (message) => ({ name: 'PlaidUsageError', code: 'INVALID_LINK_TOKEN', message })

async function sessions(sandbox, link_token) {
  return (await call(sandbox, '/link/token/get', { link_token })).link_sessions
}

test('completing update mode repairs the Item, gives no public token, and fires nothing', async (t) => {
  const sandbox = await start(t)
  const item = await brokenItem(sandbox, NOWHERE)
  const { access_token, item_id } = item
  const before = (await sandbox.webhooks()).length
  const link_token = await linkToken(sandbox, { access_token })
  assert.equal(await sessions(sandbox, link_token), undefined)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')

  assert.deepEqual(await sandbox.completeLink(link_token), { public_token: null })

  assert.equal(await itemError(sandbox, item), null)
  const [session, ...more] = await sessions(sandbox, link_token)
  assert.deepEqual(more, [])
  assert.ok(Date.parse(session.finished_at) >= Date.parse(session.started_at))
  assert.deepEqual(session.results.item_add_results, [])
  assert.equal((await sandbox.webhooks()).length, before)
  const { item: shown } = await call(sandbox, '/item/get', { access_token })
  assert.equal(shown.item_id, item_id)
})

test('completing Link for a new Item gives a public token that is exchanged for it', async (t) => {
  const sandbox = await start(t)
  const link_token = await linkToken(sandbox, {
    products: ['auth'],
    webhook: NOWHERE,
    user_id: 'usr_one',
  })
  assert.deepEqual(await sandbox.items(), [])
  const { public_token, ...rest } = await sandbox.completeLink(link_token)
  assert.deepEqual(rest, {})
  assert.match(public_token, /^public-sandbox-[0-9a-f-]{36}$/)
  const exchanged = await call(sandbox, '/item/public_token/exchange', { public_token })
  const { access_token, item_id } = exchanged
  const { item } = await call(sandbox, '/item/get', { access_token })
  assert.equal(item.item_id, item_id)
  const [{ products, webhook, user_id, ...summary }] = await sandbox.items()
  assert.deepEqual([products, webhook, user_id], [['auth'], NOWHERE, 'usr_one'])
  assert.equal(summary.item_id, item_id)
  const [{ results }] = await sessions(sandbox, link_token)
  assert.equal(results.item_add_results[0].public_token, public_token)
})

test('a link token can be completed again, and nothing more comes of it', async (t) => {
  const sandbox = await start(t)
  const link_token = await linkToken(sandbox, { products: ['auth'] })
  const first = await sandbox.completeLink(link_token)
  assert.deepEqual(await sandbox.completeLink(link_token), first)
  assert.equal((await sandbox.items()).length, 1)
  assert.equal((await sessions(sandbox, link_token)).length, 1)
})

test('a user who leaves Link changes nothing, and may come back', async (t) => {
  const sandbox = await start(t)
  const item = await brokenItem(sandbox)
  const link_token = await linkToken(sandbox, { access_token: item.access_token })
  assert.equal(await sandbox.exitLink(link_token), undefined)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  const [session] = await sessions(sandbox, link_token)
  assert.equal(session.exit.metadata.status, 'requires_credentials')
  assert.notEqual(session.finished_at, null)
  await sandbox.completeLink(link_token)
  assert.equal(await itemError(sandbox, item), null)
  const [second, first] = await sessions(sandbox, link_token)
  assert.ok('results' in second && 'exit' in first)
})

test('createUpdateLink makes a page, and a token, that repair the Item', async (t) => {
  const sandbox = await start(t, { now: '2030-01-01' })
  const item = await brokenItem(sandbox)
  const { link_token, hosted_link_url, expiration, ...nothing } = await sandbox.createUpdateLink(
    item.item_id,
  )
  assert.deepEqual(nothing, {})
  assert.match(expiration, /^2030-01-01T00:(29|30):\d\dZ$/)
  assert.ok(hosted_link_url.startsWith(`${sandbox.url}/hl/`))
  assert.match(await (await fetch(hosted_link_url)).text(), /Log in again/)
  await fetch(`${hosted_link_url}/complete`, { method: 'POST', redirect: 'manual' })
  assert.equal(await itemError(sandbox, item), null)

  await call(sandbox, '/sandbox/item/reset_login', item)
  const again = await sandbox.createUpdateLink(item.item_id)
  assert.notEqual(again.link_token, link_token)
  assert.deepEqual(await sandbox.completeLink(again.link_token), { public_token: null })
  assert.equal(await itemError(sandbox, item), null)
})

test('createUpdateLink refuses an Item that is not there, or no longer', async (t) => {
  const sandbox = await start(t)
  const { access_token, item_id } = await sandbox.createItem()
  await call(sandbox, '/item/remove', { access_token })
  for (const id of [item_id, 'nothing', access_token, '../items', 'a/repair']) {
    await assert.rejects(sandbox.createUpdateLink(id), (error) => {
      assert.equal(error.code, 'ITEM_NOT_FOUND')
      return !error.message.includes(access_token)
    })
  }
})

test('a link token that is unknown is refused in Plaid’s words', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  for (const token of [UNKNOWN, access_token, 'x', '../reset', '\u0000']) {
    await assert.rejects(sandbox.completeLink(token), refused('invalid link_token provided'))
    await assert.rejects(sandbox.exitLink(token), refused('invalid link_token provided'))
  }
})

test('a link token expires: 30 minutes for update mode, 4 hours for a new Item', async (t) => {
  const sandbox = await start(t)
  const item = await brokenItem(sandbox)
  const update = () => linkToken(sandbox, { access_token: item.access_token })
  const add = () => linkToken(sandbox, { products: ['auth'] })
  for (const [create, lifetime] of [
    [update, 30 * MINUTE],
    [add, 4 * HOUR],
  ]) {
    const [late, inTime] = [await create(), await create()]
    await sandbox.advanceClock(lifetime - MINUTE)
    await sandbox.completeLink(inTime)
    await sandbox.advanceClock(MINUTE)
    await assert.rejects(sandbox.completeLink(late), refused(/expired/))
    await assert.rejects(sandbox.exitLink(late), refused(/expired/))
    await sandbox.completeLink(inTime)
  }
})

test('a link token of a removed Item, or one that was completed, cannot be left', async (t) => {
  const sandbox = await start(t)
  const { access_token } = await sandbox.createItem()
  const [first, second] = [
    await linkToken(sandbox, { access_token }),
    await linkToken(sandbox, { access_token }),
  ]
  await sandbox.completeLink(first)
  await assert.rejects(sandbox.exitLink(first), refused(/already completed/))
  await call(sandbox, '/item/remove', { access_token })
  await assert.rejects(sandbox.exitLink(second), { code: 'INVALID_LINK_TOKEN' })
  await assert.rejects(sandbox.completeLink(second), { code: 'INVALID_LINK_TOKEN' })
})
