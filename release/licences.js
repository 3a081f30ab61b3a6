'use strict'

// node release/licences.js <file.md>: writes the licences of everything in the binary: the crates for
// every platform, Rust's standard library, and the npm packages in the console's page.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, targets } = require('./targets')

const TEXT = /^(licen[cs]e|copying|copyright|notice|unlicense)/i

/** @returns the page, and the number of parts it covers */
async function licences() {
  const parts = [...crates(), standardLibrary(), ...(await npmPackages())]
  const without = parts.filter(({ license }) => !license)
  if (without.length > 0) throw new Error(`no licence found for ${names(without)}`)
  return { page: page(parts), parts: parts.length }
}

/** The crates linked on any platform, without this project's own. */
function crates() {
  const packages = new Map()
  for (const each of JSON.parse(cargo('metadata', '--format-version=1', '--locked')).packages) {
    packages.set(`${each.name} v${each.version}`, each)
  }
  const linked = targets.flatMap(({ triple }) =>
    cargo(
      'tree',
      '--locked',
      '--package=utdk-plaid',
      '--edges=normal,no-proc-macro',
      '--prefix=none',
      `--target=${triple}`,
    )
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ').slice(0, 2).join(' ')),
  )
  return [...new Set(linked)]
    .map((name) => packages.get(name))
    .filter(({ source }) => source)
    .map(({ name, version, license, manifest_path }) => {
      return { name, version, license, texts: textsIn(path.dirname(manifest_path), license) }
    })
}

function standardLibrary() {
  const [, version] = execFileSync('rustc', ['--version'], { cwd: ROOT, encoding: 'utf8' }).split(
    ' ',
  )
  return { name: 'Rust’s standard library', version, license: 'MIT OR Apache-2.0', texts: [] }
}

/** The packages that Vite bundled into the page. */
async function npmPackages() {
  const { build } = await import('vite')
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-licences-'))
  try {
    await build({
      root: path.join(ROOT, 'console'),
      logLevel: 'error',
      build: { outDir: directory, license: { fileName: 'licences.json' } },
    })
    const found = JSON.parse(fs.readFileSync(path.join(directory, 'licences.json'), 'utf8'))
    return found.map(({ name, version, identifier, text }) => {
      return { name, version, license: identifier, texts: text ? [text.trim()] : [] }
    })
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

/** The texts of the licence files; where a crate offers a choice with MIT, only MIT's. */
function textsIn(directory, license) {
  const files = fs.readdirSync(directory).filter((name) => TEXT.test(name))
  const mit = files.filter((name) => /\bMIT\b/i.test(name))
  const chosen = /\bOR\b/.test(license) && mit.length > 0 ? mit : files
  return chosen
    .map((name) => path.join(directory, name))
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim())
}

/** Each text once, with the parts it applies to. */
function page(parts) {
  const holders = new Map()
  for (const part of parts) {
    for (const text of part.texts) holders.set(text, [...(holders.get(text) ?? []), part])
  }
  const lines = parts.map(({ name, version, license, texts }) => {
    return `- ${name} ${version}: ${license}${texts.length > 0 ? '' : '; no licence file'}`
  })
  const texts = [...holders].map(([text, of]) => `## ${names(of)}\n\n~~~text\n${text}\n~~~\n`)
  return [
    '# Third-party licences\n',
    'What the binary contains besides @utdk/plaid itself, and its licences.\n',
    `${lines.sort().join('\n')}\n`,
    ...texts,
  ].join('\n')
}

function names(parts) {
  return parts.map(({ name, version }) => `${name} ${version}`).join(', ')
}

function cargo(...parameters) {
  return execFileSync('cargo', parameters, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 })
}

module.exports = { licences }

if (require.main === module) {
  const [file] = process.argv.slice(2)
  licences().then(({ page }) => fs.writeFileSync(file, page))
}
