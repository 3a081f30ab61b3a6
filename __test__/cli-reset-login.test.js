'use strict'

// Promise: `utdk-plaid reset-login` breaks the logins of one token or of a list, says what became of
// each and where it stood, can be stopped and taken up again, and never shows a token whole.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { startGateway } = require('../gateway.js')
const { COMMAND, inTerminal, startCommand } = require('./support/command.js')
const { itemError, start: startSandbox } = require('./support/sandbox.js')

const UNKNOWN = 'access-sandbox-00000000-0000-4000-8000-000000000000'
const GATEWAY_TOKEN = 'a-token-that-callers-of-the-gateway-send'

const environment = ({ url, clientId, secret }) => ({
  PLAID_BASE_URL: url,
  PLAID_CLIENT_ID: clientId,
  PLAID_SECRET: secret,
})

/** A Sandbox with so many Items. */
async function startWithItems(t, count) {
  const sandbox = await startSandbox(t)
  const items = await Promise.all(Array.from({ length: count }, () => sandbox.createItem()))
  return { sandbox, items, tokens: items.map(({ access_token }) => access_token) }
}

/** Runs `reset-login` with `input` on standard input until it ends; nothing that is to be kept from
 * sight may be in what it writes. */
async function resetLogin(t, sandbox, args, input = '', { env, ...options } = {}) {
  const command = startCommand(t, ['reset-login', ...args], {
    env: { ...environment(sandbox), ...env },
    ...options,
  })
  // It may end without having read all.
  command.child.stdin.on('error', () => {}).end(input)
  const [code] = await command.ended()
  return seen(sandbox, command, code)
}

function seen(sandbox, { stdout, stderr }, code) {
  const written = stdout + stderr
  assert.doesNotMatch(written, /access-(sandbox|production)-[0-9a-f]/)
  assert.ok(!written.includes(sandbox.secret), 'the secret is shown')
  assert.ok(!written.includes(GATEWAY_TOKEN), 'the token of the gateway is shown')
  return { code, stdout, stderr }
}

/** The objects of `--json`: those of the Items by their position, and the summary. */
function parsed(stdout) {
  const all = stdout.trimEnd().split('\n').map(JSON.parse)
  const summary = all.pop()
  assert.equal(summary.kind, 'summary')
  assert.ok(all.every(({ kind }) => kind === 'item'))
  return { items: all.sort((a, b) => a.position - b.position), summary }
}

function fileWith(t, content) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-tokens-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'my tokens.txt')
  fs.writeFileSync(file, content)
  return file
}

test('one token is one line: its end, the request id and how long it took', async (t) => {
  const { sandbox, items, tokens } = await startWithItems(t, 1)
  const { code, stdout, stderr } = await resetLogin(t, sandbox, [tokens[0]])
  assert.equal(code, 0)
  assert.equal(stderr, '')
  const [, end, request_id] = stdout.match(/^reset …(\w{4}) {2}request_id=(\w+) {2}[\d.]+ m?s\n$/)
  assert.equal(end, tokens[0].slice(-4))
  assert.equal((await sandbox.requests()).at(-1).request_id, request_id)
  assert.equal(await itemError(sandbox, items[0]), 'ITEM_LOGIN_REQUIRED')
})

for (const [where, given] of [
  ['arguments', (_, tokens) => [tokens]],
  ['a file', (t, tokens) => [['--file', fileWith(t, tokens.join('\n'))]]],
  ['standard input', (_, tokens) => [[], tokens.join('\n')]],
  ['standard input by the name of -', (_, tokens) => [['-'], `${tokens.join('\r\n')}\r\n`]],
]) {
  test(`tokens come by ${where}`, async (t) => {
    const { sandbox, items, tokens } = await startWithItems(t, 40)
    const [args, input] = given(t, tokens)
    const { code, stdout } = await resetLogin(t, sandbox, args, input)
    assert.equal(code, 0)
    assert.match(stdout, /^40 reset, 0 failed in [\d.]+ m?s \([\d,]+\/s\)\n$/)
    for (const item of items) assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  })
}

