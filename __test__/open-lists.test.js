'use strict'

// Promise: the values that the declarations offer to editors are those that the Sandbox knows.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const read = (file) => fs.readFileSync(path.join(__dirname, '..', file), 'utf8')

/** The literals of an open list in a declaration file. */
function declared(file, name) {
  const [, list] = read(file).match(new RegExp(`^export type ${name} =\n(.*?)\\(string`, 'ms'))
  return [...list.matchAll(/'(\w+)'/g)].map(([, value]) => value).sort()
}

/** The first text of each row of a table in a Rust file. */
function known(file, table, row) {
  const [, rows] = read(file).match(new RegExp(`^const ${table}: .*?\\[(.*?)^\\];`, 'ms'))
  return [...new Set([...rows.matchAll(row)].map(([, value]) => value))].sort()
}

const BODIES = 'crates/sandbox/src/model/webhook_body.rs'
const ERRORS = 'crates/sandbox/src/plaid/error_table.rs'
const LISTS = [
  ['index.d.ts', 'PlaidErrorCode', ERRORS, 'ROWS', /^ +\((?:\w+|"\w+"), "(\w+)"/gm],
  ['sandbox.d.ts', 'PlaidProduct', 'crates/sandbox/src/plaid/catalog.rs', 'PRODUCTS', /"(\w+)"/g],
  ['sandbox.d.ts', 'FiredWebhookCode', BODIES, 'CODES', /\(\s*"([A-Z_]+)"/g],
  ['sandbox.d.ts', 'FiredWebhookType', BODIES, 'TYPES', /\(\s*"([A-Z_]+)"/g],
]

for (const [declarations, name, file, table, row] of LISTS) {
  test(`${name} lists what the Sandbox knows`, () => {
    const values = known(file, table, row)
    assert.ok(values.length >= 7, values.join())
    assert.deepEqual(declared(declarations, name), values)
  })
}
