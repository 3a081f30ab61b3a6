'use strict'

// Promise: `utdk-plaid sandbox` says where the Sandbox runs and with which credentials, logs what
// happens in it without secrets, and stops cleanly when it is asked to.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { finished } = require('node:stream/promises')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const { COMMAND, inTerminal, startCommand } = require('./support/command.js')
const { json, silent, startServer } = require('./support/server.js')

const STARTED =
  /^A local Plaid Sandbox runs at (\S+)\n\n {2}PLAID_BASE_URL=\1\n {2}PLAID_CLIENT_ID=([0-9a-f]{24})\n {2}PLAID_SECRET=([0-9a-f]{30})\n\n.+\n\n/
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
/** As far apart as one Ctrl-C that comes twice, and further. */
const ONE_CTRL_C_MS = 20
const TWO_CTRL_CS_MS = 500

/** Starts `sandbox`, and returns the running command with what it said at the start. */
async function start(t, args = [], options = {}) {
  const command = startCommand(t, ['sandbox', ...args], options)
  const [, url, client_id, secret] = await command.until(STARTED)
  return Object.assign(command, { url, credentials: { client_id, secret } })
}

/** The same with lines of JSON. */
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

/** Has the last path part, the query and the credentials of a receiver's URL be a user's. */
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

test('its URL and credentials are to be pasted, and a Sandbox answers there', async (t) => {
  const sandbox = await start(t)
  assert.match(sandbox.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const wrong = await post(sandbox, '/item/get', {
    ...sandbox.credentials,
    secret: '0'.repeat(30),
    access_token: 'access-sandbox-00000000-0000-0000-0000-000000000000',
  })
  assert.equal(wrong.error_code, 'INVALID_API_KEYS')
  await breakItem(sandbox)
  const health = await fetch(`${sandbox.url}/_sandbox/health`)
  assert.equal(health.status, 200)
  assert.equal(sandbox.stderr, '')
})

test('it logs requests, webhooks and Items, a line each, without a secret', async (t) => {
  const receiver = await startServer(t, { replies: [json(200, {}), json(500, {})] })
  const sandbox = await start(t)
  const { shown, url } = secretive(receiver)
  const { access_token, public_token, item_id } = await breakItem(sandbox, url)
  await post(sandbox, `/_sandbox/items/${item_id}/repair`, {})
  await sandbox.until(/refused/)
  await post(sandbox, '/_sandbox/faults', { kind: 'reset', path: '/accounts/get', times: 1 })
  await assert.rejects(post(sandbox, '/accounts/get', { ...sandbox.credentials, access_token }))
  await receiver.stop()
  await post(sandbox, '/sandbox/item/reset_login', { ...sandbox.credentials, access_token })
  await sandbox.until(/failed/)
  await post(sandbox, `/nope/${access_token}`, { ...sandbox.credentials, access_token })
  await post(sandbox, '/accounts/get', { ...sandbox.credentials, access_token })
  await sandbox.until(/\/accounts\/get 400/)
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])

  const log = sandbox.stdout.replace(STARTED, '').trimEnd().split('\n')
  const item = `item_id=${item_id}`
  const webhook = `webhook=${shown}`
  const hook = (attempted) => new RegExp(`^${TIME} webhook ITEM ${attempted}$`)
  const request = (answered) => new RegExp(`^${TIME} POST ${answered}$`)
  const expected = [
    new RegExp(`^${TIME} item healthy ${item} ${webhook}$`),
    request(`/sandbox/public_token/create 200 ${item} request_id=\\w+`),
    request(`/item/public_token/exchange 200 ${item} request_id=\\w+`),
    new RegExp(`^${TIME} item login_required ${item} ${webhook}$`),
    request(`/sandbox/item/reset_login 200 ${item} request_id=\\w+`),
    hook(`ERROR delivered status=200 ${item} url=${shown} attempt=1`),
    request(`/item/get 200 ${item} request_id=\\w+`),
    new RegExp(`^${TIME} item healthy ${item} ${webhook}$`),
    hook(`LOGIN_REPAIRED refused status=500 ${item} url=${shown} attempt=1 next=${TIME}`),
    request('/accounts/get fault=reset'),
    hook(`ERROR failed reason="[^"]+" ${item} url=${shown} attempt=1 next=${TIME}`),
    request(`/nope/\\[redacted\\] 404 error_code=NOT_FOUND request_id=\\w+`),
    request(`/accounts/get 400 error_code=ITEM_LOGIN_REQUIRED ${item} request_id=\\w+`),
    /^Stopped\.$/,
  ]
  for (const pattern of expected) {
    assert.ok(
      log.some((line) => pattern.test(line)),
      `${pattern} is not in:\n${log.join('\n')}`,
    )
  }
  assert.match(log.at(-1), expected.at(-1))
  assert.equal(sandbox.stderr, '')
  for (const secret of [access_token, public_token, 's3cret', 'p4ssw0rd', 'user:', '\u001b']) {
    assert.ok(!sandbox.stdout.includes(secret), secret)
  }
  // Once, to be pasted.
  assert.equal(sandbox.stdout.split(sandbox.credentials.secret).length, 2)
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
  assert.match(firedAt, new RegExp(`^${TIME}$`))
  assert.deepEqual(attempts, [{ at: attempts[0].at, outcome: { kind: 'delivered', status: 200 } }])
  const created = log.find((line) => line.path === '/sandbox/public_token/create')
  assert.equal(created.fields.options.webhook, shown)
  const verification = receiver.requests[0].headers['plaid-verification']
  for (const secret of [access_token, public_token, 's3cret', 'p4ssw0rd', verification]) {
    assert.ok(!sandbox.stdout.includes(secret), secret)
  }
  assert.equal(sandbox.stdout.split(sandbox.credentials.secret).length, 2)
})

