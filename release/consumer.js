'use strict'

// A user's project, in a clean directory, with no Rust in its PATH.

const { execFile, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { firstCall } = require('../scripts/snippets.js')
const { manifest } = require('./targets')

const NAME = manifest.name
const inRelease = (...names) => path.join(__dirname, 'node_modules', ...names)

/** How to run each package manager. */
const MANAGERS = {
  npm: { add: ['install'], remove: ['uninstall'] },
  pnpm: { program: inRelease('pnpm/bin/pnpm.cjs'), add: ['add'], remove: ['remove'] },
  // It ignores `libc`, and installs the binaries for all C libraries.
  'yarn 1': {
    program: inRelease('yarn/bin/yarn.js'),
    add: ['add'],
    remove: ['remove'],
    ignoresLibc: true,
  },
  'yarn 4': {
    program: inRelease('@yarnpkg/cli-dist/bin/yarn.js'),
    add: ['add'],
    remove: ['remove'],
    linker: 'node-modules',
  },
  'yarn 4, Plug’n’Play': {
    program: inRelease('@yarnpkg/cli-dist/bin/yarn.js'),
    add: ['add'],
    remove: ['remove'],
    linker: 'pnp',
  },
}

/** Far longer than any step takes. */
const TIMEOUT_MS = 300_000

/** Makes the README's first call a program that runs without an account. */
const BEFORE = `import { startSandbox } from '${NAME}/sandbox'
const sandbox = await startSandbox()
process.env.PLAID_BASE_URL = sandbox.url
process.env.PLAID_CLIENT_ID = sandbox.clientId
process.env.PLAID_SECRET = sandbox.secret
const { access_token } = await sandbox.createItem()
`
const AFTER = `
await sandbox.close()
`
const PRINTS = 'true 15\n'

const PROGRAM = `${BEFORE}${firstCall()}${AFTER}`
const esm = () => `${PROGRAM}console.log(reset_login, request_id.length)\n`

/** The same program with require(). */
function cjs() {
  const source = esm().replace(
    /^import (.+) from ('.+')$/gm,
    (_, names, from) => `const ${names} = require(${from})`,
  )
  return `async function main() {\n${source}}\nmain()\n`
}

/** The same program as a module for a server: `answer` resolves with what it prints. Call it once. */
function answering() {
  const imports = PROGRAM.match(/^import .+$/gm).join('\n')
  const body = PROGRAM.replace(/^import .+\n/gm, '')
  return `${imports}
async function answer() {
${body}return \`\${reset_login} \${request_id.length}\\n\`
}
`
}

/**
 * @param manager one of `MANAGERS`
 * @param directory for the project and the caches of its manager
 * @param registry the URL of the only registry
 */
function makeProject(manager, directory, registry) {
  const { program, add, remove, linker, ignoresLibc } = MANAGERS[manager]
  const home = path.join(path.dirname(directory), 'home')
  const bin = path.join(home, 'bin')
  fs.mkdirSync(bin, { recursive: true })
  if (!fs.existsSync(path.join(bin, 'node'))) {
    fs.symlinkSync(process.execPath, path.join(bin, 'node'))
  }
  fs.mkdirSync(directory, { recursive: true })
  const write = (name, text) => {
    const file = path.join(directory, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
  write('package.json', '{ "name": "consumer", "version": "1.0.0", "private": true }\n')
  write('.npmrc', `registry=${registry}\n`)
  if (linker) {
    write('.yarnrc.yml', `nodeLinker: ${linker}\n${settings(registry)}`)
    write('yarn.lock', '')
  }
  const env = { PATH: bin, HOME: home, npm_config_cache: path.join(home, 'npm'), CI: 'true' }
  if (linker) env.YARN_ENABLE_IMMUTABLE_INSTALLS = 'false'
  const execute = (program, args, more = {}) =>
    output(program, args, { cwd: directory, env: { ...env, ...more } })
  const run = (file, args, more) => execute(process.execPath, [file, ...args], more)
  const cli = program ?? npmProgram()
  return {
    directory,
    write,
    execute,
    run,
    /**
     * Makes packages of release/node_modules those of an app in a directory of the project. The
     * project's own node_modules has none of them: npm would remove what is behind a link.
     */
    link(app, ...names) {
      for (const name of names) {
        const link = path.join(directory, app, 'node_modules', name)
        fs.mkdirSync(path.dirname(link), { recursive: true })
        fs.symlinkSync(inRelease(name), link)
      }
    },
    /** What a server, a program that reads HOST and PORT, answers to each path. */
    asks: (paths, file, args = [], more = {}) => {
      const port = { HOST: '127.0.0.1', PORT: '0' }
      return answers(paths, [file, ...args], { cwd: directory, env: { ...env, ...port, ...more } })
    },
    add: (...options) => run(cli, [...add, `${NAME}@${manifest.version}`, ...options]),
    remove: () => run(cli, [...remove, NAME]),
    /** What a program prints; the manager runs Node where it needs to. */
    runs: (file) => (linker === 'pnp' ? run(cli, ['node', file]) : run(file, [])),
    binaries: () => binariesIn(directory),
    ignoresLibc,
  }
}

/** Limits yarn 4 to one registry, and lets it install what was published a moment ago. */
function settings(registry) {
  return `npmRegistryServer: '${registry}'
unsafeHttpWhitelist: ['127.0.0.1']
npmMinimalAgeGate: 0
enableTelemetry: false
pnpEnableEsmLoader: true
enableGlobalCache: false
`
}

/** The file of the npm in PATH. */
function npmProgram() {
  const [found] = process.env.PATH.split(path.delimiter)
    .map((directory) => path.join(directory, 'npm'))
    .filter((file) => fs.existsSync(file))
  return fs.realpathSync(found)
}

/** The names of the binaries below a directory, without those behind links. */
function binariesIn(directory) {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.node'))
    .map(({ name }) => name)
}

/** @returns what a program prints; rejects with its whole output if it fails */
function output(program, args, options) {
  return new Promise((resolve, reject) => {
    const settings = { ...options, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 }
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      reject(new Error(`${[program, ...args].join(' ')}\n${stdout}${stderr}`))
    })
  })
}

/**
 * Starts a server that prints its address, gets the paths, and stops it.
 * @returns the texts of the responses
 */
async function answers(paths, args, options) {
  const server = spawn(process.execPath, args, { ...options, timeout: TIMEOUT_MS })
  const ended = new Promise((resolve) => server.once('close', resolve))
  let printed = ''
  const listening = new Promise((resolve) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text
        const [address] = printed.match(/http:\/\/127\.0\.0\.1:\d+(?=\s)/) ?? []
        if (address) resolve(address)
      })
    }
  })
  try {
    const address = await Promise.race([listening, ended.then(() => undefined)])
    if (!address) throw new Error('it ended before it listened')
    const texts = []
    for (const each of paths) texts.push(await (await fetch(address + each)).text())
    return texts
  } catch (error) {
    throw new Error(`${args.join(' ')}: ${error.message}\n${printed}`)
  } finally {
    server.kill()
    await ended
  }
}

module.exports = {
  MANAGERS,
  NAME,
  PRINTS,
  answering,
  binariesIn,
  cjs,
  esm,
  inRelease,
  makeProject,
  output,
}
