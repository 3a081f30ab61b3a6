'use strict'

// Promise: `utdk-plaid sandbox` prints its URL and credentials, then each event on a line without
// secrets, and stops cleanly.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { finished } = require('node:stream/promises')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { parseEnv } = require('node:util')
const { startSandbox } = require('../sandbox.js')
const { inTerminal, startCommand } = require('./support/command.js')
const { json, silent, startServer } = require('./support/server.js')

const STARTED =
  /^A local Plaid Sandbox runs at (\S+)\n\nPaste into \.env:\n\n(PLAID_BASE_URL=\1\nPLAID_CLIENT_ID=([0-9a-f]{24})\nPLAID_SECRET=([0-9a-f]{30})\n)\n.+\n\n/
const UTC = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
/** One Ctrl-C can arrive twice, this far apart; two of the user are further apart. */
const ONE_CTRL_C_MS = 20
const TWO_CTRL_CS_MS = 500

/** Starts `sandbox`. Returns the running command with its URL and credentials. */
async function start(t, args = [], options = {}) {
  const command = startCommand(t, ['sandbox', ...args], options)
  const [, url, env, client_id, secret] = await command.until(STARTED)
  return Object.assign(command, { url, env, credentials: { client_id, secret } })
}

/** The same with JSON. */
async function startJson(t, args = []) {
  const command = startCommand(t, ['sandbox', '--log-format', 'json', ...args])
  const { kind, url, ...credentials } = JSON.parse((await command.until(/^(.+)\n/))[1])
  assert.equal(kind, 'started')
  return Object.assign(command, { url, credentials })
}

function lines(command) {
  assert.ok(command.stdout.endsWith('\n'), command.stdout)
  return command.stdout.slice(0, -1).split('\n')
}

async function post({ url }, path, body) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

/** Links an Item as a backend does, and breaks its login. */
async function breakItem(sandbox, webhook) {
  const { credentials } = sandbox
  const { public_token } = await post(sandbox, '/sandbox/public_token/create', {
    ...credentials,
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { webhook },
  })
  const exchanged = await post(sandbox, '/item/public_token/exchange', {
    ...credentials,
    public_token,
  })
  const { access_token, item_id } = exchanged
  const reply = await post(sandbox, '/sandbox/item/reset_login', { ...credentials, access_token })
  assert.equal(reply.reset_login, true)
  const item = await post(sandbox, '/item/get', { ...credentials, access_token })
  assert.equal(item.item.error.error_code, 'ITEM_LOGIN_REQUIRED')
  return { access_token, public_token, item_id }
}

/** A receiver's URL with a query and credentials, and what may be shown of it. */
function secretive(receiver) {
  const shown = `http://127.0.0.1:${receiver.port}/plaid/webhook`
  return { shown, url: shown.replace('//', '//user:p4ssw0rd@').concat('?key=s3cret#f') }
}

async function isFree(url) {
  const { port, hostname } = new URL(url)
  const server = net.createServer().listen(port, hostname)
  await once(server, 'listening')
  server.close()
}

test('what it prints works in a .env file', async (t) => {
  const sandbox = await start(t)
  const { PLAID_BASE_URL, PLAID_CLIENT_ID, PLAID_SECRET } = parseEnv(sandbox.env)
  assert.match(PLAID_BASE_URL, /^http:\/\/127\.0\.0\.1:\d+$/)
  const credentials = { client_id: PLAID_CLIENT_ID, secret: PLAID_SECRET }
  await breakItem({ url: PLAID_BASE_URL, credentials })
  const wrong = await post(sandbox, '/item/get', {
    ...credentials,
    secret: '0'.repeat(30),
    access_token: 'access-sandbox-00000000-0000-0000-0000-000000000000',
  })
  assert.equal(wrong.error_code, 'INVALID_API_KEYS')
  assert.equal(sandbox.stderr, '')
})

