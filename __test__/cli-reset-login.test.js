'use strict'

// Promise: `utdk-plaid reset-login` takes tokens from arguments, a file or standard input, reports
// each, stops on Ctrl-C, and never shows a whole token. What it does with a list is proved in Rust.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { inTerminal, startCommand } = require('./support/command.js')
const { itemError, start: startSandbox } = require('./support/sandbox.js')

const UNKNOWN = 'access-sandbox-00000000-0000-4000-8000-000000000000'

const environment = ({ url, clientId, secret }) => ({
  PLAID_BASE_URL: url,
  PLAID_CLIENT_ID: clientId,
  PLAID_SECRET: secret,
})

/** A Sandbox with `count` Items. */
async function startWithItems(t, count) {
  const sandbox = await startSandbox(t)
  const items = await Promise.all(Array.from({ length: count }, () => sandbox.createItem()))
  return { sandbox, items, tokens: items.map(({ access_token }) => access_token) }
}

/** Runs `reset-login` with `input` on standard input, and checks that its output has no secret. */
async function resetLogin(t, sandbox, args, input = '', { env, ...options } = {}) {
  const command = startCommand(t, ['reset-login', ...args], {
    env: { ...environment(sandbox), ...env },
    ...options,
  })
  // It can end before it has read everything.
  command.child.stdin.on('error', () => {}).end(input)
  const [code] = await command.ended()
  return seen(sandbox, command, code)
}

function seen(sandbox, { stdout, stderr }, code) {
  const written = stdout + stderr
  assert.doesNotMatch(written, /access-(sandbox|production)-[0-9a-f]/)
  assert.ok(!written.includes(sandbox.secret), 'the secret is shown')
  return { code, stdout, stderr }
}

/** The objects of `--json`: the Items by position, and the summary. */
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

test('one token is one line: its end, the request id and the duration', async (t) => {
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
  ['standard input, named -', (_, tokens) => [['-'], `${tokens.join('\r\n')}\r\n`]],
]) {
  test(`tokens come from ${where}`, async (t) => {
    const { sandbox, items, tokens } = await startWithItems(t, 40)
    const [args, input] = given(t, tokens)
    const { code, stdout } = await resetLogin(t, sandbox, args, input)
    assert.equal(code, 0)
    assert.match(stdout, /^40 reset, 0 failed in [\d.]+ m?s \([\d,]+\/s\)\n$/)
    for (const item of items) assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
  })
}

test('--json prints one object per token with its position, and a summary', async (t) => {
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

test('Ctrl-C finishes what is in flight, and says how to resume', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 10)
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 400 })
  const file = fileWith(t, tokens.join('\n'))
  const args = ['reset-login', '--concurrency', '2', '--file', file]
  const command = startCommand(t, args, { env: environment(sandbox) })
  while ((await sandbox.requests()).length === 0) await new Promise(setImmediate)
  const [code] = await command.ended('SIGINT')
  const { stdout, stderr } = seen(sandbox, command, code)
  assert.equal(code, 130)
  assert.match(stderr, /^Stopping: waiting for 2 calls in flight\. /)
  assert.match(stdout, /^2 reset, 0 failed, 8 not started in /)
  assert.match(stdout, /\nInterrupted\.\n\nTo resume: --from-line 3\n$/)
  assert.equal((await sandbox.requests()).length, 2)
})

test('Ctrl-C ends the wait for standard input', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 1)
  const command = startCommand(t, ['reset-login'], { env: environment(sandbox) })
  // Far more than a pipe holds: once it is written, the command reads.
  const input = `${tokens[0]}\n${'#\n'.repeat(500_000)}`
  await new Promise((resolve) => command.child.stdin.write(input, resolve))
  const [code] = await command.ended('SIGINT')
  assert.deepEqual(seen(sandbox, command, code), { code: 130, stdout: '', stderr: '' })
  assert.deepEqual(await sandbox.requests(), [])
})

test('a reader that goes away ends the run quietly', async (t) => {
  const { sandbox } = await startWithItems(t, 0)
  const file = fileWith(t, `${UNKNOWN}\n`.repeat(20_000))
  const line = ([node, ...args]) => `'${node}' ${args.join(' ')} < '${file}'; echo "code $?" >&2`
  const through = (command) => ['sh', '-c', `(${line(command)}) | head -n 1`]
  const command = startCommand(t, ['reset-login', '--json'], {
    env: environment(sandbox),
    through,
  })
  const [code] = await command.ended()
  const { stderr } = seen(sandbox, command, code)
  assert.deepEqual([code, stderr], [0, 'code 1\n'])
  const requests = await sandbox.requests()
  assert.ok(requests.length < 20_000)
})

for (const [shown, env] of [
  ['colours', { TERM: 'xterm' }],
  ['no colours with NO_COLOR', { TERM: 'xterm', NO_COLOR: '1' }],
]) {
  test(`a terminal shows a bar with the rate and the failures, and ${shown}`, async (t) => {
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

test('without a terminal it prints no bar and no escape code', async (t) => {
  const { sandbox, tokens } = await startWithItems(t, 5)
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 150 })
  const input = [UNKNOWN, ...tokens].join('\n')
  const { stdout, stderr } = await resetLogin(t, sandbox, ['--concurrency', '1'], input)
  assert.ok(!`${stdout}${stderr}`.includes('\u001b'))
  assert.equal(stderr.split('\n').length, 2)
})

test('no tokens in a terminal is wrong usage', async (t) => {
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
