'use strict'

// Promise: the package contains exactly what users need, has no dependencies, runs no script when it
// is installed, and works once unpacked.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const { isBuiltin } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { promisify } = require('node:util')
const manifest = require('../package.json')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
require('./support/client.js')

const root = path.join(__dirname, '..')

const CODE = [
  'bin/demo.js',
  'bin/run.js',
  'bin/utdk-plaid.js',
  'binding.js',
  'edge.js',
  'gateway.js',
  'index.js',
  'intercept.mjs',
  'lib/binary-file.js',
  'lib/client.js',
  'lib/engine.js',
  'lib/errors.js',
  'lib/intercept-children.js',
  'lib/intercept-hooks.js',
  'lib/intercept-worker.js',
  'lib/load-error.js',
  'lib/native.js',
  'lib/options.js',
  'lib/outcome.js',
  'lib/pending.js',
  'lib/platform.js',
  'lib/to-sandbox.js',
  'playwright.js',
  'sandbox.js',
  'vite.js',
  'webhooks.js',
]
const FILES = [
  ...CODE,
  'LICENSE',
  'README.md',
  'gateway.d.ts',
  'index.d.ts',
  'intercept.d.mts',
  'package.json',
  'playwright.d.ts',
  'sandbox.d.ts',
  'vite.d.ts',
  'webhooks.d.ts',
]

/** What `npm pack` prints about the package; with `directory`, it writes the tarball there. */
async function pack(directory) {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', ...(directory ? ['--pack-destination', directory] : ['--dry-run'])],
    { cwd: root, env: { ...process.env, npm_config_offline: 'true' } },
  )
  return JSON.parse(stdout)[0]
}

/** A project with the package's tarball unpacked in node_modules, the binary included. */
async function project(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-package-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  // Otherwise Node would use a package.json in a directory above.
  fs.writeFileSync(path.join(directory, 'package.json'), '{}')
  const { filename } = await pack(directory)
  const installed = path.join(directory, 'node_modules/@utdk/plaid')
  fs.mkdirSync(installed, { recursive: true })
  const tarball = path.join(directory, filename)
  await promisify(execFile)('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  for (const name of fs.readdirSync(root).filter((name) => name.endsWith('.node'))) {
    fs.copyFileSync(path.join(root, name), path.join(installed, name))
  }
  return {
    installed,
    async runs(file, source, env) {
      fs.writeFileSync(path.join(directory, file), source)
      const { code, stdout, stderr } = await run(path.join(directory, file), { env })
      assert.deepEqual([code, stderr], [0, ''], stderr)
      return stdout
    },
  }
}

test('the package contains only what users need', async () => {
  const { files } = await pack()
  assert.deepEqual(files.map((file) => file.path).sort(), FILES.toSorted())
})

test('every file that package.json names is in the package', () => {
  const { main, types, bin, exports } = manifest
  const targets = [main, types, ...Object.values(bin), ...strings(exports)]
  for (const target of targets) assert.ok(FILES.includes(path.posix.normalize(target)), target)
})

test('the package has no dependencies', () => {
  for (const kind of ['dependencies', 'peerDependencies', 'bundledDependencies']) {
    assert.equal(manifest[kind], undefined, kind)
  }
  const own = /^@utdk\/plaid-/
  const optional = Object.keys(manifest.optionalDependencies ?? {})
  assert.deepEqual(
    optional.filter((name) => !own.test(name)),
    [],
  )
})

test('installing the package runs no script', () => {
  const scripts = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']
  assert.deepEqual(
    scripts.filter((name) => name in manifest.scripts),
    [],
  )
})

test('the code requires only Node’s modules and the package’s files', () => {
  for (const file of CODE) {
    const source = fs.readFileSync(path.join(root, file), 'utf8')
    const isModule = file.endsWith('.mjs')
    const required = [
      ...source.matchAll(
        isModule
          ? /^(?:import|export)\b[^'"`]*['"`]([^'"`]+)['"`]/gm
          : /\b(?:require|import)\(\s*['"`]([^'"`]+)['"`]/g,
      ),
    ]
    for (const [, name] of required) {
      if (isBuiltin(name)) {
        assert.ok(name.startsWith('node:') || file === 'binding.js', `${name} in ${file}`)
        continue
      }
      // The generated loader tries the binaries, and the packages that contain them.
      if (file === 'binding.js' && /^(\.|@utdk)\/plaid[.-]/.test(name)) continue
      assert.match(name, /^\.\.?\//, `${file} requires ${name}`)
      const target = path.posix.join(path.posix.dirname(file), name)
      assert.ok(FILES.includes(target), `${file} requires ${name}`)
    }
    if (isModule) assert.ok(required.length > 0, file)
    else assert.doesNotMatch(source, /^import\b/m)
  }
})

/** Resets an Item's login with `plaid` and `startSandbox`. */
const RESET = `
  const sandbox = await startSandbox()
  const { url: baseUrl, clientId, secret } = sandbox
  const { access_token } = await sandbox.createItem()
  const client = plaid.createPlaidClient({ baseUrl, clientId, secret })
  console.log((await client.sandboxitemresetlogin({ access_token })).reset_login)
  await sandbox.close()
`

test('the unpacked package works with import', async (t) => {
  const { runs } = await project(t)
  const imports = `import plaid from '@utdk/plaid'
    import { startSandbox } from '@utdk/plaid/sandbox'`
  assert.equal(await runs('main.mjs', `${imports}\n${RESET}`), 'true\n')
})

test('the unpacked package works with require()', async (t) => {
  const { runs } = await project(t)
  const requires = `const plaid = require('@utdk/plaid')
    const { startSandbox } = require('@utdk/plaid/sandbox')
    const { version } = require('@utdk/plaid/package.json')`
  const printed = await runs(
    'main.cjs',
    `${requires}\nasync function main() {${RESET}\nconsole.log(version) }\nmain()`,
  )
  assert.equal(printed, `true\n${manifest.version}\n`)
})

test('the unpacked package exports none of its inner files', async (t) => {
  const { runs } = await project(t)
  const printed = await runs(
    'main.cjs',
    `for (const name of ['binding.js', 'lib/engine.js', 'lib/errors.js', 'bin/demo.js']) {
      try {
        require('@utdk/plaid/' + name)
      } catch (error) {
        console.log(error.code)
      }
    }`,
  )
  assert.equal(printed, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n'.repeat(4))
})

test('the default client of the unpacked package reads the environment', async (t) => {
  const { runs } = await project(t)
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const { access_token } = await sandbox.createItem()
  const printed = await runs(
    'main.mjs',
    `import { sandboxitemresetlogin } from '@utdk/plaid'
    console.log(await sandboxitemresetlogin({ access_token: process.env.TEST_ACCESS_TOKEN }))`,
    {
      PLAID_BASE_URL: sandbox.url,
      PLAID_CLIENT_ID: sandbox.clientId,
      PLAID_SECRET: sandbox.secret,
      TEST_ACCESS_TOKEN: access_token,
    },
  )
  assert.match(printed, /reset_login: true/)
})

test('the unpacked command runs the demo', async (t) => {
  const { installed } = await project(t)
  const command = path.join(installed, manifest.bin['utdk-plaid'])
  assert.match(fs.readFileSync(command, 'utf8'), /^#!\/usr\/bin\/env node\n/)
  const { code, stdout, stderr } = await run(command, { args: ['demo'] })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /✓ .* healthy again, its error is null\n/)
})

/** Every string in a nested object. */
function strings(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(strings)
}