test('--json is an object a token, with its position, and one that sums up', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 2)
  const input = `# mine\n${tokens[0]}\n\n${UNKNOWN}\n  ${tokens[1]}  \n`
  const { code, stdout, stderr } = await resetLogin(t, sandbox, ['--json'], input)
  assert.deepEqual([code, stderr], [1, ''])
  const { items, summary } = parsed(stdout)
  const numbers = ({ request_id, ms, ...rest }) => {
    assert.match(request_id, /^\w{15,16}$/)
    assert.ok(Number.isInteger(ms))
    return rest
  }
  const reset = (position, token) => ({
    kind: 'item',
    position,
    access_token: `…${token.slice(-4)}`,
    outcome: 'reset',
    error_type: null,
    error_code: null,
    message: null,
    attempts: 1,
  })
  const message = 'could not find matching access token'
  const error = { error_type: 'INVALID_INPUT', error_code: 'INVALID_ACCESS_TOKEN', message }
  assert.deepEqual(items.map(numbers), [
    reset(2, tokens[0]),
    { ...reset(4, UNKNOWN), outcome: 'failed', ...error },
    reset(5, tokens[1]),
  ])
  const { ms, ...rest } = summary
  assert.ok(Number.isInteger(ms))
  assert.deepEqual(rest, {
    kind: 'summary',
    end: 'done',
    message: null,
    reset: 2,
    failed: 1,
    not_started: 0,
    next_position: null,
    errors: [{ error_code: error.error_code, message, count: 1, positions: [4] }],
  })
})

test('a line that is no token fails by itself, and the rest goes on', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 2)
  const input = Buffer.concat([
    Buffer.from(`${tokens[0]}\na\u001b[2Jb\naccess-\u202e\n${'x'.repeat(100_000)}\n`),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.from('access-production-0123456789abcdef\n'),
    Buffer.from(tokens[1]),
  ])
  const { code, stdout } = await resetLogin(t, sandbox, ['--json'], input)
  assert.equal(code, 1)
  const { items, summary } = parsed(stdout)
  assert.deepEqual(
    items.map(({ position, error_code }) => [position, error_code]),
    [
      [1, null],
      [2, 'INVALID_CHARACTER'],
      [3, 'INVALID_CHARACTER'],
      [4, 'TOKEN_TOO_LONG'],
      [5, 'INVALID_UTF8'],
      [6, 'NOT_A_SANDBOX_TOKEN'],
      [7, null],
    ],
  )
  assert.deepEqual([summary.reset, summary.failed], [2, 5])
  // Nothing was sent for those.
  const asked = (await sandbox.requests()).filter(({ path }) => path.endsWith('reset_login'))
  assert.equal(asked.length, 2)
})

test('failures are told as they come, and summed up by their code', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 1)
  const input = `${tokens[0]}\n${UNKNOWN}\n${UNKNOWN}\n`
  const { code, stdout, stderr } = await resetLogin(t, sandbox, [], input)
  assert.equal(code, 1)
  assert.match(stderr, /^failed …0000 {2}line 2 {2}INVALID_ACCESS_TOKEN: could not find /m)
  assert.match(stdout, /^1 reset, 2 failed in /)
  assert.match(stdout, /\n {2}2 {2}INVALID_ACCESS_TOKEN {2}lines 2, 3\n {5}could not find .+\n$/)
})

test('it gives up when no other token would fare better, and says how to go on', async (t) => {
  const { sandbox } = await startWithItems(t, 0)
  const input = `${UNKNOWN}\n`.repeat(10_000)
  const file = fileWith(t, input)
  const wrong = { env: { PLAID_SECRET: '0'.repeat(30) } }
  const { code, stdout } = await resetLogin(t, sandbox, ['--json', '--file', file], '', wrong)
  assert.equal(code, 1)
  const { items, summary } = parsed(stdout)
  assert.ok(items.length <= 16, `${items.length} calls were made`)
  assert.equal(summary.end, 'gave_up')
  assert.equal(summary.failed + summary.not_started, 10_000)
  assert.equal(summary.next_position, 1)

  const told = await resetLogin(t, sandbox, ['--file', file], '', wrong)
  assert.match(told.stdout, /\nGave up: every other token would meet INVALID_API_KEYS, too\.\n/)
  assert.ok(told.stdout.includes(`tail -n +1 '${file}' | npx @utdk/plaid reset-login\n`))
})

