'use strict'

// Promise: help fits its terminal and breaks no word, and a closed pipe ends every command quietly.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { stripVTControlCharacters: withoutColours } = require('node:util')
const { run } = require('./support/child.js')
const { COMMAND, inTerminal, startCommand } = require('./support/command.js')

const COMMANDS = ['console', 'demo', 'sandbox', 'gateway', 'reset-login', 'doctor']

/** What `args` print in a terminal of `columns`. */
async function shown(t, args, columns, env) {
  const through = (command) => inTerminal(command, columns)
  const command = startCommand(t, args, { env: { TERM: 'xterm', ...env }, through })
  assert.deepEqual(await command.ended(), [0, null])
  return command.stdout.replaceAll('\r\n', '\n')
}

/** The words of a text, wherever its lines break. */
const words = (text) => text.split(/\s+/).filter(Boolean)

for (const columns of [80, 120]) {
  test(`help fits ${columns} columns and breaks between words`, async (t) => {
    for (const args of [['--help'], ...COMMANDS.map((name) => [name, '--help'])]) {
      const { stdout } = await run(COMMAND, { args })
      const text = withoutColours(await shown(t, args, columns))
      assert.deepEqual(words(text), words(stdout))
      for (const line of text.split('\n')) assert.ok(line.length <= columns, line)
    }
  })
}

test('examples in help are not wrapped at 80 columns', async (t) => {
  for (const name of COMMANDS) {
    const text = withoutColours(await shown(t, [name, '--help'], 80))
    const [, examples] = text.match(/\nExamples?:\n((?: {2}.+\n)+)/)
    for (const line of examples.trimEnd().split('\n')) assert.match(line, /npx @utdk\/plaid /)
  }
})

test('help has colours in a terminal, unless NO_COLOR is set', async (t) => {
  assert.ok((await shown(t, ['--help'], 80)).includes('\u001b['))
  assert.ok(!(await shown(t, ['--help'], 80, { NO_COLOR: '1' })).includes('\u001b'))
})

/** Runs `args` with a descriptor that is a pipe without a reader, and prints the exit code. */
async function withClosed(t, descriptor, args) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-pipe-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const line = `mkfifo "$PIPE"; exec 4<>"$PIPE" 5>"$PIPE" 4>&-; "$0" "$@" ${descriptor}>&5; echo "code $?"`
  const env = {
    PIPE: path.join(directory, 'pipe'),
    PLAID_BASE_URL: 'http://127.0.0.1:9',
    PLAID_CLIENT_ID: 'id',
    PLAID_SECRET: 'secret',
  }
  const through = ([node, ...rest]) => ['bash', '-c', line, node, ...rest]
  const command = startCommand(t, args, { env, through })
  await command.ended()
  return command
}

for (const [args, code] of [
  [['--help'], 0],
  [['--version'], 0],
  [['gateway', '--help'], 0],
  [['demo'], 0],
  [['doctor'], 1],
  [['sandbox'], 0],
  [['gateway', '--port', '0'], 0],
  [['console', '--port', '0'], 0],
  [['reset-login', '--json', 'access-sandbox-1'], 1],
]) {
  test(`a closed output pipe ends ${args.join(' ')} quietly`, async (t) => {
    const { stdout, stderr } = await withClosed(t, 1, args)
    assert.deepEqual([stdout, stderr], [`code ${code}\n`, ''])
  })
}

test('a closed error pipe does not change the exit code', async (t) => {
  const { stdout } = await withClosed(t, 2, ['nope'])
  assert.equal(stdout, 'code 2\n')
})