/** Makes events of every kind. Returns the secrets among what they carry, and the Item's id. */
async function makeEvents(t, sandbox) {
  const receiver = await startServer(t, { replies: [json(200, {}), json(500, {})] })
  const { shown, url } = secretive(receiver)
  const { access_token, public_token, item_id } = await breakItem(sandbox, url)
  await sandbox.until(/→ ITEM\/ERROR/)
  await post(sandbox, `/_sandbox/items/${item_id}/repair`, {})
  await sandbox.until(/→ ITEM\/LOGIN_REPAIRED/)
  await post(sandbox, '/_sandbox/faults', { kind: 'reset', path: '/accounts/get', times: 1 })
  await assert.rejects(post(sandbox, '/accounts/get', { ...sandbox.credentials, access_token }))
  await receiver.stop()
  await post(sandbox, '/sandbox/item/reset_login', { ...sandbox.credentials, access_token })
  await sandbox.until(/ITEM\/ERROR {2}failed/)
  await post(sandbox, `/nope/${access_token}`, { ...sandbox.credentials, access_token })
  await post(sandbox, '/beacon/user/get', { ...sandbox.credentials, beacon_user_id: 'user' })
  await post(sandbox, '/accounts/get', { ...sandbox.credentials, access_token })
  await sandbox.until(/\/accounts\/get {2}400/)
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.match(sandbox.stderr, /^\/beacon\/user\/get is not emulated, .+ --stubs FILE, .+\n$/)
  return { secrets: [access_token, public_token, 's3cret', 'p4ssw0rd', 'user:'], shown, item_id }
}

/** Asserts that each pattern matches a line of the log, and that no line has a secret. */
function checkLog(sandbox, patterns, secrets) {
  const log = sandbox.stdout.replace(STARTED, '').trimEnd().split('\n')
  for (const pattern of patterns) {
    const whole = new RegExp(`^${pattern}$`)
    assert.ok(
      log.some((line) => whole.test(line)),
      `${whole} is not in:\n${log.join('\n')}`,
    )
  }
  assert.equal(log.at(-1), 'Stopped.')
  for (const secret of [...secrets, '\u001b']) assert.ok(!sandbox.stdout.includes(secret), secret)
  // Printed once, for .env.
  assert.equal(sandbox.stdout.split(sandbox.credentials.secret).length, 2)
  return log
}

const MS = String.raw`\d+(\.\d)? ms`
const CLOCK = String.raw`\d\d:\d\d:\d\d`

test('it prints one line per event that fits 80 columns, without a secret', async (t) => {
  const sandbox = await start(t)
  const { secrets, item_id } = await makeEvents(t, sandbox)
  const id = `…${item_id.slice(-4)}`
  const patterns = [
    `${CLOCK}  Item  healthy  ${id}`,
    `${CLOCK}  POST /sandbox/public_token/create  200  ${MS}  ${id}`,
    `${CLOCK}  POST /item/public_token/exchange  200  ${MS}  ${id}`,
    `${CLOCK}  Item  login required  ${id}`,
    `${CLOCK}  POST /sandbox/item/reset_login  200  ${MS}  ${id}`,
    `${CLOCK}  → ITEM/ERROR  200  ${id}`,
    `${CLOCK}  → ITEM/LOGIN_REPAIRED  500  ${id}  retry in 30s`,
    `${CLOCK}  POST /accounts/get  fault: reset  ${MS}`,
    `${CLOCK}  → ITEM/ERROR  failed  could not connect.+  ${id}  retry in 30s`,
    `${CLOCK}  POST /nope/\\[redacted\\]  404  NOT_FOUND  ${MS}`,
    `${CLOCK}  POST /beacon/user/get  404  not emulated  ${MS}`,
    `${CLOCK}  POST /accounts/get  400  ITEM_LOGIN_REQUIRED  ${MS}  ${id}`,
  ]
  const log = checkLog(sandbox, patterns, secrets)
  for (const line of log) assert.ok(line.length <= 80, line)
})

