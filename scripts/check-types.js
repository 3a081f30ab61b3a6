'use strict'

// Has the TypeScript compilers read the declarations as users' compilers do: every module
// resolution in use, strict, libraries checked too; and compile the README's snippets.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { snippets } = require('./readme.js')

const root = path.join(__dirname, '..')
const fixtures = path.join(root, '__test__', 'types')
const compilers = ['typescript', 'typescript-5']
const COMMON = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022']
const TYPES = ['--types', 'node', '--lib', 'es2022,esnext.disposable']

const readme = fs.mkdtempSync(path.join(root, '__test__', 'readme-types-'))
try {
  fs.writeFileSync(
    path.join(readme, 'given.d.ts'),
    'declare const access_token: string, clientId: string, secret: string, backend: string\n',
  )
  snippets().forEach((code, i) => {
    fs.writeFileSync(path.join(readme, `snippet-${i + 1}.mts`), `${code}\nexport {}\n`)
  })
  checkAll()
} finally {
  fs.rmSync(readme, { recursive: true })
}

function checkAll() {
  const all = fs.readdirSync(fixtures).map((name) => path.join(fixtures, name))
  const esm = all.filter((name) => name.endsWith('.mts'))
  const fromReadme = fs.readdirSync(readme).map((name) => path.join(readme, name))
  for (const compiler of compilers) {
    for (const module of ['node16', 'nodenext']) {
      check(compiler, [...all, ...fromReadme], '--module', module)
    }
    check(compiler, [...esm, ...fromReadme], '--module', 'esnext', '--moduleResolution', 'bundler')
  }
  // Newer compilers know no other way than with interop.
  check('typescript-5', all, '--module', 'node16', '--esModuleInterop', 'false')
}

function check(compiler, files, ...options) {
  const manifest = require(`${compiler}/package.json`)
  const tsc = path.join(root, 'node_modules', compiler, manifest.bin.tsc)
  const what = `types: ${compiler} ${manifest.version} ${options.join(' ')}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [tsc, ...COMMON, ...TYPES, ...options, ...files],
    { cwd: root, encoding: 'utf8' },
  )
  console.log(`${status === 0 ? '✓' : '✗'} ${what}`)
  if (status === 0) return
  console.log(`${stdout}${stderr}`)
  process.exitCode = 1
}
