'use strict'

// Promise: the preload reaches the Workers and child processes of an app, however they are started;
// all of them use one Sandbox.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const path = require('node:path')
const { PRELOAD, root, runIntercepted, startedSandbox } = require('./support/intercept.js')

const WAYS = [
  'here',
  'worker',
  'worker, env {}',
  'worker, execArgv []',
  'worker of a worker',
  'worker, eval',
  'fork',
  'fork, env {}',
  'fork, execArgv []',
  'fork, no NODE_OPTIONS',
  'spawn',
  'spawnSync',
  'a shell',
  'cluster',
]

for (const way of WAYS) {
  test(`a call made in: ${way}`, async (t) => {
    const { sandbox, item_id, env } = await startedSandbox(t)
    const ended = await runIntercepted('call.mjs', { args: [way, os.tmpdir()], env })
    assert.deepEqual([ended.code, ended.stdout], [0, `${item_id}\n`], ended.stderr)
    assert.equal((await sandbox.requests()).length, 1)
    assert.equal(ended.stderr.match(/go to the local Sandbox/g).length, 1, ended.stderr)
  })
}

test('the preload can be named by a path, on the command line or in NODE_OPTIONS', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const file = path.join(root, 'intercept.mjs')
  for (const named of ['./intercept.mjs', file, pathToFileURL(file).href]) {
    for (const option of [`--import=${named}`, `--import ${named}`]) {
      const args = ['spawn', os.tmpdir()]
      const ended = await runIntercepted('call.mjs', { args, env, options: [option] })
      assert.deepEqual([ended.code, ended.stdout], [0, `${item_id}\n`], ended.stderr)
    }
  }
})

test('named twice, it says once that it is on', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const options = [PRELOAD, `--import ${path.join(root, 'intercept.mjs')}`]
  const ended = await runIntercepted('call.mjs', { args: ['here'], env, options })
  assert.deepEqual([ended.code, ended.stdout], [0, `${item_id}\n`], ended.stderr)
  assert.equal(ended.stderr.match(/go to the local Sandbox/g).length, 1)
})

test('the package can be in a directory with a space in its name', async (t) => {
  const { item_id, env } = await startedSandbox(t)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid intercept-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const isOurs = (name) => path.basename(name).startsWith('intercept')
  fs.mkdirSync(path.join(directory, 'lib'))
  for (const name of ['intercept.mjs', ...fs.readdirSync(path.join(root, 'lib')).map(inLib)]) {
    if (isOurs(name)) fs.copyFileSync(path.join(root, name), path.join(directory, name))
  }
  const options = [`--import=${pathToFileURL(path.join(directory, 'intercept.mjs'))}`]
  for (const way of ['spawn', 'fork, env {}', 'worker, env {}', 'worker, eval']) {
    const ended = await runIntercepted('call.mjs', { args: [way, os.tmpdir()], env, options })
    assert.deepEqual([ended.code, ended.stdout], [0, `${item_id}\n`], ended.stderr)
  }
  const { nodeOptions } = require(path.join(directory, 'lib/intercept-children.js'))
  const once = nodeOptions('--no-warnings', env.PLAID_SANDBOX_URL)
  assert.equal(nodeOptions(once, env.PLAID_SANDBOX_URL), once)
})

function inLib(name) {
  return `lib/${name}`
}