test('--seed repeats the credentials, which are those of startSandbox', async (t) => {
  const { credentials } = await start(t, ['--seed', '7'])
  assert.deepEqual((await startJson(t, ['--seed', '7'])).credentials, credentials)
  const sandbox = await startSandbox({ seed: 7 })
  t.after(() => sandbox.close())
  assert.deepEqual({ client_id: sandbox.clientId, secret: sandbox.secret }, credentials)
  assert.notDeepEqual((await start(t, ['--seed', '8'])).credentials, credentials)
})

test('--port and --host say where it listens', async (t) => {
  const { url } = await start(t)
  const { port } = new URL(url)
  // Taken on 127.0.0.1, and free on its neighbour.
  const other = await start(t, ['--port', port, '--host', '127.0.0.2'])
  assert.equal(other.url, `http://127.0.0.2:${port}`)
})

test('--allow-webhook-host lets webhooks leave this machine', async (t) => {
  const hosts = ['a.invalid', 'b.invalid:81']
  const sandbox = await start(
    t,
    hosts.flatMap((host) => ['--allow-webhook-host', host]),
  )
  for (const [host, outcome] of [
    ['a.invalid', 'failed reason="no such host'],
    ['b.invalid:81', 'failed reason="no such host'],
    ['b.invalid:82', 'not_allowed'],
  ]) {
    const { item_id } = await breakItem(sandbox, `http://${host}/`)
    await sandbox.until(
      new RegExp(`ITEM ERROR ${outcome}.* item_id=${item_id} url=http://${host}/`),
    )
  }
})

test('--allow-remote-control opens the controls to other names', async (t) => {
  for (const [args, status] of [
    [[], '403'],
    [['--allow-remote-control'], '200'],
  ]) {
    const { port } = new URL((await start(t, args)).url)
    const socket = net.connect(port, '127.0.0.1')
    // Not ended: a caller that has gone before the answer is written gets none.
    socket.write('GET /_sandbox/health HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n')
    const answer = Buffer.concat(await socket.toArray()).toString()
    assert.equal(answer.split(' ')[1], status)
  }
})

test('a port that is taken is one sentence on standard error, and exit code 1', async (t) => {
  const { port } = new URL((await start(t)).url)
  for (const format of ['text', 'json']) {
    const args = ['sandbox', '--port', port, '--log-format', format]
    const { code, stdout, stderr } = await run(COMMAND, { args })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`^error: port ${port} of 127\\.0\\.0\\.1 is taken[^\n]*\n$`))
  }
})