test('with --verbose it prints whole ids, and the webhook URLs without secrets', async (t) => {
  const sandbox = await start(t, ['-v'])
  const { secrets, item_id, shown } = await makeEvents(t, sandbox)
  const id = `item_id=${item_id}`
  const patterns = [
    `${CLOCK}  Item  healthy  ${id}  webhook=${shown}`,
    `${CLOCK}  POST /item/get  200  ${MS}  ${id}  request_id=\\w{15,16}`,
    `${CLOCK}  → ITEM/ERROR  200  ${id}  url=${shown}`,
    `${CLOCK}  → ITEM/LOGIN_REPAIRED  500  ${id}  retry in 30s  url=${shown}`,
  ]
  checkLog(sandbox, patterns, secrets)
})

test('times are local', async (t) => {
  const sandbox = await start(t, [], { env: { TZ: 'Asia/Kathmandu' } })
  const before = Date.now()
  await post(sandbox, '/nope', {})
  const [, shown] = await sandbox.until(/(\d\d:\d\d:\d\d) {2}POST \/nope/)
  const options = { timeZone: 'Asia/Kathmandu', timeStyle: 'medium' }
  const local = new Intl.DateTimeFormat('en-GB', options)
  const possible = []
  for (let at = before; at <= Date.now() + 1000; at += 1000) possible.push(local.format(at))
  assert.ok(possible.includes(shown), `${shown} is none of ${possible}`)
})

test('with --log-format json every line is an object, without a secret', async (t) => {
  const receiver = await startServer(t)
  const sandbox = await startJson(t)
  const { shown, url } = secretive(receiver)
  const { access_token, public_token, item_id } = await breakItem(sandbox, url)
  await sandbox.until(/"delivered"/)
  await sandbox.until(/"\/item\/get"/)
  assert.deepEqual(await sandbox.ended('SIGINT'), [0, null])
  assert.equal(sandbox.stderr, '')

  const log = lines(sandbox).map((line) => JSON.parse(line))
  const kinds = log.map(({ kind }) => kind)
  assert.deepEqual([kinds[0], kinds.at(-1)], ['started', 'stopped'])
  assert.deepEqual(kinds.slice(1, -1).sort(), [
    'delivery',
    'item',
    'item',
    'request',
    'request',
    'request',
    'request',
  ])
  assert.deepEqual(
    log.filter(({ kind }) => kind === 'item').map(({ state }) => state),
    ['healthy', 'login_required'],
  )
  const { id, firedAt, attempts, ...delivery } = log.find(({ kind }) => kind === 'delivery')
  assert.deepEqual(delivery, {
    kind: 'delivery',
    url: shown,
    item_id,
    webhook_type: 'ITEM',
    webhook_code: 'ERROR',
    nextAttemptAt: null,
  })
  assert.equal(id, 1)
  assert.match(firedAt, new RegExp(`^${UTC}$`))
  assert.deepEqual(attempts, [{ at: attempts[0].at, outcome: { kind: 'delivered', status: 200 } }])
  const created = log.find((line) => line.path === '/sandbox/public_token/create')
  assert.equal(created.fields.options.webhook, shown)
  const verification = receiver.requests[0].headers['plaid-verification']
  for (const secret of [access_token, public_token, 's3cret', 'p4ssw0rd', verification]) {
    assert.ok(!sandbox.stdout.includes(secret), secret)
  }
  assert.equal(sandbox.stdout.split(sandbox.credentials.secret).length, 2)
})

test('--seed keeps the credentials, which are those of startSandbox', async (t) => {
  const { credentials } = await start(t, ['--seed', '7'])
  assert.deepEqual((await startJson(t, ['--seed', '7'])).credentials, credentials)
  const sandbox = await startSandbox({ seed: 7 })
  t.after(() => sandbox.close())
  assert.deepEqual({ client_id: sandbox.clientId, secret: sandbox.secret }, credentials)
  assert.notDeepEqual((await start(t, ['--seed', '8'])).credentials, credentials)
})

