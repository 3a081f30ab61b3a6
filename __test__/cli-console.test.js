'use strict'

// Promise: `utdk-plaid console` runs a local Sandbox and a gateway to it, and a page of this machine
// can go through the whole story there: make an Item, break it, see the signed webhook, repair it.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { run } = require('./support/child.js')
const { COMMAND, startCommand } = require('./support/command.js')
const { assertFree, portOf, start: startTwin, verified } = require('./support/sandbox.js')

const STARTED =
  /^Open (http:\/\/localhost:\d+)\n\n {2}The gateway is at +(http:\/\/127\.0\.0\.1:\d+)\n {2}The local Sandbox is at +(http:\/\/127\.0\.0\.1:\d+)\n\n[^\n]+\n[^\n]+\n\n/
const TOOL = '/tools/plaid/sandboxitemresetlogin'
/** Not of this machine, or of nobody in particular. */
const FOREIGN = ['https://evil.example', 'http://localhost.evil.example', 'null']

/** Starts `console` on a free port, and returns the running command with the URLs it printed. */
async function start(t, args = [], options = {}) {
  const command = startCommand(t, ['console', '--port', '0', ...args], options)
  const [, page, gateway, sandbox] = await command.until(STARTED)
  return Object.assign(command, { page, gateway, sandbox })
}

/** Asks as a script of the page at `origin` does. */
function ask(origin, url, { body, headers, ...more } = {}) {
  return fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: {
      origin,
      'sec-fetch-site': origin === new URL(url).origin ? 'same-origin' : 'cross-site',
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body && JSON.stringify(body),
    ...more,
  })
}

/** What the page gets to see: an answer without leave is none to it. */
async function seen(origin, url, options) {
  const response = await ask(origin, url, options)
  assert.equal(response.headers.get('access-control-allow-origin'), origin)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

/** Reads along, as an EventSource does: `[name, id, data]` one after the other. */
async function* readAlong(origin, sandbox) {
  const response = await ask(origin, `${sandbox}/_sandbox/events`)
  assert.equal(response.headers.get('access-control-allow-origin'), origin)
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  yield 'open'
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop()
    for (const block of blocks) {
      const [, name, id, data] = block.match(/^event: (.+)\nid: (\d+)\ndata: (.+)$/)
      yield [name, Number(id), JSON.parse(data)]
    }
  }
}

async function next(events) {
  const { value } = await events.next()
  return value
}

test('a page goes through the whole story', { timeout: 30_000 }, async (t) => {
  // What the environment says of Plaid is left alone.
  const env = {
    PLAID_CLIENT_ID: 'of-somebody-else',
    PLAID_SECRET: 'of-somebody-else',
    PLAID_BASE_URL: 'http://127.0.0.1:9',
    UTDK_GATEWAY_URL: 'http://127.0.0.1:9',
  }
  const command = await start(t, ['--seed', '7'], { env })
  const { page, gateway, sandbox } = command
  assert.equal(new URL(page).port, new URL(gateway).port)

  // The page learns where the Sandbox is, and reads along.
  const config = await seen(page, `${page}/config`)
  assert.deepEqual(config.sandbox, { url: sandbox })
  assert.deepEqual([config.credentials, config.upstream], ['start', new URL(sandbox).host])
  const events = readAlong(page, sandbox)
  assert.equal(await next(events), 'open')

  // An Item, whose token fills the form; the browser asks beforehand.
  const items = `${sandbox}/_sandbox/items`
  const preflight = await ask(page, items, {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), page)
  assert.match(preflight.headers.get('access-control-allow-headers'), /content-type/)
  const webhook = `${sandbox}/_sandbox/inbox`
  const { access_token, item_id } = await seen(page, items, { body: { webhook } })
  const [name, id, item] = await next(events)
  assert.deepEqual([name, id, item.item_id, item.state], ['item', 1, item_id, 'healthy'])

  // Send breaks it, without a credential of Plaid's.
  const { data } = await seen(page, page + TOOL, { body: { args: { access_token } } })
  assert.equal(data.reset_login, true)
  const [, , broken] = await next(events)
  assert.deepEqual([broken.item_id, broken.state], [item_id, 'login_required'])
  const [, , request] = await next(events)
  assert.deepEqual([request.path, request.status], ['/sandbox/item/reset_login', 200])
  assert.equal(request.request_id, data.request_id)
  const [told, fourth, delivery] = await next(events)
  assert.deepEqual([told, fourth, delivery.webhook_code], ['webhook', 4, 'ERROR'])
  assert.deepEqual(delivery.attempts[0].outcome, { kind: 'delivered', status: 200 })
  // The same seed has the same credentials, with which the key is asked for.
  const { clientId, secret } = await startTwin(t, { seed: 7 })
  const { verification } = delivery.attempts[0]
  await verified({ url: sandbox, clientId, secret }, { verification, rawBody: delivery.body })
  const [name5] = await next(events)
  assert.equal(name5, 'request')

  // Repair opens the page of the Sandbox, whose own button heals the Item.
  const update = await seen(page, `${items}/${item_id}/update`, { method: 'POST' })
  const shown = await fetch(update.hosted_link_url)
  const html = await shown.text()
  assert.match(html, /Log in again/)
  const [, action] = html.match(/<form method="post" action="([^"]+\/complete)">/)
  const complete = new URL(action, update.hosted_link_url)
  const form = { method: 'POST', redirect: 'manual' }
  assert.equal((await ask(page, complete, form)).status, 403)
  assert.equal((await ask(complete.origin, complete, form)).status, 303)
  const [, sixth, healed] = await next(events)
  assert.deepEqual([sixth, healed.item_id, healed.state], [6, item_id, 'healthy'])
  assert.deepEqual((await seen(page, items)).items, [healed])

  // The terminal says the same, and no secret.
  await command.until(/item healthy[^\n]*\n[\s\S]*item healthy/)
  for (const line of ['item login_required', 'webhook ITEM ERROR delivered status=200']) {
    assert.ok(command.stdout.includes(line), command.stdout)
  }
  for (const hidden of [access_token, update.link_token, clientId, secret, verification]) {
    assert.ok(!command.stdout.includes(hidden))
  }
  assert.equal(command.stderr, '')
})

