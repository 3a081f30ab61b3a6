'use strict'

// Promise: `utdk-plaid gateway` prints its URL and whether it has credentials, forwards calls that
// have none, prints each request on a line without secrets, and stops without losing a call.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { Configuration, PlaidApi } = require('plaid')
const { run } = require('./support/child.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET, works } = require('./support/client.js')
const { COMMAND, inTerminal, startCommand } = require('./support/command.js')
const { assertNoSecret } = require('./support/failure.js')
const {
  PLAID,
  TOOL,
  ask,
  checkRefusal,
  fileWith,
  linesOf,
  post,
  through,
} = require('./support/gateway.js')
const { assertFree, itemError, portOf, start: startSandbox } = require('./support/sandbox.js')
const { GOOD_REPLY, holding, silent, startServer } = require('./support/server.js')

const STARTED =
  /^A gateway to Plaid runs at (\S+)\n\nPaste into \.env:\n\nUTDK_GATEWAY_URL=\1\n\nIt calls (\S+)\.\n(It has .+\n.+)\nPlaid's own clients .+\n\n/
const UTC = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
const CLOCK = String.raw`\d\d:\d\d:\d\d`
const MS = String.raw`\d+(\.\d)? ms`
/** Two Ctrl-C this far apart are two of the user. */
const TWO_CTRL_CS_MS = 500

/** The environment of the command. */
function environment(upstream) {
  return {
    PLAID_BASE_URL: upstream.url,
    PLAID_CLIENT_ID: upstream.clientId ?? CLIENT_ID,
    PLAID_SECRET: upstream.secret ?? SECRET,
  }
}

/** Starts `gateway` in front of `upstream` on a free port. Returns the running command with what it printed. */
async function start(t, upstream, args = [], { env, ...options } = {}) {
  const command = startCommand(t, ['gateway', '--port', '0', ...args], {
    env: { ...environment(upstream), ...env },
    ...options,
  })
  const [, url, host, says] = await command.until(STARTED)
  return Object.assign(command, { url, host, says })
}

/** The same with JSON. */
async function startJson(t, upstream, args = [], env = {}) {
  const command = startCommand(t, ['gateway', '--port', '0', '--log-format', 'json', ...args], {
    env: { ...environment(upstream), ...env },
  })
  const started = JSON.parse((await command.until(/^(.+)\n/))[1])
  return Object.assign(command, { url: started.url, started })
}

/** Stops a command, and returns the lines of its log. */
async function logged(command) {
  assert.deepEqual(await command.ended('SIGTERM'), [0, null])
  assert.equal(command.stderr, '')
  const lines = command.stdout.replace(STARTED, '').trimEnd().split('\n')
  return lines
}

/** The exit code and the error of `args` that start no gateway. */
async function refusal(args, env = {}) {
  const { code, stdout, stderr } = await run(COMMAND, { args: ['gateway', ...args], env })
  assert.equal(stdout, '')
  assert.match(stderr, /^error: .+\n/)
  assertNoSecret(stderr, 'the sentence')
  return { code, stderr }
}

test('a call goes through it without credentials, by either route', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox)
  assert.match(gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.equal(gateway.host, new URL(sandbox.url).host)
  for (const call of [
    ({ access_token }) => through(gateway).sandboxitemresetlogin({ access_token }),
    ({ access_token }) =>
      new PlaidApi(new Configuration({ basePath: gateway.url })).sandboxItemResetLogin({
        access_token,
      }),
  ]) {
    const item = await sandbox.createItem()
    await call(item)
    assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  }
  assert.equal(gateway.stderr, '')
})

