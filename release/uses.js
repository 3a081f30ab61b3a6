'use strict'

// How users' programs load the package. Each function runs the README's first call in a project
// that has it installed, and resolves with what it printed.

const path = require('node:path')
const { NAME, answering, cjs, esm, inRelease } = require('./consumer')
const { ROOT } = require('./targets')

/** A test for any framework with `test` and `expect` as globals. */
const TEST = `
test('the login is reset', async () => {
  const { startSandbox } = require('${NAME}/sandbox')
  const { createPlaidClient } = require('${NAME}')
  const sandbox = await startSandbox()
  const { url: baseUrl, clientId, secret } = sandbox
  const { access_token } = await sandbox.createItem()
  const plaid = createPlaidClient({ baseUrl, clientId, secret })
  const { reset_login } = await plaid.sandboxitemresetlogin({ access_token })
  expect(reset_login).toBe(true)
  await sandbox.close()
})
`

/** Runs a tool of release/node_modules in the project. */
const tool = (project, name, args, env) => project.run(inRelease(name), args, env)

const GLOBALS = 'declare const process: { env: Record<string, string> }\n'

/** Compiles a file next to itself. */
function tsc(project, args) {
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck']
  const types = ['--lib', 'es2022,esnext.disposable,dom']
  const compiler = path.join(ROOT, 'node_modules/typescript-5/bin/tsc')
  return project.run(compiler, [...options, ...types, ...args])
}

const uses = {
  async import(project) {
    project.write('main.mjs', esm())
    return project.runs('main.mjs')
  },
  async 'require()'(project) {
    project.write('main.cjs', cjs())
    return project.runs('main.cjs')
  },
  async TypeScript(project) {
    project.write('typed.mts', `${GLOBALS}${esm()}`)
    await tsc(project, ['typed.mts'])
    return project.runs('typed.mjs')
  },
  async 'a Worker'(project) {
    project.write('worker.mjs', esm())
    project.write(
      'starts.mjs',
      `import { Worker } from 'node:worker_threads'
new Worker(new URL('worker.mjs', import.meta.url))`,
    )
    return project.runs('starts.mjs')
  },
  async esbuild(project) {
    const options = ['--bundle', '--platform=node', '--format=esm', `--external:${NAME}`]
    await tool(project, 'esbuild/bin/esbuild', ['main.mjs', ...options, '--outfile=bundled.mjs'])
    return project.runs('bundled.mjs')
  },
  async webpack(project) {
    project.write(
      'webpack.config.cjs',
      `module.exports = {
  mode: 'production',
  target: 'node20',
  entry: './main.mjs',
  externals: [/^@utdk\\/plaid(\\/|$)/],
  externalsType: 'module',
  experiments: { outputModule: true },
  output: { path: __dirname, filename: 'packed.mjs', module: true },
}`,
    )
    await tool(project, 'webpack/bin/webpack.js', ['--config', 'webpack.config.cjs'])
    return project.runs('packed.mjs')
  },
  async 'Vite SSR'(project) {
    const options = ['--ssr', 'main.mjs', '--outDir', 'ssr', '--logLevel', 'error']
    project.write('vite.config.mjs', `export default { ssr: { external: ['${NAME}'] } }`)
    await tool(project, 'vite/bin/vite.js', ['build', '.', ...options])
    return project.runs('ssr/main.mjs')
  },
  async Rollup(project) {
    const options = ['--format', 'es', '--external', '/^@utdk\\/plaid/', '--file', 'rolled.mjs']
    await tool(project, 'rollup/dist/bin/rollup', ['main.mjs', ...options, '--silent'])
    return project.runs('rolled.mjs')
  },
  async 'Next.js'(project) {
    project.link('next', 'next', 'react', 'react-dom')
    // The links lead out of the project, so its root is above both.
    project.write(
      'next/next.config.mjs',
      `export default { serverExternalPackages: ['${NAME}'], turbopack: { root: '/' } }`,
    )
    project.write('next/app/layout.js', 'export default ({ children }) => children')
    project.write(
      'next/app/route.js',
      `${answering()}export const GET = async () => new Response(await answer())`,
    )
    project.write(
      'next/app/edge/route.js',
      `export const runtime = 'edge'
export const GET = () =>
  import('${NAME}').then(
    () => new Response('loaded'),
    (error) => new Response(error.message),
  )`,
    )
    const next = inRelease('next/dist/bin/next')
    const env = { NEXT_TELEMETRY_DISABLED: '1' }
    await project.run(next, ['build', 'next'], env)
    const start = ['start', 'next', '--hostname', '127.0.0.1']
    const [printed, refused] = await project.asks(['/', '/edge'], next, start, env)
    if (!refused.includes('an edge runtime cannot load one')) throw new Error(`edge: ${refused}`)
    return printed
  },
  async Nitro(project) {
    project.link('nitro', 'nitropack')
    project.write('nitro/routes/index.js', `${answering()}export default eventHandler(answer)`)
    const options = ['--preset', 'node-server']
    await tool(project, 'nitropack/dist/cli/index.mjs', ['build', 'nitro', ...options])
    const [printed] = await project.asks(['/'], 'nitro/.output/server/index.mjs')
    return printed
  },
  async NestJS(project) {
    project.link('nest', '@nestjs', 'reflect-metadata', 'rxjs')
    project.write(
      'nest/main.mts',
      `import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
${GLOBALS}${answering()}
@Controller()
class LoginController {
  @Get()
  get() {
    return answer()
  }
}
@Module({ controllers: [LoginController] })
class AppModule {}
const app = await NestFactory.create(AppModule)
await app.listen(0, '127.0.0.1')
console.log(await app.getUrl())`,
    )
    await tsc(project, ['--experimentalDecorators', '--emitDecoratorMetadata', 'nest/main.mts'])
    const [printed] = await project.asks(['/'], 'nest/main.mjs')
    return printed
  },
  async Bun(project) {
    const bun = `@oven/bun-${process.platform}-${process.arch}/bin/bun`
    return project.execute(inRelease(bun), ['main.mjs'])
  },
  async Deno(project) {
    const permissions = ['ffi', 'read', 'env'].map((name) => `--allow-${name}`)
    return tool(project, 'deno/bin.cjs', ['run', '--no-prompt', ...permissions, 'main.mjs'])
  },
  async Jest(project) {
    project.write('login.test.js', TEST)
    await tool(project, 'jest/bin/jest.js', ['--rootDir', project.directory, 'login.test.js'])
  },
  async Vitest(project) {
    const requires = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`
    project.write('login.spec.mjs', `${requires}${TEST}`)
    await tool(project, 'vitest/vitest.mjs', ['run', '--globals', 'login.spec.mjs'])
  },
  async 'the command'(project) {
    const printed = await project.run(`node_modules/${NAME}/bin/utdk-plaid.js`, ['demo'])
    if (!printed.includes('ITEM_LOGIN_REQUIRED')) throw new Error(`it printed: ${printed}`)
  },
}

module.exports = { uses }
