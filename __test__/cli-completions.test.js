'use strict'

// Promise: `utdk-plaid completions` prints what has a shell complete the command line.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { test } = require('node:test')
const { run } = require('./support/child.js')
const { COMMAND } = require('./support/command.js')

const completions = (...args) => run(COMMAND, { args: ['completions', ...args] })

/** What a real bash offers where the last of the words is being typed. */
function offered(script, words) {
  const line = words.map((word) => `'${word}'`).join(' ')
  const asked = `${script}
COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_utdk__plaid utdk-plaid "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-s'], { input: asked })
  assert.deepEqual([status, stderr.toString()], [0, ''])
  return stdout.toString().trim().split('\n')
}

test('bash completes the commands, their options and values', async () => {
  const { code, stdout, stderr } = await completions('bash')
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(offered(stdout, ['utdk-plaid', 're']), ['reset-login'])
  assert.deepEqual(offered(stdout, ['utdk-plaid', 'reset-login', '--conc']), ['--concurrency'])
  assert.deepEqual(offered(stdout, ['utdk-plaid', 'completions', 'f']), ['fish'])
  const all = offered(stdout, ['utdk-plaid', ''])
  for (const name of ['reset-login', 'sandbox', 'gateway', 'console', 'demo', 'completions']) {
    assert.ok(all.includes(name), name)
  }
})

for (const [shell, begins] of [
  ['zsh', '#compdef utdk-plaid\n'],
  ['fish', '# Print an optspec'],
  ['powershell', '\nusing namespace System.Management.Automation'],
  ['elvish', '\nuse builtin;'],
]) {
  test(`there is a script for ${shell}, which knows the commands`, async () => {
    const { code, stdout } = await completions(shell)
    assert.equal(code, 0)
    assert.ok(stdout.startsWith(begins), stdout.slice(0, 80))
    assert.ok(stdout.includes('reset-login') && stdout.includes('concurrency'))
  })
}

test('a shell that is not known is wrong usage, and those that are stand beside it', async () => {
  for (const args of [['tcsh'], []]) {
    const { code, stdout, stderr } = await completions(...args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, args.length > 0 ? /'tcsh'.*\n.*bash.*fish.*zsh/ : /<SHELL>/)
  }
})

test('--help says where the script belongs', async () => {
  const { code, stdout } = await completions('--help')
  assert.equal(code, 0)
  assert.match(stdout, /completions bash > ~\/\.local\/share\/bash-completion\//)
})
