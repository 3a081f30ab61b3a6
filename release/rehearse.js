// `npm run release:rehearsal`: a release that stays on this machine. It builds the binaries that can be
// built here, checks them and the packages, publishes to a local registry, installs and uses the
// packages as users do, and prints what was checked and what was skipped.
//
// Reading order: targets.js, toolchain.js and build.js (the binaries), binary.js (their checks),
// licences.js and packages.js (what is published), registry.js, consumer.js and uses.js (users'
// projects), foreign.js (another processor), then here.

'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { faults, glibcFloor } = require('./binary')
const { build } = require('./build')
const checks = require('./checks')
const { MANAGERS, NAME, PRINTS, cjs, esm, makeProject } = require('./consumer')
const foreign = require('./foreign')
const { installFrameworks } = require('./frameworks')
const { pack, stage } = require('./packages')
const { startRegistry } = require('./registry')
const { ROOT, targets } = require('./targets')
const toolchain = require('./toolchain')
const { uses } = require('./uses')

const LIMITS = { mainPackedBytes: 80_000, packedBytes: 3_100_000, unpackedBytes: 6_700_000 }

/** With everything in npm's cache, as in a project's second install. */
const WARM_INSTALL_MS = 2000

const HERE = targets.find(({ triple }) => {
  const line = execFileSync('rustc', ['-vV'], { cwd: ROOT, encoding: 'utf8' })
  return line.includes(`host: ${triple}\n`)
})

async function main() {
  const { values } = parseArgs({
    options: { binaries: { type: 'string' }, twice: { type: 'boolean', default: false } },
  })
  installFrameworks()
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-rehearsal-'))
  try {
    const binaries = values.binaries ? path.resolve(values.binaries) : path.join(directory, 'built')
    const built = await haveBinaries(binaries, Boolean(values.binaries))
    if (values.twice)
      await checks.check('the same bytes from another directory', () => twice(binaries))
    if (built.length > 0) await publishAndUse(binaries, directory, built)
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
  process.exitCode = checks.report()
}

/** Packs, publishes to a local registry, installs and uses. */
async function publishAndUse(binaries, directory, built) {
  const packages = await publishable(binaries, directory, built)
  const registry = await startRegistry(path.join(directory, 'registry'))
  try {
    for (const { tarball } of packages) await registry.publish(tarball)
    await install(directory, registry.url, built)
    await installElsewhere(directory, registry.url, built)
  } finally {
    registry.stop()
  }
}

/** Builds what can be built here, and checks it. @returns the targets that have a binary */
async function haveBinaries(binaries, given) {
  fs.mkdirSync(binaries, { recursive: true })
  const env = toolchain.installTools()
  const built = []
  for (const target of targets) {
    const file = path.join(binaries, target.binary)
    const what = `the binary for ${target.platform}`
    const obstacle = given ? fs.existsSync(file) || 'it was not given' : toolchain.obstacle(target)
    if (typeof obstacle === 'string') {
      checks.skip(what, obstacle)
      continue
    }
    const isBuilt = await checks.check(`${what} is built`, () => {
      if (!given) build(target, binaries, { env })
      return megabytes(fs.statSync(file).size)
    })
    if (!isBuilt) continue
    built.push(target)
    await checks.check(`${what} can be published`, () => {
      const found = faults(file, target)
      if (found.length > 0) throw new Error(found.join('; '))
      return target.abi === 'gnu' ? `glibc ${glibcFloor(file)}` : ''
    })
  }
  return built
}

/** Builds this machine's binary again, from a copy of the checkout in another directory. */
function twice(binaries) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-again-'))
  try {
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    for (const file of files.split('\0').filter(Boolean)) {
      fs.cpSync(path.join(ROOT, file), path.join(copy, file))
    }
    for (const page of ['console/dist', 'link/dist']) {
      fs.cpSync(path.join(ROOT, page), path.join(copy, page), { recursive: true })
    }
    const env = { ...toolchain.installTools(), CARGO_TARGET_DIR: path.join(copy, 'target') }
    build(HERE, path.join(copy, 'built'), { root: copy, env })
    const read = (at) => fs.readFileSync(path.join(at, HERE.binary))
    if (!read(binaries).equals(read(path.join(copy, 'built')))) throw new Error('they differ')
    return HERE.platform
  } finally {
    fs.rmSync(copy, { recursive: true })
  }
}

