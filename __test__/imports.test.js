'use strict'

// Promise: `import plaid`, named imports and `require()` of '@utdk/plaid' all work.

const assert = require('node:assert/strict')
const { mkdir, mkdtemp, rm, symlink, writeFile } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { run } = require('./support/child.js')

const CLASSES = [
  'PlaidApiError',
  'PlaidConnectionError',
  'PlaidError',
  'PlaidResponseError',
  'PlaidTimeoutError',
  'PlaidUsageError',
]

/** Runs `source` as `file` of a project with this package installed. */
async function runInProject(t, file, source) {
  const project = await mkdtemp(path.join(os.tmpdir(), 'plaid-imports-'))
  t.after(() => rm(project, { recursive: true }))
  const scope = path.join(project, 'node_modules/@utdk')
  await mkdir(scope, { recursive: true })
  await symlink(path.join(__dirname, '..'), path.join(scope, 'plaid'), 'junction')
  // Otherwise a package.json in a directory above would decide the module type.
  await writeFile(path.join(project, 'package.json'), '{}')
  await writeFile(path.join(project, file), source)
  const { code, stdout, stderr } = await run(path.join(project, file))
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return stdout.trim()
}

test('the default import has the operation, createPlaidClient and the error classes', async (t) => {
  const printed = await runInProject(
    t,
    'main.mjs',
    `import plaid from '@utdk/plaid'
    const { sandboxitemresetlogin, createPlaidClient, PlaidError } = plaid
    console.log(typeof sandboxitemresetlogin, typeof createPlaidClient, typeof PlaidError)`,
  )
  assert.equal(printed, 'function function function')
})

test('the operation, createPlaidClient and each error class can be imported by name', async (t) => {
  const names = ['createPlaidClient', 'sandboxitemresetlogin', ...CLASSES]
  const printed = await runInProject(
    t,
    'main.mjs',
    `import plaid, { ${names.join(', ')} } from '@utdk/plaid'
    const same = Object.entries({ ${names.join(', ')} }).map(([name, it]) => it === plaid[name])
    console.log(same.every(Boolean), PlaidApiError.prototype instanceof PlaidError)`,
  )
  assert.equal(printed, 'true true')
})

test('require() gives the same object as import, with itself as its default', async (t) => {
  const printed = await runInProject(
    t,
    'main.cjs',
    `const plaid = require('@utdk/plaid')
    import('@utdk/plaid').then((module) => {
      console.log(plaid.default === plaid, module.default === plaid)
      console.log(typeof plaid.default.sandboxitemresetlogin)
    })`,
  )
  assert.equal(printed, 'true true\nfunction')
})

test('code that TypeScript emits finds the operation, with and without esModuleInterop', async (t) => {
  const printed = await runInProject(
    t,
    'main.cjs',
    `const plaid_1 = require('@utdk/plaid')
    const plaid_2 = plaid_1 && plaid_1.__esModule ? plaid_1 : { default: plaid_1 }
    console.log(typeof plaid_1.default.sandboxitemresetlogin)
    console.log(typeof plaid_2.default.sandboxitemresetlogin)`,
  )
  assert.equal(printed, 'function\nfunction')
})

test('only the documented names are exported', () => {
  const operations = ['sandboxItemResetLogin', 'sandboxitemresetlogin']
  const names = ['createPlaidClient', 'default', ...operations, ...CLASSES]
  assert.deepEqual(Object.keys(require('../index.js')).sort(), names.sort())
})

test('every error class extends PlaidError and has its own name', () => {
  const plaid = require('../index.js')
  for (const name of CLASSES) {
    const error = new plaid[name]('a sentence', { code: 'A_CODE' })
    assert.ok(error instanceof plaid.PlaidError && error instanceof Error)
    assert.equal(error.name, name)
    assert.equal(error.code, 'A_CODE')
    assert.equal(String(error), `${name}: a sentence`)
  }
})
