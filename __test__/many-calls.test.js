'use strict'

// Promise: a thousand calls at once all settle, each with its own reply.

const assert = require('node:assert/strict')
const { once, setMaxListeners } = require('node:events')
const { test } = require('node:test')
const { ACCESS_TOKEN, clientOf } = require('./support/client.js')
const { checkCalls, checkCrowd } = require('./support/flood.js')
const { startServer } = require('./support/server.js')

const CALLS = 1000

/** A server that answers each call with `answer`, by the number in its token. */
async function start(t, answer) {
  const numbered = (_, response) => {
    const { body } = server.requests.at(-1)
    answer(Number(JSON.parse(body).access_token.split('#')[1]), response)
  }
  const server = await startServer(t, { replies: Array(CALLS).fill(numbered) })
  return server
}

function callAll(client, options) {
  return Array.from({ length: CALLS }, (_, i) =>
    client.sandboxitemresetlogin({ access_token: `${ACCESS_TOKEN}#${i}` }, options?.(i)),
  )
}

function succeed(number, response) {
  response.end(JSON.stringify({ reset_login: true, request_id: `reply ${number}` }))
}

test('a thousand calls in flight each get their own reply', async (t) => {
  const server = await start(t, succeed)
  const replies = await Promise.all(callAll(clientOf(server)))
  for (const [i, { request_id }] of replies.entries()) assert.equal(request_id, `reply ${i}`)
  assert.equal(server.requests.length, CALLS)
})

test('replies and errors each reach their own caller', async (t) => {
  const server = await start(t, (number, response) => {
    if (number % 2 === 0) return succeed(number, response)
    response.writeHead(400)
    response.end(JSON.stringify({ error_code: 'A_CODE', request_id: `error ${number}` }))
  })
  const settled = await Promise.allSettled(callAll(clientOf(server)))
  for (const [i, { status, value, reason }] of settled.entries()) {
    assert.equal(status, i % 2 === 0 ? 'fulfilled' : 'rejected')
    assert.equal((value ?? reason).request_id, `${i % 2 === 0 ? 'reply' : 'error'} ${i}`)
  }
})

test('aborting every other call does not disturb the rest', async (t) => {
  const server = await start(t, (number, response) => {
    if (number % 2 === 0) succeed(number, response)
  })
  const client = clientOf(server)
  const controller = new AbortController()
  const { signal } = controller
  setMaxListeners(CALLS, signal)
  const calls = callAll(client, (i) => (i % 2 === 0 ? undefined : { signal }))
  // By then, some are answered, some are in flight, and some may not have been sent.
  while (server.requests.length < CALLS / 10) await once(server, 'request')
  controller.abort('enough')
  const settled = await Promise.allSettled(calls)
  for (const [i, { value, reason }] of settled.entries()) {
    if (i % 2 === 0) assert.equal(value?.request_id, `reply ${i}`, String(reason))
    else assert.equal(reason, 'enough')
  }
})

test('ids that are used again do not mix up calls', async (t) => {
  const server = await start(t, succeed)
  const client = clientOf(server)
  let next = 0
  const chain = async () => {
    while (next < CALLS) {
      const i = next++
      const input = { access_token: `${ACCESS_TOKEN}#${i}` }
      const { request_id } = await client.sandboxitemresetlogin(input)
      assert.equal(request_id, `reply ${i}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, chain))
  assert.ok(server.connectionCount() <= 16)
})

test('20 000 calls, some failing and some aborted, all settle, and memory stays flat', (t) =>
  checkCalls(t, 20_000, { growthMib: 24 }))

test('5 000 calls at once lose none where 1 024 files can be open', (t) =>
  checkCrowd(t, 5000, { limitMs: 60_000 }))