test('it prints whether it has credentials and needs a token, but not which', async (t) => {
  const server = await startServer(t)
  const none = { PLAID_CLIENT_ID: '', PLAID_SECRET: '' }
  const has = 'It has credentials, so callers need none.'
  for (const [env, says] of [
    [{}, `${has}\nCallers need no token.`],
    [
      { UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN },
      `${has}\nCallers need its token, in UTDK_GATEWAY_TOKEN or as a Bearer token.`,
    ],
    [
      none,
      'It has no credentials: callers bring their own, or you save them in the console.\nCallers need no token.',
    ],
  ]) {
    const gateway = await start(t, server, [], { env })
    assert.equal(gateway.says, says)
    assertNoSecret(gateway.stdout, 'the output')
    for (const line of gateway.stdout.split('\n')) assert.ok(line.length <= 80, line)
  }
})

/** Makes requests of every kind, with a secret wherever one fits. */
async function makeRequests(gateway) {
  const authorization = `Bearer ${GATEWAY_TOKEN}`
  const secretive = { authorization, cookie: SECRET, 'x-secret': SECRET }
  assert.equal((await post(gateway, TOOL, INPUT, secretive)).status, 200)
  assert.equal((await post(gateway, `${PLAID}?q=${SECRET}`, INPUT, secretive)).status, 200)
  await post(gateway, PLAID, { access_token: SECRET }, secretive)
  await post(gateway, TOOL, { [SECRET]: SECRET }, secretive)
  await post(gateway, `/${SECRET}`, INPUT, { ...secretive, origin: `http://${SECRET}.example` })
  await post(gateway, PLAID, INPUT)
  await ask(gateway, 'GET', '/healthz')
}

test('it prints one line per request that fits 80 columns, without a secret', async (t) => {
  const env = { UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN }
  const gateway = await start(t, await startServer(t), [], { env })
  await makeRequests(gateway)
  const log = await logged(gateway)
  const expected = [
    `POST tool  200  ${MS}`,
    `POST plaid  200  ${MS}`,
    `POST plaid  400  NOT_A_SANDBOX_TOKEN  ${MS}`,
    `POST tool  400  MISSING_FIELD  ${MS}`,
    `POST none  403  FORBIDDEN_ORIGIN  ${MS}`,
    `POST plaid  401  UNAUTHORIZED  ${MS}`,
  ]
  assert.equal(log.pop(), 'Stopped.')
  assert.equal(log.length, expected.length, log.join('\n'))
  for (const [i, line] of log.entries()) {
    assert.match(line, new RegExp(`^${CLOCK}  ${expected[i]}$`))
    assert.ok(line.length <= 80, line)
  }
  assertNoSecret(gateway.stdout, 'the log')
  assert.ok(!gateway.stdout.includes('\u001b'))
})

test('with --log-format json every line is an object, without a secret', async (t) => {
  const env = { UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN }
  const gateway = await startJson(t, await startServer(t), [], env)
  await makeRequests(gateway)
  const log = (await logged(gateway)).map((line) => JSON.parse(line))
  assertNoSecret(gateway.stdout, 'the log')
  assert.equal(log[0].kind, 'started')
  assert.deepEqual(log.at(-1), { kind: 'stopped' })
  const requests = log.slice(1, -1)
  assert.equal(requests.length, 7)
  const [{ at, duration_ms, request_id, ...first }, , , refused] = requests
  assert.deepEqual(first, {
    kind: 'request',
    level: 'INFO',
    method: 'POST',
    route: 'tool',
    status: 200,
    outcome: 'ok',
    attempts: 1,
    caller: '127.0.0.1',
  })
  assert.match(at, new RegExp(`^${UTC}$`))
  assert.match(request_id, /^[0-9a-f]{16}$/)
  assert.ok(duration_ms > 0)
  assert.deepEqual([refused.outcome, refused.code], ['refused', 'MISSING_FIELD'])
})

test('with --verbose it prints health checks, and the request id of each reply', async (t) => {
  const gateway = await start(t, await startServer(t), ['--verbose'])
  const { headers } = await post(gateway, TOOL, INPUT)
  await gateway.until(new RegExp(` POST tool {2}200 .* request_id=${headers['x-request-id']}\n`))
  await ask(gateway, 'GET', '/healthz')
  await gateway.until(/ GET healthz {2}200 /)
})

