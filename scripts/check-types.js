'use strict'

// Compiles the type tests, and the JavaScript snippets of the README and of docs/, as users do: with
// each TypeScript version, each module resolution, strict, and with the declaration files checked.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { snippets } = require('./snippets.js')

const root = path.join(__dirname, '..')
const fixtures = path.join(root, '__test__', 'types')
const compilers = ['typescript', 'typescript-5']
const COMMON = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022']
const TYPES = ['--types', 'node', '--lib', 'es2022,esnext.disposable']

const pages = fs.mkdtempSync(path.join(root, '__test__', 'snippet-types-'))
try {
  fs.writeFileSync(
    path.join(pages, 'given.d.ts'),
    'declare const access_token: string, clientId: string, secret: string, backend: string\n' +
      'declare const rawBody: string, headers: Record<string, string>\n',
  )
  // A snippet that names its file is one of examples/, whose packages are not installed here.
  const compiled = snippets().filter(({ language, file }) => language === 'js' && !file)
  compiled.forEach(({ code }, i) => {
    fs.writeFileSync(path.join(pages, `snippet-${i + 1}.mts`), `${code}\nexport {}\n`)
  })
  checkAll()
} finally {
  fs.rmSync(pages, { recursive: true })
}

function checkAll() {
  const all = filesIn(fixtures)
  const withPeers = filesIn(path.join(fixtures, 'peers'))
  const esm = all.filter((name) => name.endsWith('.mts'))
  const fromPages = filesIn(pages)
  for (const compiler of compilers) {
    for (const module of ['node16', 'nodenext']) {
      check(compiler, [...all, ...fromPages], '--module', module)
    }
    check(compiler, [...esm, ...fromPages], '--module', 'esnext', '--moduleResolution', 'bundler')
  }
  // Their own declaration files need more than Node, and are not checked.
  const peers = ['--module', 'nodenext', '--skipLibCheck', '--lib', 'es2022,esnext.disposable,dom']
  for (const compiler of compilers) check(compiler, withPeers, ...peers)
  // Without the types of Node, which `typeRoots` would find, and of a browser.
  const bare = filesIn(path.join(fixtures, 'bare'))
  const without = ['--lib', 'es2022', '--typeRoots', pages, '--exactOptionalPropertyTypes']
  for (const compiler of compilers) {
    run(compiler, bare, ['--module', 'nodenext', ...without], 'bare, without the types of Node')
  }
  // Newer compilers always use interop.
  check('typescript-5', all, '--module', 'node16', '--esModuleInterop', 'false')
}

function filesIn(directory) {
  const entries = fs.readdirSync(directory, { withFileTypes: true })
  return entries.filter((it) => it.isFile()).map(({ name }) => path.join(directory, name))
}

function check(compiler, files, ...options) {
  run(compiler, files, [...TYPES, ...options], options.join(' '))
}

function run(compiler, files, options, shown) {
  const manifest = require(`${compiler}/package.json`)
  const tsc = path.join(root, 'node_modules', compiler, manifest.bin.tsc)
  const what = `types: ${compiler} ${manifest.version} ${shown}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [tsc, ...COMMON, ...options, ...files],
    { cwd: root, encoding: 'utf8' },
  )
  console.log(`${status === 0 ? '✓' : '✗'} ${what}`)
  if (status === 0) return
  console.log(`${stdout}${stderr}`)
  process.exitCode = 1
}