/** Packs everything, and checks the content. @returns the tarballs, the main one last */
async function publishable(binaries, directory, built) {
  const staged = path.join(directory, 'stage')
  fs.mkdirSync(staged)
  const directories = await stage(binaries, staged, { wanted: built })
  const packages = directories.map((each) => pack(each, directory))
  for (const { name, size, unpackedSize, files, scripts } of packages) {
    const isMain = name === NAME
    await checks.check(`${name} is small, has its licences, and runs no scripts`, () => {
      const most = isMain ? LIMITS.mainPackedBytes : LIMITS.packedBytes
      if (size > most) throw new Error(`${size} bytes packed, more than ${most}`)
      if (unpackedSize > LIMITS.unpackedBytes) throw new Error(`${unpackedSize} bytes unpacked`)
      if (scripts) throw new Error('it has scripts')
      const needed = ['LICENSE', 'README.md', ...(isMain ? [] : ['THIRD-PARTY-LICENSES.md'])]
      const missing = needed.filter((file) => !files.includes(file))
      if (missing.length > 0) throw new Error(`${missing.join(', ')} missing`)
      return `${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`
    })
  }
  const { tarball } = packages.at(-1)
  const bin = (name) => path.join(ROOT, 'node_modules/.bin', name)
  const quiet = { stdio: 'pipe' }
  await checks.check(
    'publint',
    () => void execFileSync(bin('publint'), ['--strict', tarball], quiet),
  )
  await checks.check('attw', () => void execFileSync(bin('attw'), [tarball, '--quiet'], quiet))
  return packages
}

/** Installs the package by every package manager, uses it, and removes it again. */
async function install(directory, registry, built) {
  for (const [i, manager] of Object.keys(MANAGERS).entries()) {
    const project = makeProject(manager, path.join(directory, `project-${i}`), registry)
    const installed = await checks.check(
      `${manager}: installed, with only this platform’s binary`,
      async () => {
        const started = performance.now()
        await project.add()
        const ms = performance.now() - started
        expectBinaries(project, HERE, built)
        return `${Math.round(ms)} ms`
      },
    )
    if (!installed) continue
    if (manager === 'npm') await useEveryWay(project, path.join(directory, 'again'), registry)
    else {
      for (const [file, source] of Object.entries({ 'main.mjs': esm(), 'main.cjs': cjs() })) {
        await checks.check(`${manager}: ${file} runs`, async () => {
          project.write(file, source)
          expectPrinted(await project.runs(file))
        })
      }
    }
    await checks.check(`${manager}: removed`, async () => {
      await project.remove()
      const left = path.join(project.directory, 'node_modules', NAME)
      if (fs.existsSync(left)) throw new Error(`${left} is still there`)
    })
  }
}

async function useEveryWay(project, again, registry) {
  await checks.check(`npm: installed from its cache in ${WARM_INSTALL_MS / 1000} s`, async () => {
    const warm = makeProject('npm', again, registry)
    const started = performance.now()
    await warm.add()
    const ms = Math.round(performance.now() - started)
    if (ms > WARM_INSTALL_MS) throw new Error(`it took ${ms} ms`)
    return `${ms} ms`
  })
  for (const [name, use] of Object.entries(uses)) {
    await checks.check(`used by ${name}`, async () => {
      const printed = await use(project)
      if (printed !== undefined) expectPrinted(printed)
    })
  }
}

/** Installs for every other platform that was built, and runs those that QEMU can. */
async function installElsewhere(directory, registry, built) {
  for (const target of built.filter((each) => each !== HERE)) {
    const project = makeProject('npm', path.join(directory, target.platform), registry)
    await checks.check(`npm for ${target.platform}: installed, with only its binary`, async () => {
      const libc = target.abi === 'musl' ? 'musl' : 'glibc'
      await project.add(`--os=${target.os}`, `--cpu=${target.arch}`, `--libc=${libc}`)
      expectBinaries(project, target, built)
    })
    const what = `used on ${target.platform}`
    const obstacle = foreign.obstacle(target)
    if (obstacle) {
      checks.skip(what, obstacle)
      continue
    }
    await checks.check(what, async () => {
      project.write('main.mjs', esm())
      expectPrinted(await foreign.runForeign(path.join(project.directory, 'main.mjs')))
    })
  }
}

/** One platform's binary; for all C libraries if the manager ignores `libc`. */
function expectBinaries(project, target, built) {
  const alike = ({ os: system, arch }) => system === target.os && arch === target.arch
  const expected = project.ignoresLibc ? built.filter(alike) : [target]
  const found = project.binaries().sort()
  if (
    found.join() ===
    expected
      .map(({ binary }) => binary)
      .sort()
      .join()
  )
    return
  throw new Error(`binaries: ${found.join(', ') || 'none'}`)
}

function expectPrinted(printed) {
  if (printed !== PRINTS) throw new Error(`it printed ${JSON.stringify(printed)}`)
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`
const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(1)} kB`

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