test('a bad value is wrong usage, and the sentence names it', async () => {
  for (const [option, value] of [
    ['--port', '65536'],
    ['--port', '-1'],
    ['--host', 'localhost'],
    ['--seed', 'lucky'],
    ['--log-format', 'xml'],
    ['--allow-webhook-host', 'http://backend/'],
  ]) {
    const { code, stdout, stderr } = await run(COMMAND, { args: ['sandbox', option, value] })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^error: .*\n/)
    assert.ok(stderr.includes(option) || stderr.includes(value), stderr)
  }
})

test('--help says what each option is for, and shows an example', async () => {
  const { code, stdout, stderr } = await run(COMMAND, { args: ['sandbox', '--help'] })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Example:\n {2}npx @utdk\/plaid sandbox/m)
  for (const option of ['port', 'host', 'seed', 'allow-webhook-host', 'log-format']) {
    assert.match(stdout, new RegExp(`^ +--${option} <[A-Z]+> +[A-Z]`, 'm'))
  }
  assert.match(stdout, /^ +--allow-remote-control +[A-Z]/m)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} stops it, whatever is under way, and frees the port`, async (t) => {
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
    idle.write('POST /item/get HTTP/1.1\r\n')
    await sandbox.until(/fault=hang/)

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

test('a signal right at the start stops it, too', async (t) => {
  const sandbox = startCommand(t, ['sandbox'])
  await sandbox.until(/./)
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.equal(sandbox.stderr, '')
})

/** Has it write far more than a pipe holds, while nobody reads. */
async function stall(sandbox) {
  sandbox.child.stdout.pause()
  const socket = net.connect(new URL(sandbox.url).port, '127.0.0.1')
  const request = 'POST /nope HTTP/1.1\r\nhost: sandbox\r\ncontent-length: 0\r\n'
  socket.write(`${request}\r\n`.repeat(10_000))
  socket.end(`${request}connection: close\r\n\r\n`)
  await finished(socket.resume())
}

test('a reader that stalls holds it up neither in its work nor in its end', async (t) => {
  const sandbox = await start(t)
  await stall(sandbox)
  const { url } = sandbox
  assert.equal((await post(sandbox, '/nope', {})).error_code, 'NOT_FOUND')
  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.equal(sandbox.stderr, '')
  await isFree(url)
})

test('one Ctrl-C that comes twice, as under npx, is no second one', async (t) => {
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
  // Stopping takes a while now, for the last lines find no reader.
  sandbox.child.kill('SIGINT')
  await wait(TWO_CTRL_CS_MS)
  assert.deepEqual(await sandbox.ended('SIGINT'), [130, null])
  assert.equal(sandbox.stderr, '')
  await isFree(sandbox.url)
})

test('it ends quietly when its reader goes away, with something to say or not', async (t) => {
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

test('its output may go to a file', async (t) => {
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
  ['NO_COLOR takes the colours away', { NO_COLOR: '1' }, false],
]) {
  test(`${name}, and its Ctrl-C stops the command`, async (t) => {
    const command = startCommand(t, ['sandbox'], { env, through: inTerminal })
    const [, url] = await command.until(/PLAID_BASE_URL=(\S+)\r\n/)
    await command.until(/Ctrl-C\.\r\n/)
    await post({ url }, '/nope', {})
    const [, status] = await command.until(/ POST \/nope (\S+) error_code=NOT_FOUND/)
    assert.equal(status, colours ? '\u001b[31m404\u001b[0m' : '404')
    command.child.stdin.write('\u0003')
    assert.deepEqual(await command.ended(), [0, null])
    assert.match(command.stdout, /Stopped\.\r\n$/)
    assert.equal(command.stdout.includes('\u001b'), colours)
  })
}

test('JSON has no colours, in a terminal either', async (t) => {
  const args = ['sandbox', '--log-format', 'json']
  const command = startCommand(t, args, { through: inTerminal })
  const { url } = JSON.parse((await command.until(/^(\{.+\})\r\n/))[1])
  await post({ url }, '/nope', {})
  await command.until(/"NOT_FOUND"/)
  assert.ok(!command.stdout.includes('\u001b'))
})
