'use strict'

// Promise: the README and docs/ name no path that does not exist, and their links resolve;
// docs/architecture.md names every crate and every top-level directory.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { PAGES } = require('../scripts/snippets.js')

const root = path.join(__dirname, '..')
const MAP = 'docs/architecture.md'

/** Made by the build: there after it, and never committed. */
const GENERATED = ['binding.js', 'binding.d.ts']

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter(Boolean)
const directories = new Set(tracked.flatMap(parents))

/** The directories that a file is in. */
function parents(file) {
  const names = file.split('/').slice(0, -1)
  return names.map((_, i) => names.slice(0, i + 1).join('/'))
}

function read(file) {
  return fs.readFileSync(path.join(root, file), 'utf8')
}

/** The texts in backticks in `file` that look like paths of this repository. */
function namedPaths(file) {
  const spans = [...read(file).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span)
  const isPath = (span) =>
    /^[A-Za-z_.][\w.-]*(\/[\w.-]+)*\/?$/.test(span) &&
    (span.includes('/') || /\w\.(js|ts|rs|md|json|toml)$/.test(span))
  return [...new Set(spans.filter(isPath))]
}

/** Whether `name` is in a fresh checkout, or made by a build. */
function isThere(name) {
  if (GENERATED.includes(name)) return fs.existsSync(path.join(root, name))
  const bare = name.replace(/\/$/, '')
  return directories.has(bare) || (!name.endsWith('/') && tracked.includes(bare))
}

const crates = [...directories].filter((name) => /^crates\/[^/]+$/.test(name))

/** Means this directory of each crate. */
const IN_EACH_CRATE = 'tests/it'

test('every path that the map names is in the repository', () => {
  const paths = namedPaths(MAP)
  assert.ok(paths.length >= 20, 'the map names few paths, or they are not found any more')
  const meant = paths.flatMap((name) =>
    name === IN_EACH_CRATE ? crates.map((crate) => `${crate}/${name}`) : [name],
  )
  assert.deepEqual(
    meant.filter((name) => !isThere(name)),
    [],
  )
})

for (const page of PAGES.filter((page) => page !== MAP)) {
  test(`every path that ${page} names is in the repository`, () => {
    assert.deepEqual(
      namedPaths(page).filter((name) => !isThere(name)),
      [],
    )
  })
}

test('the map names exactly the files that read the environment', () => {
  const [, section] = read(MAP).match(/^## Who reads the environment\n(.*?)^## /ms)
  const named = [...section.matchAll(/`([\w/.-]+\.(?:m?js|rs))`/g)].map(([, name]) => name)
  const isSource = (name) => /^(bin|lib|src|crates\/\w+\/src)\/|^\w+\.m?js$/.test(name)
  const reads = /\bprocess\.env\b|\b(std::)?env::(var|vars)(_os)?\b/
  const readers = tracked.filter((name) => isSource(name) && reads.test(read(name)))
  assert.deepEqual([...readers, 'binding.js'].sort(), [...new Set(named)].sort())
})

test('a build makes the binary that the map names', () => {
  assert.match(read(MAP), /`\.node`/)
  assert.ok(fs.readdirSync(root).some((name) => name.endsWith('.node')))
})

test('the map names every crate', () => {
  assert.ok(crates.length > 0)
  const paths = namedPaths(MAP)
  assert.deepEqual(
    crates.filter((crate) => !paths.some((name) => name.startsWith(`${crate}/`))),
    [],
  )
})

test('the map names every directory at the top', () => {
  const paths = namedPaths(MAP)
  const top = [...directories].filter((name) => !name.includes('/'))
  assert.ok(top.length > 0)
  assert.deepEqual(
    top.filter((directory) => !paths.some((name) => name.startsWith(`${directory}/`))),
    [],
  )
})

for (const file of PAGES) {
  test(`the links of ${file} resolve`, () => {
    const links = [...read(file).matchAll(/\[[^\]]+\]\(([^)\s]+)\)/g)].map(([, link]) => link)
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return !URL.canParse(link)
      const [name, anchor] = link.split('#')
      const target = name === '' ? file : path.posix.join(path.posix.dirname(file), name)
      return !isThere(target) || (anchor !== undefined && !anchors(target).includes(anchor))
    })
    assert.deepEqual(broken, [])
  })
}

test('the README links to every page of docs/', () => {
  const pages = PAGES.filter((page) => page.startsWith('docs/'))
  for (const page of pages) assert.ok(read('README.md').includes(`](${page})`), page)
})

/** The headings of a page, as links name them. */
function anchors(file) {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