for (const [what, args, env, sentence] of [
  [
    'no credentials',
    [UNKNOWN],
    { PLAID_SECRET: '' },
    /^error: no credentials: .*PLAID_SECRET is m/,
  ],
  [
    'a file that is not there',
    ['--file', '/nowhere'],
    {},
    /^error: --file: \/nowhere cannot be re/,
  ],
  ['no call in flight', ['--concurrency', '0'], {}, /'0' for '--concurrency/],
  ['no time', ['--timeout', '-1'], {}, /--timeout|-1/],
  ['a URL that is none', ['--base-url', 'nowhere', UNKNOWN], {}, /^error: --base-url /],
  ['two ways', ['--gateway', 'http://a', '--base-url', 'http://b'], {}, /cannot be used with/],
  ['tokens twice', ['--file', 'a', UNKNOWN], {}, /cannot be used with/],
]) {
  test(`${what} is wrong usage, and nothing is sent`, async (t) => {
    const sandbox = await startSandbox(t)
    const { code, stdout, stderr } = await resetLogin(t, sandbox, args, '', { env })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, sentence)
    assert.deepEqual(await sandbox.requests(), [])
  })
}

test('Ctrl-C finishes what is in flight, and says where to go on', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 10)
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 400 })
  const file = fileWith(t, tokens.join('\n'))
  const args = ['reset-login', '--concurrency', '2', '--file', file]
  const command = startCommand(t, args, { env: environment(sandbox) })
  while ((await sandbox.requests()).length === 0) await new Promise(setImmediate)
  const [code] = await command.ended('SIGINT')
  const { stdout, stderr } = seen(sandbox, command, code)
  assert.equal(code, 130)
  assert.match(stderr, /^Stopping: 2 calls in flight will be finished\. /)
  assert.match(stdout, /^2 reset, 0 failed, 8 not started in /)
  assert.ok(stdout.includes(`tail -n +3 '${file}' | npx @utdk/plaid reset-login --concurrency 2\n`))
  assert.equal((await sandbox.requests()).length, 2)
})

test('standard input that never ends is read as it comes, and Ctrl-C ends it at once', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 2)
  const command = startCommand(t, ['reset-login', '--json'], { env: environment(sandbox) })
  for (const token of tokens) {
    command.child.stdin.write(`${token}\n`)
    await command.until(new RegExp(`"…${token.slice(-4)}","outcome":"reset"`))
  }
  const [code] = await command.ended('SIGINT')
  assert.equal(code, 130)
  const { summary } = parsed(seen(sandbox, command, code).stdout)
  assert.deepEqual([summary.end, summary.reset, summary.next_position], ['interrupted', 2, 3])
})

test('a gateway is called without credentials, and with its token', async (t) => {
  const { sandbox, items, tokens } = await startWithItems(t, 20)
  const { url: baseUrl, clientId, secret } = sandbox
  const own = { baseUrl, clientId, secret, token: GATEWAY_TOKEN, rateLimit: false }
  const gateway = await startGateway(own)
  t.after(() => gateway.close())
  const nobody = { PLAID_BASE_URL: '', PLAID_CLIENT_ID: '', PLAID_SECRET: '' }
  const call = (args, env) =>
    resetLogin(t, sandbox, args, tokens.join('\n'), { env: { ...nobody, ...env } })

  const refused = await call(['--json', '--gateway', gateway.url], {})
  assert.equal(refused.code, 1)
  assert.equal(parsed(refused.stdout).summary.errors[0].error_code, 'UNAUTHORIZED')

  const token = { UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN }
  assert.equal((await call(['--gateway', gateway.url], token)).code, 0)
  for (const item of items) assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  assert.equal((await call([], { ...token, UTDK_GATEWAY_URL: gateway.url })).code, 0)
})