test('a page of another site gets nothing', async (t) => {
  const { gateway, sandbox } = await start(t)
  const access_token = 'access-sandbox-00000000-0000-4000-8000-000000000000'
  for (const origin of FOREIGN) {
    for (const [url, options] of [
      [`${sandbox}/_sandbox/items`, {}],
      [`${sandbox}/_sandbox/items`, { body: {} }],
      [`${sandbox}/_sandbox/items`, { method: 'OPTIONS' }],
      [`${sandbox}/_sandbox/inbox`, { body: {} }],
      [`${sandbox}/_sandbox/events`, {}],
      [`${gateway}/config`, {}],
      [gateway + TOOL, { body: { args: { access_token } } }],
      [gateway + TOOL, { method: 'OPTIONS' }],
    ]) {
      const response = await ask(origin, url, options)
      assert.equal(response.status, 403, `${origin} ${url}`)
      assert.equal(response.headers.get('access-control-allow-origin'), null)
    }
  }
  const { items } = await (await fetch(`${sandbox}/_sandbox/items`)).json()
  assert.deepEqual(items, [])
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} stops it at once, though a page reads along, and frees the ports`, async (t) => {
    const command = await start(t)
    const { page, gateway, sandbox } = command
    const events = readAlong(page, sandbox)
    assert.equal(await next(events), 'open')
    const asked = performance.now()
    assert.deepEqual(await command.ended(signal), [0, null])
    assert.ok(performance.now() - asked < 5_000)
    assert.match(command.stdout, /\nStopped\.\n$/)
    assert.equal(command.stderr, '')
    await assert.rejects(next(events), /terminated/)
    for (const url of [gateway, sandbox]) await assertFree(portOf({ url }))
  })
}

test('what is under way when it is stopped holds it up for no longer than a moment', async (t) => {
  const command = await start(t)
  const { page, sandbox } = command
  const { access_token } = await seen(page, `${sandbox}/_sandbox/items`, { body: {} })
  await seen(page, `${sandbox}/_sandbox/faults`, { body: { kind: 'hang' } })
  const cut = assert.rejects(ask(page, page + TOOL, { body: { args: { access_token } } }))
  await command.until(/fault=hang/)
  const asked = performance.now()
  assert.deepEqual(await command.ended('SIGTERM'), [0, null])
  assert.ok(performance.now() - asked < 10_000)
  await cut
})

test('with --log-format json every line is an object', async (t) => {
  const command = startCommand(t, ['console', '--port', '0', '--log-format', 'json'])
  const { kind, url, gateway_url, sandbox_url } = JSON.parse((await command.until(/^(.+)\n/))[1])
  assert.equal(kind, 'started')
  assert.equal(url, gateway_url.replace('127.0.0.1', 'localhost'))
  await seen(url, `${sandbox_url}/_sandbox/items`, { body: {} })
  await command.until(/"healthy"/)
  assert.deepEqual(await command.ended('SIGTERM'), [0, null])
  const kinds = command.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).kind)
  assert.deepEqual(kinds, ['started', 'item', 'stopped'])
})

test('--seed and --sandbox-port make a run like the one before', async (t) => {
  const first = await start(t, ['--seed', '3'])
  const items = '/_sandbox/items'
  const item = await seen(first.page, first.sandbox + items, { body: {} })
  assert.deepEqual(await first.ended('SIGTERM'), [0, null])
  const again = await start(t, [
    '--seed',
    '3',
    '--sandbox-port',
    `${portOf({ url: first.sandbox })}`,
  ])
  assert.equal(again.sandbox, first.sandbox)
  assert.deepEqual(await seen(again.page, again.sandbox + items, { body: {} }), item)
})

test('a port that is taken is one sentence on standard error, and exit code 1', async (t) => {
  const { gateway, sandbox } = await start(t)
  for (const [option, url] of [
    ['--port', gateway],
    ['--sandbox-port', sandbox],
  ]) {
    const { port } = new URL(url)
    const args = ['console', '--port', '0', '--sandbox-port', '0']
    args[args.indexOf(option) + 1] = port
    const { code, stdout, stderr } = await run(COMMAND, { args })
    assert.deepEqual([code, stdout], [1, ''])
    const sentence = `error: port ${port} of 127.0.0.1 is taken; choose another with ${option}\n`
    assert.equal(stderr, sentence)
  }
})

test('--help says what each option is for, shows an example, and whose Sandbox it is', async () => {
  const { code, stdout, stderr } = await run(COMMAND, { args: ['console', '--help'] })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Example:\n {2}npx @utdk\/plaid console/m)
  for (const option of ['port', 'sandbox-port', 'seed', 'log-format']) {
    assert.match(stdout, new RegExp(`^ +--${option} <[A-Z]+> +[A-Z]`, 'm'))
  }
  assert.match(stdout, /PLAID_CLIENT_ID/)
  assert.match(stdout, /^Exit codes: 0 .*1 .*2 .*130/ms)
  assert.ok(!stdout.includes('--host'))
})