test('--credentials-file and --token-file replace the environment', async (t) => {
  const server = await startServer(t)
  const pair = { clientId: 'id-of-the-file', secret: 'secret-of-the-file' }
  const files = [
    ...['--credentials-file', fileWith(t, linesOf(pair))],
    ...['--token-file', fileWith(t, GATEWAY_TOKEN)],
  ]
  const env = { PLAID_SECRET: '', UTDK_GATEWAY_TOKEN: 'token-of-the-environment' }
  const gateway = await start(t, server, files, { env })
  await works(through(gateway, { token: GATEWAY_TOKEN }))
  const { client_id, secret } = JSON.parse(server.requests[0].body)
  assert.deepEqual({ clientId: client_id, secret }, pair)
  checkRefusal(await post(gateway, PLAID, INPUT), 401, 'UNAUTHORIZED')
})

test('--base-url replaces PLAID_BASE_URL, and UTDK_GATEWAY_URL is not used', async (t) => {
  const [server, other] = [await startServer(t), await startServer(t)]
  const env = { PLAID_BASE_URL: other.url, UTDK_GATEWAY_URL: other.url }
  const gateway = await start(t, server, ['--base-url', server.url], { env })
  await works(through(gateway))
  assert.deepEqual([server.requests.length, other.connectionCount()], [1, 0])
})

test('--allow-origin allows calls from pages of other origins', async (t) => {
  const origins = ['http://localhost:5173', 'https://console.example']
  const args = origins.flatMap((origin) => ['--allow-origin', origin])
  const gateway = await start(t, await startServer(t), args)
  for (const origin of origins) {
    assert.equal((await post(gateway, TOOL, INPUT, { origin })).status, 200)
  }
  const foreign = await post(gateway, TOOL, INPUT, { origin: 'https://other.example' })
  checkRefusal(foreign, 403, 'FORBIDDEN_ORIGIN')
})

test('--timeout limits a call to Plaid, in seconds', async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const gateway = await start(t, server, ['--timeout', '0.2'])
  const { status, body } = await post(gateway, PLAID, INPUT)
  assert.deepEqual([status, body.error_code], [504, 'TIMEOUT'])
  assert.match(body.error_message, /200 ms/)
  await gateway.until(/ POST plaid {2}504 {2}TIMEOUT {2}/)
})

test('--max-in-flight and --max-waiting limit the calls, and further ones are refused', async (t) => {
  const server = await startServer(t, { replies: [holding] })
  const gateway = await start(t, server, ['--max-in-flight', '1', '--max-waiting', '0'])
  const arrived = once(server, 'request')
  const first = post(gateway, PLAID, INPUT)
  const [request] = await arrived
  checkRefusal(await post(gateway, PLAID, INPUT), 503, 'OVERLOADED')
  request.answer()
  assert.equal((await first).status, 200)
})

test('--rate-limit limits the calls of an address; off is no limit', async (t) => {
  const server = await startServer(t)
  for (const [limit, atOnce] of [
    ['1', 2],
    ['off', 40],
  ]) {
    const gateway = await start(t, server, ['--rate-limit', limit])
    const calls = Array.from({ length: 40 }, () => post(gateway, PLAID, INPUT))
    const served = (await Promise.all(calls)).filter(({ status }) => status === 200).length
    // A slow machine has time for a few more.
    assert.ok(served >= atOnce && served < atOnce + 10, `${served} with ${limit}`)
  }
})