test('--port and --host set where it listens', async (t) => {
  const { url } = await start(t)
  const { port } = new URL(url)
  // Taken on 127.0.0.1, and free on its neighbour.
  const other = await start(t, ['--port', port, '--host', '127.0.0.2'])
  assert.equal(other.url, `http://127.0.0.2:${port}`)
})

test('--allow-webhook-host allows webhooks to other machines', async (t) => {
  const hosts = ['a.invalid', 'b.invalid:81']
  const sandbox = await start(t, ['-v', ...hosts.flatMap((host) => ['--allow-webhook-host', host])])
  for (const [host, outcome] of [
    ['a.invalid', 'failed {2}no such host'],
    ['b.invalid:81', 'failed {2}no such host'],
    ['b.invalid:82', 'not allowed'],
  ]) {
    const { item_id } = await breakItem(sandbox, `http://${host}/`)
    await sandbox.until(new RegExp(`→ ITEM/ERROR {2}${outcome}.* {2}item_id=${item_id} `))
  }
})

test('--allow-remote-control opens the controls to other host names', async (t) => {
  for (const [args, status] of [
    [[], '403'],
    [['--allow-remote-control'], '200'],
  ]) {
    const { port } = new URL((await start(t, args)).url)
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /_sandbox/health HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n')
    const reply = Buffer.concat(await socket.toArray()).toString()
    assert.equal(reply.split(' ')[1], status)
  }
})

