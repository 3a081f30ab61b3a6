'use strict'

// Promise: the examples work as they stand; the backend's TypeScript is sound.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const manifest = require('typescript/package.json')
const { run } = require('./support/child.js')

const root = path.join(__dirname, '..')
const backend = path.join(root, 'examples/express-update-mode')

const isInstalled = fs.existsSync(path.join(backend, 'node_modules'))
const missing = 'the example is not installed: run `node scripts/set-up.js --examples`'

/** What a program prints that must succeed; if it does not, its output is shown. */
async function succeeds(file, ...args) {
  const { code, signal, stdout, stderr } = await run(file, { args, env: { NO_COLOR: '1' } })
  const shown = `${path.relative(root, file)} printed:\n${stdout}${stderr}`
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, shown)
  return stdout
}

test('the backend with express passes its own tests', async () => {
  assert.ok(isInstalled, missing)
  const vitest = path.join(backend, 'node_modules/vitest/vitest.mjs')
  const printed = await succeeds(vitest, 'run', '--root', backend)
  const [, passed, total] = printed.match(/Tests +(\d+) passed \((\d+)\)/) ?? []
  assert.equal(passed, total, printed)
  assert.ok(Number(total) > 20, printed)
})

test('the backend with express type-checks', async () => {
  assert.ok(isInstalled, missing)
  const tsc = path.join(root, 'node_modules/typescript', manifest.bin.tsc)
  await succeeds(tsc, '--project', backend)
})

test('the official client’s calls come to what its story tells', async () => {
  const printed = await succeeds(path.join(root, 'examples/official-client/index.mjs'))
  const told = printed
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))
  const answers = (operation) => told.filter(([name]) => name === operation).map(([, it]) => it)
  assert.deepEqual(answers('itemGet'), [
    'healthy',
    'ITEM_LOGIN_REQUIRED',
    'healthy',
    '400 ITEM_NOT_FOUND',
  ])
  assert.deepEqual(answers('accountsGet'), ['14 accounts', '400 ITEM_LOGIN_REQUIRED'])
  assert.deepEqual(answers('webhookVerificationKeyGet'), ['ES256 signs the webhook'])
  assert.deepEqual(answers('linkTokenGet'), ['HANDOFF'])
  const refused = told.filter(([, answer]) => /^\d{3} [A-Z_]+$/.test(answer))
  assert.equal(refused.length, 2, printed)
  assert.equal(new Set(told.map(([operation]) => operation)).size, 14, printed)
})