test('a file that others can read, or that does not exist, is an error that names the option', async (t) => {
  const file = fileWith(t, `${linesOf({ clientId: CLIENT_ID, secret: SECRET })}`, 0o644)
  for (const option of ['--credentials-file', '--token-file']) {
    for (const [path, words] of [
      [file, 'can be read by users other than its owner: run chmod 600 on it'],
      [`${file}-none`, 'could not be read: No such file or directory'],
    ]) {
      const { code, stderr } = await refusal([option, path])
      assert.equal(code, 1)
      assert.ok(stderr.startsWith(`error: ${option} ${words}`), stderr)
      assert.equal(stderr.indexOf('\n'), stderr.length - 1)
    }
  }
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} stops it after the call in flight, which is printed`, async (t) => {
    const server = await startServer(t, { replies: [holding] })
    const gateway = await start(t, server)
    const arrived = once(server, 'request')
    const call = through(gateway).sandboxitemresetlogin(INPUT)
    const [request] = await arrived
    gateway.child.kill(signal)
    while (await ask(gateway, 'GET', '/healthz').catch(() => false));
    request.answer()
    assert.deepEqual(await call, GOOD_REPLY)
    assert.deepEqual(await gateway.ended(), [0, null])
    assert.match(gateway.stdout, / POST tool {2}200 {2}.*\nStopped\.\n$/)
    assert.equal(gateway.stderr, '')
    await assertFree(portOf(gateway))
  })
}

test('a second Ctrl-C ends it at once, with 130', async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const gateway = await start(t, server)
  const arrived = once(server, 'request')
  const call = through(gateway).sandboxitemresetlogin(INPUT)
  const cut = assert.rejects(call, { name: 'PlaidConnectionError' })
  await arrived
  gateway.child.kill('SIGINT')
  await wait(TWO_CTRL_CS_MS)
  assert.deepEqual(await gateway.ended('SIGINT'), [130, null])
  await cut
  await assertFree(portOf(gateway))
})

test('a stalled reader delays neither its calls nor its end', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server, ['--rate-limit', 'off', '-v'])
  gateway.child.stdout.pause()
  // Far more lines than a pipe holds.
  const socket = net.connect(portOf(gateway), '127.0.0.1')
  const request = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n'
  socket.write(`${request}\r\n`.repeat(10_000))
  socket.write(`${request}connection: close\r\n\r\n`)
  await once(socket.resume(), 'close')
  await works(through(gateway))
  assert.deepEqual(await gateway.ended('SIGTERM'), [0, null])
  assert.equal(gateway.stderr, '')
  await assertFree(portOf(gateway))
})

test('it ends quietly when its reader leaves, during and between requests', async (t) => {
  const server = await startServer(t)
  for (const talk of [true, false]) {
    const gateway = await start(t, server)
    gateway.child.stdout.destroy()
    if (talk) await ask(gateway, 'GET', '/nope').catch(() => {})
    assert.deepEqual(await gateway.ended(), [0, null])
    assert.equal(gateway.stderr, '')
    await assertFree(portOf(gateway))
  }
})

for (const [name, env, colours] of [
  ['a terminal shows colours', {}, true],
  ['an empty NO_COLOR changes nothing', { NO_COLOR: '' }, true],
  ['NO_COLOR turns colours off', { NO_COLOR: '1' }, false],
]) {
  test(`${name}, and its Ctrl-C stops the command`, async (t) => {
    const args = ['gateway', '--port', '0']
    const command = startCommand(t, args, { env, through: inTerminal })
    const [, url] = await command.until(/UTDK_GATEWAY_URL=(\S+)\r\n/)
    await command.until(/Ctrl-C\.\r\n/)
    await ask({ url }, 'GET', '/nope')
    const [, status] = await command.until(/ GET none {2}(\S+) {2}NOT_FOUND/)
    assert.equal(status, colours ? '\u001b[31m404\u001b[0m' : '404')
    command.child.stdin.write('\u0003')
    assert.deepEqual(await command.ended(), [0, null])
    assert.match(command.stdout, /Stopped\.\r\n$/)
    assert.equal(command.stdout.includes('\u001b'), colours)
  })
}
