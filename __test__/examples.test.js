'use strict'

// Promise: the examples work as they are; the express example also type-checks.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const manifest = require('typescript/package.json')
const { snippets } = require('../scripts/snippets.js')
const { browserPath } = require('./support/browser.js')
const { run } = require('./support/child.js')

const root = path.join(__dirname, '..')
const example = (...names) => path.join(root, 'examples', ...names)
const EXPRESS = example('express-update-mode')
const REACT = example('react-update-mode')
const RUNNERS = example('test-runners')

/** Runs a program that must succeed, and returns what it prints. */
async function succeeds(file, args = [], { cwd, env } = {}) {
  assert.ok(fs.existsSync(file), 'not installed: run `node scripts/set-up.js --examples`')
  // NODE_TEST_CONTEXT is set in the files of `node --test`, and changes what such a run prints.
  const ended = await run(file, {
    args,
    cwd,
    env: { NO_COLOR: '1', NODE_TEST_CONTEXT: '', ...env },
  })
  const { code, signal, stdout, stderr } = ended
  const shown = `${path.relative(root, file)} printed:\n${stdout}${stderr}`
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, shown)
  return stdout + stderr
}

test('the express example passes its own tests', async () => {
  const vitest = path.join(EXPRESS, 'node_modules/vitest/vitest.mjs')
  const printed = await succeeds(vitest, ['run', '--root', EXPRESS])
  const [, passed, total] = printed.match(/Tests +(\d+) passed \((\d+)\)/) ?? []
  assert.equal(passed, total, printed)
  assert.ok(Number(total) >= 6, printed)
})

test('the express example type-checks', async () => {
  assert.ok(fs.existsSync(path.join(EXPRESS, 'node_modules')))
  const tsc = path.join(root, 'node_modules/typescript', manifest.bin.tsc)
  await succeeds(tsc, ['--project', EXPRESS])
})

test('the React example passes its own tests, with the Link of the Sandbox', async () => {
  const playwright = path.join(REACT, 'node_modules/@playwright/test/cli.js')
  const env = { CHROMIUM: browserPath() }
  const printed = await succeeds(playwright, ['test'], { cwd: REACT, env })
  assert.match(printed, /3 passed/)
})

for (const name of ['test/leave.spec.js', 'vite.config.js']) {
  test(`the documentation shows ${name} of the React example`, () => {
    const { page, code } = snippets().find(({ file }) => file === path.basename(name))
    assert.equal(page, 'docs/link.md')
    assert.equal(code, fs.readFileSync(path.join(REACT, name), 'utf8'))
  })
}

test('the React example type-checks', async () => {
  const tsc = path.join(root, 'node_modules/typescript', manifest.bin.tsc)
  await succeeds(tsc, ['--project', REACT])
})

test('the official-client example prints what its README shows', async () => {
  const printed = await succeeds(example('official-client/index.mjs'))
  const readme = fs.readFileSync(example('official-client/README.md'), 'utf8')
  const [, shown] = readme.match(/^```text\n(.*?)^```$/ms)
  assert.deepEqual(lines(printed), lines(shown))
})

/** The lines of `text` without what differs from run to run: ids and ports. */
function lines(text) {
  return text
    .trim()
    .replace(/Item \w{37}$/gm, 'Item ID')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\/hl\/ls\w{32}/g, '/hl/PAGE')
    .split('\n')
}

/** How each test runner is started in its example, and what it prints. */
const RUNS = {
  'jest.test.js': ['jest/bin/jest.js', ['jest.test.js'], /Tests: +1 passed, 1 total/],
  'node.test.mjs': [undefined, [], /pass 1\b/],
  'playwright.spec.js': ['@playwright/test/cli.js', ['test'], /1 passed/],
  'vitest.test.js': ['vitest/vitest.mjs', ['run', 'vitest.test.js'], /Tests +1 passed \(1\)/],
}

for (const [name, [bin, args, prints]] of Object.entries(RUNS)) {
  test(`the example ${name} passes, and the documentation shows it`, async () => {
    const file = path.join(RUNNERS, name)
    const shown = snippets().filter((snippet) => snippet.file === name)
    assert.deepEqual(
      shown.map(({ page, code }) => [page, code]),
      [['docs/testing.md', fs.readFileSync(file, 'utf8')]],
    )
    const program = bin ? path.join(RUNNERS, 'node_modules', bin) : file
    const env = name.startsWith('playwright') ? { CHROMIUM: browserPath() } : {}
    assert.match(await succeeds(program, args, { cwd: RUNNERS, env }), prints)
  })
}
