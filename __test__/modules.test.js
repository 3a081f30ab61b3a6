'use strict'

// Promise: `npm run lint` fails when files import each other in a circle, or import a layer above.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { faults } = require('../scripts/check-modules.js')

const root = path.join(__dirname, '..')

/** What is wrong with a crate of these files, without the crate's name. */
function check(t, files, layers) {
  const crate = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-modules-'))
  t.after(() => fs.rmSync(crate, { recursive: true }))
  for (const [name, source] of Object.entries(files)) {
    const file = path.join(crate, 'src', name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, source)
  }
  return faults(crate, layers).map((fault) => fault.replace(`${crate}: `, ''))
}

const A_B = ['a circle: a.rs → b.rs → a.rs']

for (const [what, a] of Object.entries({
  'a use declaration': 'use crate::b::B;',
  'a nested use tree': 'use std::{fmt, io}; use crate::{c::{self, C}, b::{B, self}};',
  'a re-export': 'pub(crate) use super::b::B as Renamed;',
  'an inline path': 'fn f() -> u8 { crate::b::f() }',
  'an inline module': 'mod inner { mod innermost { use super::super::super::b::B; } }',
})) {
  test(`${what} that closes a circle is found`, (t) => {
    const files = { 'lib.rs': 'mod a; mod b; mod c;', 'a.rs': a, 'b.rs': 'use crate::a::A;' }
    assert.deepEqual(check(t, { ...files, 'c.rs': 'pub struct C;' }), A_B)
  })
}

test('an import of a re-exported name counts for the file that defines it', (t) => {
  const lib = 'mod a; mod b; pub use a::A; use b::B;'
  assert.deepEqual(check(t, { 'lib.rs': lib, 'a.rs': 'use crate::B;', 'b.rs': '' }), [])
  assert.deepEqual(
    check(t, { 'lib.rs': lib, 'a.rs': 'use crate::B;', 'b.rs': 'use super::A;' }),
    A_B,
  )
})

test('a parent that uses its child, and is used by it, is in a circle', (t) => {
  const child = { 'a/child.rs': 'use super::A;' }
  const parent = (a) => check(t, { 'lib.rs': 'mod a;', 'a.rs': a, ...child })
  assert.deepEqual(parent('mod child; pub struct A;'), [])
  const circle = ['a circle: a.rs → a/child.rs → a.rs']
  assert.deepEqual(parent('mod child; pub struct A; fn f() { child::f() }'), circle)
  assert.deepEqual(parent('mod child; pub struct A; pub use child::C;'), circle)
})

test('tests, comments and strings import nothing', (t) => {
  const a = `// use crate::b::B;
    /* use crate::b::B; */
    const TEXT: &str = "use crate::b::B;";
    const RAW: &str = r#"" use crate::b::B; "#;
    fn f<'a>(x: &'a str) -> char { '"' }
    #[cfg(test)] mod tests { use crate::b::B; fn f() { crate::b::f() } }
    #[cfg(test)] use crate::b::B;`
  const files = { 'lib.rs': 'mod a; mod b;', 'a.rs': a, 'b.rs': 'use crate::a::A;' }
  assert.deepEqual(check(t, files), [])
  assert.deepEqual(check(t, { ...files, 'a.rs': `${a} use crate::b::B;` }), A_B)
  const field = 'struct S { #[cfg(test)] field: u8, } fn f() { crate::b::f() }'
  assert.deepEqual(check(t, { ...files, 'a.rs': field }), A_B)
})

test('a file imports only layers below its own', (t) => {
  const layers = [['low'], ['left', 'right'], ['high']]
  const folders = ['low', 'left', 'right', 'high']
  const files = {
    'lib.rs': 'mod low; mod left; mod right; mod high; mod top;',
    ...Object.fromEntries(folders.map((name) => [`${name}/mod.rs`, 'mod a; mod b;'])),
    ...Object.fromEntries(
      folders.flatMap((name) => [
        [`${name}/a.rs`, ''],
        [`${name}/b.rs`, ''],
      ]),
    ),
    'top.rs': 'use crate::{low::a, high::a as b};',
  }
  const importing = (name, source) => check(t, { ...files, [name]: source }, layers)
  assert.deepEqual(importing('high/a.rs', 'use crate::{high::b, left::a, low::a};'), [])
  for (const [name, source, fault] of [
    ['low/a.rs', 'use crate::high::a;', 'low/a.rs imports high/a.rs'],
    ['left/a.rs', 'use crate::right::a;', 'left/a.rs imports right/a.rs'],
    ['high/a.rs', 'use crate::top::Top;', 'high/a.rs imports top.rs'],
  ]) {
    assert.deepEqual(
      importing(name, source),
      [
        `${fault}, which is not in a layer below`,
        ...(name === 'high/a.rs' ? ['a circle: high/a.rs → top.rs → high/a.rs'] : []),
      ].sort(),
    )
  }
})

test('a circle between scripts, or between their types, is found', (t) => {
  const directory = fs.mkdtempSync(path.join(__dirname, 'circles-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const write = (name, source) => fs.writeFileSync(path.join(directory, name), source)
  write('a.ts', "import type { B } from './b'\n\nexport type A = B | null\n")
  write('b.ts', "import type { A } from './a'\n\nexport type B = A[]\n")
  write('c.js', "'use strict'\n\nexports.d = require('./d.js')\n")
  write('d.js', "'use strict'\n\nexports.c = () => require('./c.js')\n")
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--vcs-enabled=false', '--reporter=github', directory]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  assert.equal(status, 1)
  for (const name of ['a.ts', 'b.ts', 'c.js', 'd.js']) {
    assert.match(stdout, new RegExp(`noImportCycles,file=[^,]*${name}`), name)
  }
})
