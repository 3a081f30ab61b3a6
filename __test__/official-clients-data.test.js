'use strict'

// Promise: Plaid's own clients for Node and for Python call every route of data, and read each reply
// and each error.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { test } = require('node:test')
const { Configuration, PlaidApi } = require('plaid')
const { thingsOf } = require('./schemas/bodies.js')
const DATA_CALLS = require('./schemas/data-calls.js')
const { call, start } = require('./support/sandbox.js')

const root = path.join(__dirname, '..')
const PYTHON = path.join(root, 'target', 'tools', 'plaid-python', 'bin', 'python')

/** Every documented call of the routes of data, and calls that Plaid refuses, with their bodies. */
async function callsOf(sandbox) {
  const post = async (route, body) => {
    const { httpStatus, ...reply } = await call(sandbox, route, body)
    assert.equal(httpStatus, 200, `${route}: ${JSON.stringify(reply)}`)
    return reply
  }
  const things = thingsOf(sandbox, post)
  const calls = []
  for (const [route, { full, good = {}, bad }] of Object.entries(DATA_CALLS)) {
    for (const make of [full, ...Object.values(good)]) {
      calls.push({ path: route, body: await make(things), is_good: true })
    }
    for (const make of Object.values(bad)) {
      calls.push({ path: route, body: await make(things), is_good: false })
    }
  }
  return calls
}

function assertOutcome({ path: route, body, is_good }, outcome) {
  const about = `${route} ${JSON.stringify(body)}: ${JSON.stringify(outcome)}`
  assert.equal(outcome.unreadable, undefined, about)
  if (is_good) {
    assert.equal(outcome.status, 200, about)
    assert.match(outcome.request_id, /^[0-9a-f]{15}$/, about)
  } else {
    assert.ok(outcome.status >= 400 && outcome.status < 500, about)
    assert.match(outcome.error_code, /^[A-Z_]+$/, about)
  }
}

/** The method of the client for Node that calls a route. */
function methodOf(route) {
  if (route === '/item/public_token/create') return 'itemCreatePublicToken'
  return route.slice(1).replace(/[/_](\w)/g, (_, letter) => letter.toUpperCase())
}

test('the client for Node calls every route of data, and reads its replies and errors', async (t) => {
  const sandbox = await start(t)
  const { url, clientId, secret } = sandbox
  const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
  const client = new PlaidApi(new Configuration({ basePath: url, baseOptions: { headers } }))
  for (const each of await callsOf(sandbox)) {
    const { status, data } = await client[methodOf(each.path)](each.body).catch(
      (error) => error.response,
    )
    assertOutcome(each, { status, ...data })
  }
})

/** The ids of the transactions of an Item, as Plaid's guide gets them. Calls `onPage` after each page. */
async function idsBySync(client, access_token, onPage) {
  const start = ''
  for (;;) {
    const ids = []
    let cursor = start
    try {
      for (;;) {
        const { data } = await client.transactionsSync({ access_token, cursor, count: 10 })
        ids.push(...data.added.map(({ transaction_id }) => transaction_id))
        cursor = data.next_cursor
        if (!data.has_more) return ids
        await onPage()
      }
    } catch (error) {
      assert.equal(error.response?.data.error_code, MUTATION, error.stack)
    }
  }
}

const MUTATION = 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION'

test('a sync that meets a mutation between two pages starts again, and gets every transaction', async (t) => {
  const sandbox = await start(t)
  const { url, clientId, secret } = sandbox
  const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
  const client = new PlaidApi(new Configuration({ basePath: url, baseOptions: { headers } }))
  const { access_token } = await sandbox.createItem()
  let pages = 0
  const ids = await idsBySync(client, access_token, async () => {
    pages += 1
    if (pages === 2) await sandbox.failNext({ path: '/transactions/sync', error_code: MUTATION })
  })
  const { data } = await client.transactionsSync({ access_token, count: 500 })
  assert.deepEqual(
    ids,
    data.added.map(({ transaction_id }) => transaction_id),
  )
  const errors = (await sandbox.requests()).map(({ error_code }) => error_code)
  assert.equal(errors.filter((code) => code === MUTATION).length, 1)
})

test('the client for Python calls every route of data, and reads its replies and errors', async (t) => {
  const sandbox = await start(t)
  const { url, clientId, secret } = sandbox
  const calls = await callsOf(sandbox)
  const python = spawn(PYTHON, [path.join(__dirname, 'programs', 'plaid_client.py')])
  python.stdin.end(JSON.stringify({ url, clientId, secret, calls }))
  const [stdout, stderr, [code]] = await Promise.all([
    python.stdout.setEncoding('utf8').toArray(),
    python.stderr.setEncoding('utf8').toArray(),
    once(python, 'exit'),
  ])
  assert.equal(code, 0, stderr.join(''))
  const outcomes = JSON.parse(stdout.join(''))
  assert.equal(outcomes.length, calls.length)
  calls.forEach((each, index) => {
    assertOutcome(each, outcomes[index])
  })
})
