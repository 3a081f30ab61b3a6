'use strict'

// Promise: `utdk-plaid console` runs a local Sandbox with a gateway in front, and a page of this
// machine can go through the whole flow: create an Item, break it, see the signed webhook, repair it.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { startCommand } = require('./support/command.js')
const { assertFree, portOf, start: startTwin, verified } = require('./support/sandbox.js')

const STARTED =
  /^Open (http:\/\/localhost:\d+)\n\n {2}The gateway is at +(http:\/\/127\.0\.0\.1:\d+)\n {2}The local Sandbox is at +(http:\/\/127\.0\.0\.1:\d+)\n\n[^\n]+\n\n/
const TOOL = '/tools/plaid/sandboxitemresetlogin'
/** Origins that are not of this machine. */
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

/** The reply as the page sees it: the browser withholds one without CORS headers. */
async function seen(origin, url, options) {
  const response = await ask(origin, url, options)
  assert.equal(response.headers.get('access-control-allow-origin'), origin)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

/** Yields events as an EventSource does: `[name, id, data]`. */
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

test('a page goes through the whole flow', { timeout: 30_000 }, async (t) => {
  // None of this is used.
  const env = {
    PLAID_CLIENT_ID: 'not-used',
    PLAID_SECRET: 'not-used',
    PLAID_BASE_URL: 'http://127.0.0.1:9',
    UTDK_GATEWAY_URL: 'http://127.0.0.1:9',
  }
  const command = await start(t, ['--seed', '7'], { env })
  const { page, gateway, sandbox } = command
  assert.equal(new URL(page).port, new URL(gateway).port)

  // The page learns where the Sandbox is, and follows its events.
  const config = await seen(page, `${page}/config`)
  assert.deepEqual(config.sandbox, { url: sandbox })
  assert.deepEqual([config.credentials, config.upstream], ['start', new URL(sandbox).host])
  const events = readAlong(page, sandbox)
  assert.equal(await next(events), 'open')

  // It creates an Item; the browser sends a preflight first.
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

  // Send breaks it, without credentials.
  const { data } = await seen(page, page + TOOL, { body: { args: { access_token } } })
  assert.equal(data.reset_login, true)
  const [, , broken] = await next(events)
  assert.deepEqual([broken.item_id, broken.state], [item_id, 'login_required'])
  const [, , request] = await next(events)
  assert.deepEqual([request.path, request.status], ['/sandbox/item/reset_login', 200])
  assert.equal(request.request_id, data.request_id)
  const [name4, fourth, delivery] = await next(events)
  assert.deepEqual([name4, fourth, delivery.webhook_code], ['webhook', 4, 'ERROR'])
  assert.deepEqual(delivery.attempts[0].outcome, { kind: 'delivered', status: 200 })
  // A Sandbox with the same seed has the same credentials.
  const { clientId, secret } = await startTwin(t, { seed: 7 })
  const { verification } = delivery.attempts[0]
  await verified({ url: sandbox, clientId, secret }, { verification, rawBody: delivery.body })
  const [name5] = await next(events)
  assert.equal(name5, 'request')

  // Repair opens a page of the Sandbox, whose button repairs the Item.
  const update = await seen(page, `${items}/${item_id}/update`, { method: 'POST' })
  const shown = await fetch(update.hosted_link_url)
  const html = await shown.text()
  assert.match(html, /Log in again/)
  const [, action] = html.match(/<form method="post" action="([^"]+\/complete)">/)
  const complete = new URL(action, update.hosted_link_url)
  const form = { method: 'POST', redirect: 'manual' }
  assert.equal((await ask(page, complete, form)).status, 403)
  assert.equal((await ask(complete.origin, complete, form)).status, 303)
  const [name6, , opened] = await next(events)
  assert.deepEqual([name6, opened.event.eventName, opened.item_id], ['link', 'OPEN', item_id])
  const [, seventh, repaired] = await next(events)
  assert.deepEqual([seventh, repaired.item_id, repaired.state], [7, item_id, 'healthy'])
  assert.deepEqual((await seen(page, items)).items, [repaired])

  // The terminal shows the same, without secrets.
  await command.until(/Item {2}healthy[^\n]*\n[\s\S]*Item {2}healthy/)
  for (const line of ['Item  login required', '→ ITEM/ERROR  200']) {
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
  test(`${signal} stops it at once while a page follows its events, and frees the ports`, async (t) => {
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

test('a call in flight delays its end only a little', async (t) => {
  const command = await start(t)
  const { page, sandbox } = command
  const { access_token } = await seen(page, `${sandbox}/_sandbox/items`, { body: {} })
  await seen(page, `${sandbox}/_sandbox/faults`, { body: { kind: 'hang' } })
  const cut = assert.rejects(ask(page, page + TOOL, { body: { args: { access_token } } }))
  await command.until(/fault: hang/)
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

test('--seed and --sandbox-port repeat a run', async (t) => {
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

test('--open opens the console in the browser, and says so if it cannot', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-browser-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const opened = path.join(directory, 'opened')
  const browser = `#!/bin/sh\necho "$1" > '${opened}'\n`
  fs.writeFileSync(path.join(directory, 'xdg-open'), browser, { mode: 0o755 })
  const env = { PATH: `${directory}:/usr/bin:/bin` }
  const { page, stderr } = await start(t, ['--open'], { env })
  while (!fs.existsSync(opened) || fs.readFileSync(opened, 'utf8') === '') await wait(20)
  assert.equal(fs.readFileSync(opened, 'utf8'), `${page}\n`)
  assert.equal(stderr, '')

  const nowhere = startCommand(t, ['console', '--port', '0', '--open'], {
    env: { PATH: directory },
  })
  fs.rmSync(path.join(directory, 'xdg-open'))
  await nowhere.until(STARTED)
  while (nowhere.stderr === '') await once(nowhere.child, 'written')
  assert.equal(nowhere.stderr, 'No browser could be started: open the URL above.\n')
})