test('--stubs answers routes from a file, and --transactions lets them arrive over time', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-stubs-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'stubs.json')
  fs.writeFileSync(file, '[{ "path": "/transfer/list", "body": { "transfers": [] } }]')
  const sandbox = await start(t, ['--stubs', file, '--transactions', 'as_plaid'])
  const stubbed = await post(sandbox, '/transfer/list', sandbox.credentials)
  assert.deepEqual(stubbed.transfers, [])
  const { access_token } = await post(sandbox, '/_sandbox/items', {})
  const synced = await post(sandbox, '/transactions/sync', { ...sandbox.credentials, access_token })
  assert.equal(synced.transactions_update_status, 'NOT_READY')
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} stops it during requests and deliveries, and frees the port`, async (t) => {
    const receiver = await startServer(t, { replies: [silent] })
    const sandbox = await start(t)
    const delivered = once(receiver, 'request')
    const { access_token } = await breakItem(sandbox, `${receiver.url}/`)
    await delivered
    await post(sandbox, '/_sandbox/faults', { kind: 'hang', path: '/item/get' })
    const hanging = post(sandbox, '/item/get', { ...sandbox.credentials, access_token })
    const cut = assert.rejects(hanging)
    const idle = net.connect(new URL(sandbox.url).port, '127.0.0.1')
    await once(idle, 'connect')
    // Closing a connection with an unread request resets it.
    idle.on('error', (error) => assert.equal(error.code, 'ECONNRESET'))
    idle.write('POST /item/get HTTP/1.1\r\n')
    await sandbox.until(/fault: hang/)

    const asked = performance.now()
    assert.deepEqual(await sandbox.ended(signal), [0, null])
    assert.ok(performance.now() - asked < 5_000)
    assert.match(sandbox.stdout, /\nStopped\.\n$/)
    assert.equal(sandbox.stderr, '')
    await cut
    await isFree(sandbox.url)
    idle.destroy()
  })
}

test('a signal right after the start stops it', async (t) => {
  const sandbox = startCommand(t, ['sandbox'])
  await sandbox.until(/./)
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.equal(sandbox.stderr, '')
})

/** Makes it write far more than a pipe holds, while the test does not read. */
async function stall(sandbox) {
  sandbox.child.stdout.pause()
  const socket = net.connect(new URL(sandbox.url).port, '127.0.0.1')
  const request = 'POST /nope HTTP/1.1\r\nhost: sandbox\r\ncontent-length: 0\r\n'
  socket.write(`${request}\r\n`.repeat(10_000))
  socket.end(`${request}connection: close\r\n\r\n`)
  await finished(socket.resume())
}

test('a stalled reader delays neither its replies nor its end', async (t) => {
  const sandbox = await start(t)
  await stall(sandbox)
  const { url } = sandbox
  assert.equal((await post(sandbox, '/nope', {})).error_code, 'NOT_FOUND')
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.equal(sandbox.stderr, '')
  await isFree(url)
})

test('a Ctrl-C that arrives twice, as under npx, counts once', async (t) => {
  const sandbox = await start(t)
  await stall(sandbox)
  sandbox.child.kill('SIGINT')
  await wait(ONE_CTRL_C_MS)
  assert.deepEqual(await sandbox.ended('SIGINT'), [0, null])
  assert.equal(sandbox.stderr, '')
})

test('a second Ctrl-C ends it at once, with 130', async (t) => {
  const sandbox = await start(t)
  await stall(sandbox)
  // Stopping takes a while now: the last lines have no reader.
  sandbox.child.kill('SIGINT')
  await wait(TWO_CTRL_CS_MS)
  assert.deepEqual(await sandbox.ended('SIGINT'), [130, null])
  assert.equal(sandbox.stderr, '')
  await isFree(sandbox.url)
})

test('it ends quietly when its reader leaves, during and between events', async (t) => {
  for (const talk of [true, false]) {
    const sandbox = await start(t)
    const { url } = sandbox
    sandbox.child.stdout.destroy()
    if (talk) await post(sandbox, '/nope', {}).catch(() => {})
    assert.deepEqual(await sandbox.ended(), [0, null])
    assert.equal(sandbox.stderr, '')
    await isFree(url)
  }
})

test('it ends quietly at the end of a pipeline', async (t) => {
  const through = ([node, ...args]) => ['sh', '-c', '"$0" "$@" | head -n 1', node, ...args]
  const pipeline = startCommand(t, ['sandbox'], { through })
  assert.deepEqual(await pipeline.ended(), [0, null])
  assert.match(pipeline.stdout, /^A local Plaid Sandbox runs at \S+\n$/)
  assert.equal(pipeline.stderr, '')
})

test('its output can go to a file', async (t) => {
  const file = path.join(fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'utdk-')), 'log')
  t.after(() => fs.rmSync(path.dirname(file), { recursive: true }))
  const through = ([node, ...args]) => ['sh', '-c', `exec "$0" "$@" > '${file}'`, node, ...args]
  const sandbox = startCommand(t, ['sandbox'], { through })
  while (!fs.existsSync(file) || !STARTED.test(fs.readFileSync(file, 'utf8'))) await wait(20)
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.match(fs.readFileSync(file, 'utf8'), /\nStopped\.\n$/)
})

for (const [name, env, colours] of [
  ['a terminal shows colours', {}, true],
  ['an empty NO_COLOR changes nothing', { NO_COLOR: '' }, true],
  ['NO_COLOR turns colours off', { NO_COLOR: '1' }, false],
]) {
  test(`${name}, and its Ctrl-C stops the command`, async (t) => {
    const command = startCommand(t, ['sandbox'], { env, through: inTerminal })
    const [, url] = await command.until(/PLAID_BASE_URL=(\S+)\r\n/)
    await command.until(/Ctrl-C\.\r\n/)
    await post({ url }, '/nope', {})
    const [, status] = await command.until(/ POST \/nope {2}(\S+) {2}NOT_FOUND/)
    assert.equal(status, colours ? '\u001b[31m404\u001b[0m' : '404')
    command.child.stdin.write('\u0003')
    assert.deepEqual(await command.ended(), [0, null])
    assert.match(command.stdout, /Stopped\.\r\n$/)
    assert.equal(command.stdout.includes('\u001b'), colours)
  })
}

test('JSON has no colours in a terminal', async (t) => {
  const args = ['sandbox', '--log-format', 'json']
  const command = startCommand(t, args, { through: inTerminal })
  const { url } = JSON.parse((await command.until(/^(\{.+\})\r\n/))[1])
  await post({ url }, '/nope', {})
  await command.until(/"NOT_FOUND"/)
  assert.ok(!command.stdout.includes('\u001b'))
})
