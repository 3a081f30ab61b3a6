'use strict'

// Promise: a binary that cannot run on its platform, or that contains paths of the build machine, is
// not published; a release has the tag's version; its workflows pin what they use.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { parse } = require('yaml')
const manifest = require('../package.json')
const { faults, newer } = require('../release/binary.js')
const { notes } = require('../release/notes.js')
const { addresses } = require('../release/packages.js')
const { targets } = require('../release/targets.js')

const root = path.join(__dirname, '..')
const WORKFLOWS = path.join(root, '.github/workflows')
const workflows = fs
  .readdirSync(WORKFLOWS)
  .map((name) => ({ name, text: fs.readFileSync(path.join(WORKFLOWS, name), 'utf8') }))

const GNU = targets.find(({ platform }) => platform === `linux-${process.arch}-gnu`)
const MUSL = targets.find(({ platform }) => platform === `linux-${process.arch}-musl`)

/** The symbol of every addon, and a call of glibc. */
const ADDON = '#include <stdio.h>\nvoid napi_register_module_v1(void) { puts("here"); }\n'

/** Compiles `source` to a library. @returns its file */
function library(t, source, ...options) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-binary-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'addon.c'), source)
  const file = path.join(directory, 'addon.node')
  execFileSync('cc', ['-shared', '-fPIC', ...options, '-o', file, 'addon.c'], { cwd: directory })
  return file
}

test('a stripped addon for an old glibc can be published', (t) => {
  assert.deepEqual(faults(library(t, ADDON, '-s'), GNU), [])
})

test('an addon for a newer glibc is refused', (t) => {
  const [fault] = faults(library(t, ADDON, '-s'), GNU, '2.0')
  assert.match(fault, /^it needs glibc 2\.[\d.]+, newer than 2\.0$/)
})

test('an addon that is not stripped is refused', (t) => {
  const found = faults(library(t, ADDON, '-g'), GNU)
  assert.ok(found.some((fault) => /\.debug_info\b.*\.symtab\b.*is not stripped/.test(fault)))
})

test('an addon that contains a path of the build machine is refused', (t) => {
  const source = `${ADDON}const char *built = "${os.homedir()}/somewhere";\n`
  assert.deepEqual(faults(library(t, source, '-s'), GNU), [`it contains the path ${os.homedir()}`])
})

test('an addon of more than 6.5 MB is refused', (t) => {
  const source = `${ADDON}char filling[6500000] = { 1 };\n`
  const [fault, ...others] = faults(library(t, source, '-s'), GNU)
  assert.match(fault, /^it has 65\d{5} bytes, more than 6500000$/)
  assert.deepEqual(others, [])
})

test('an addon for the other C library is refused', (t) => {
  const [fault] = faults(library(t, ADDON, '-s'), MUSL)
  assert.match(fault, /^it is for musl, but needs glibc 2\.\d+/)
  const withoutLibc = library(t, 'void napi_register_module_v1(void) {}\n', '-s', '-nostdlib')
  assert.deepEqual(faults(withoutLibc, MUSL), [])
  assert.deepEqual(faults(withoutLibc, GNU), ['it is for glibc, but does not need it'])
})

test('a library that is not an addon is refused', (t) => {
  const found = faults(library(t, '#include <stdio.h>\nvoid f(void) { puts("f"); }\n', '-s'), GNU)
  assert.deepEqual(found, ['it is not a Node addon'])
})

test('versions of glibc compare number by number', () => {
  const sorted = ['2.34', '2.2.5', '2.9', '2.17', '2.3.4', '2.3'].sort(newer)
  assert.deepEqual(sorted, ['2.2.5', '2.3', '2.3.4', '2.9', '2.17', '2.34'])
})

test('a release has the notes of its version, and no other tag can be released', () => {
  const changelog =
    '# Changelog\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- More.\n\n## [0.1.0] - unreleased\n\n- All.\n'
  assert.equal(notes('v0.2.0', { version: '0.2.0', changelog }), '### Added\n\n- More.')
  for (const [tag, version, message] of [
    ['v0.1.1', '0.2.0', 'the tag is v0.1.1, but package.json has version 0.2.0'],
    ['v0.3.0', '0.3.0', 'CHANGELOG.md has no section for 0.3.0'],
    ['v0.1.0', '0.1.0', 'the section for 0.1.0 in CHANGELOG.md has no date'],
  ]) {
    assert.throws(() => notes(tag, { version, changelog }), { message })
  }
})

test('homepage and issues are those of the repository, also in a fork’s release', () => {
  const { homepage, bugs, repository } = manifest
  assert.deepEqual({ homepage, bugs, repository }, addresses(repository.url))
  assert.deepEqual(addresses('git+https://git.example/a/b.git'), {
    homepage: 'https://git.example/a/b#readme',
    bugs: 'https://git.example/a/b/issues',
    repository: { type: 'git', url: 'git+https://git.example/a/b.git' },
  })
})

test('the changelog has a section for this version', () => {
  const changelog = fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8')
  assert.match(
    changelog,
    new RegExp(`^## \\[${manifest.version.replaceAll('.', '\\.')}\\] - `, 'm'),
  )
})

test('workflows pin every action to a commit', () => {
  for (const { name, text } of workflows) {
    const used = text.split('\n').filter((line) => /\buses:/.test(line))
    assert.ok(used.length > 0, name)
    for (const line of used) {
      assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name)
    }
  }
})

test('every job of a workflow states its permissions and has a time limit', () => {
  for (const { name, text } of workflows) {
    const { permissions, jobs } = parse(text)
    assert.deepEqual(permissions, {}, name)
    for (const [id, job] of Object.entries(jobs)) {
      assert.ok(job.permissions && job['timeout-minutes'], `${id} in ${name}`)
    }
  }
})

test('every test that CI runs on other platforms exists', () => {
  const { text } = workflows.find(({ name }) => name === 'ci.yml')
  const [, patterns] = text.match(/node --test (.*)/)
  const files = execFileSync('bash', ['-c', `echo ${patterns}`], { cwd: root, encoding: 'utf8' })
  for (const file of files.trim().split(' ')) {
    assert.ok(fs.existsSync(path.join(root, file)), file)
  }
})

test('a release builds every platform, and tests each before it publishes', () => {
  const { jobs } = parse(workflows.find(({ name }) => name === 'release.yml').text)
  const built = jobs.build.strategy.matrix.include.map(({ target }) => target)
  assert.deepEqual(built.sort(), manifest.napi.targets.toSorted())
  const runs = jobs.test.strategy.matrix.include.map(({ target }) => target)
  assert.deepEqual(
    built.filter((target) => !runs.includes(target)),
    ['aarch64-unknown-linux-musl', 'x86_64-unknown-linux-musl'],
  )
  const images = jobs['test-images'].strategy.matrix
  assert.deepEqual(images.os, ['ubuntu-24.04', 'ubuntu-24.04-arm'])
  assert.ok(images.image.includes('node:20-alpine'))
  assert.deepEqual(jobs.pack.needs, ['test', 'test-images'])
  assert.equal(jobs.publish.needs, 'pack')
})

test('only the job that publishes can sign, and only the job that announces can write', () => {
  const { jobs } = parse(workflows.find(({ name }) => name === 'release.yml').text)
  const having = (permission) =>
    Object.keys(jobs).filter((id) => jobs[id].permissions[permission] === 'write')
  assert.deepEqual(having('id-token'), ['publish'])
  assert.deepEqual(having('contents'), ['announce'])
})