test('a call that failed for a moment is made again, and counted', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 1)
  await sandbox.failNext({ path: '/sandbox/item/reset_login', status: 503, times: 1 })
  const { code, stdout } = await resetLogin(t, sandbox, ['--json', tokens[0]])
  assert.equal(code, 0)
  assert.equal(parsed(stdout).items[0].attempts, 2)
})

test('--timeout ends a call that takes too long', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 1)
  await sandbox.failNext({ path: '/sandbox/item/reset_login', kind: 'hang', times: 9 })
  const { code, stdout } = await resetLogin(t, sandbox, ['--json', '--timeout', '0.2', tokens[0]])
  assert.equal(code, 1)
  assert.equal(parsed(stdout).items[0].error_code, 'TIMEOUT')
})

test('a reader that goes away ends the run', async (t) => {
  const { sandbox } = await startWithItems(t, 0)
  const line = `'${process.execPath}' '${COMMAND}' reset-login --json | head -n 1`
  const env = { ...process.env, ...environment(sandbox) }
  const shell = spawn('sh', ['-c', line], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  shell.stdin.on('error', () => {})
  const input = setInterval(() => shell.stdin.write(`${UNKNOWN}\n`.repeat(100)), 5)
  const bound = setTimeout(() => shell.kill('SIGKILL'), 20_000)
  const [code, signal] = await once(shell, 'exit')
  clearInterval(input)
  clearTimeout(bound)
  assert.deepEqual([code, signal], [0, null])
})

for (const [shown, env] of [
  ['colours', { TERM: 'xterm' }],
  ['no colours with NO_COLOR', { TERM: 'xterm', NO_COLOR: '1' }],
]) {
  test(`in a terminal there is a bar with the rate and the failures, and ${shown}`, async (t) => {
    const { sandbox, tokens } = await startWithItems(t, 8)
    await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 300 })
    const file = fileWith(t, [UNKNOWN, ...tokens].join('\n'))
    const args = ['--concurrency', '1', '--file', file]
    const { code, stdout } = await resetLogin(t, sandbox, args, '', { env, through: inTerminal })
    assert.equal(code, 1)
    assert.match(stdout, /━.*\d\/9 .*\d+\/s.*1 failed/)
    const red = '\u001b[31m'
    assert.match(stdout, / …0000 {2}line 1 {2}INVALID_ACCESS_TOKEN: could not find /)
    assert.equal(stdout.includes(red), env.NO_COLOR === undefined)
  })
}

test('without a terminal there is no bar and no escape code', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 5)
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 150 })
  const input = [UNKNOWN, ...tokens].join('\n')
  const { stdout, stderr } = await resetLogin(t, sandbox, ['--concurrency', '1'], input)
  assert.ok(!`${stdout}${stderr}`.includes('\u001b'))
  assert.equal(stderr.split('\n').length, 2)
})

test('a list without tokens says so', async (t) => {
  const sandbox = await startSandbox(t)
  const { code, stdout } = await resetLogin(t, sandbox, [], '# none\n\n')
  assert.deepEqual([code, stdout], [0, 'There is no token in the list.\n'])
})

test('nothing given in a terminal is wrong usage', async (t) => {
  const sandbox = await startSandbox(t)
  const { code, stdout } = await resetLogin(t, sandbox, [], '', { through: inTerminal })
  assert.equal(code, 2)
  assert.match(stdout, /error: .*(token|--file)/)
})

test('--help has examples and the exit codes', async (t) => {
  const sandbox = await startSandbox(t)
  const { code, stdout } = await resetLogin(t, sandbox, ['--help'])
  assert.equal(code, 0)
  assert.match(stdout, /npx @utdk\/plaid reset-login --file tokens\.txt\n/)
  assert.match(stdout, /Exit codes: 0 all logins were reset, 1 not all, 2 wrong usage, 130 /)
})
