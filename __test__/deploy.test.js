'use strict'

// Promise: the Dockerfile and the Compose file in deploy/ are valid, match each other and the code, run
// with minimal rights, and contain no secret.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { test } = require('node:test')
const { DCLinter } = require('dclint')
const { ValidationSeverity, validate } = require('dockerfile-utils')
const YAML = require('yaml')
const manifest = require('../package.json')
const { CLIENT_ID, GATEWAY_TOKEN, SECRET } = require('./support/client.js')
const { startCommand } = require('./support/command.js')
const { runSteps } = require('./support/image.js')
const {
  GRACE_SECONDS,
  IMAGE,
  PORT,
  SECRET_VALUES,
  checkContainer,
  dockerfile,
  instructions,
  read,
  startContainer,
  started,
} = require('./support/container.js')

const root = path.join(__dirname, '..')

const compose = YAML.parse(read('compose.yaml'), { merge: true })

test('the Dockerfile passes a linter', () => {
  const { ERROR } = ValidationSeverity
  const severities = [
    'deprecatedMaintainer',
    'directiveCasing',
    'emptyContinuationLine',
    'instructionCasing',
    'instructionCmdMultiple',
    'instructionEntrypointMultiple',
    'instructionHealthcheckMultiple',
    'instructionJSONInSingleQuotes',
    'instructionWorkdirRelative',
  ]
  const settings = Object.fromEntries(severities.map((name) => [name, ERROR]))
  assert.deepEqual(validate(read('Dockerfile'), settings), [])
})

test('the image installs this version on a fixed line of Node, and copies no local file', () => {
  for (const from of instructions('FROM')) {
    assert.match(from.getImage(), /^node:\d+-[a-z]+-slim$/)
  }
  const [argument] = instructions('ARG').map((it) => it.getRawArgumentsContent())
  assert.equal(argument, `VERSION=${manifest.version}`)
  for (const copy of instructions('COPY')) assert.equal(copy.getFromFlag()?.getValue(), 'package')
  assert.deepEqual(instructions('ADD'), [])
  assert.match(read('.dockerignore'), /^\*$/m)
})

test('no layer of the image contains a secret', () => {
  const set = [...instructions('ENV'), ...instructions('ARG'), ...instructions('RUN')]
  for (const instruction of set) {
    assert.doesNotMatch(instruction.getTextContent(), /SECRET|TOKEN|CLIENT_ID|secret/)
  }
})

test('the container does not run as root', () => {
  const [user, ...more] = instructions('USER').map((it) => it.getRawArgumentsContent())
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/)
  assert.deepEqual(more, [])
  const from = instructions('FROM').at(-1)
  assert.ok(dockerfile.indexOf(instructions('USER')[0]) > dockerfile.indexOf(from))
})

test('the steps of the Dockerfile install the published package, and it runs', async (t) => {
  const app = await runSteps(t, instructions('RUN'))
  const bin = path.join(app, 'node_modules/.bin')
  const [variables] = instructions('ENV').map((it) => it.getRawArgumentsContent())
  assert.match(variables, /PATH="\/app\/node_modules\/\.bin:\$PATH"/)
  const container = startContainer(t, [], SECRET_VALUES, ([, , ...args]) => [
    path.join(bin, Object.keys(manifest.bin)[0]),
    ...args,
  ])
  assert.equal((await started(container)).token_required, true)
})

test('without a token the container does not start', async (t) => {
  const gateway = startContainer(t, [], { PLAID_CLIENT_ID: CLIENT_ID, PLAID_SECRET: SECRET })
  assert.deepEqual(await gateway.ended(), [2, null])
  assert.match(gateway.stderr, /token/)
})

test('the health check succeeds only while the gateway runs', async (t) => {
  const gateway = startContainer(t, [], { UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN })
  const { port } = new URL((await started(gateway)).url)
  assert.equal(instructions('EXPOSE')[0].getRawArgumentsContent(), String(PORT))
  const [check] = instructions('HEALTHCHECK')
  const command = JSON.parse(check.getRawArgumentsContent().match(/\[.*\]$/s)[0])
  const exitCode = () => {
    const [program, ...args] = command.map((it) => it.replace(`:${PORT}/`, `:${port}/`))
    assert.equal(program, 'node')
    return spawnSync(process.execPath, args).status
  }
  assert.equal(exitCode(), 0)
  await gateway.ended('SIGTERM')
  assert.equal(exitCode(), 1)
})

test('the Compose file passes a linter', () => {
  const rules = {
    // The gateway's image has a name because the Sandbox service uses it too.
    'no-build-and-image': 0,
    // Style only.
    'require-quotes-in-ports': 0,
    'service-keys-order': 0,
    'top-level-properties-order': 0,
  }
  const [result] = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles(
    [path.join(root, 'deploy/compose.yaml')],
    false,
  )
  assert.deepEqual(result.messages, [])
})

test('each container of the Compose file has minimal rights', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.equal(service.cap_add, undefined, name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.notEqual(service.image === IMAGE, service.user !== undefined, name)
    assert.match(service.user ?? '1000', /^(\$\{TLS_OWNER:-)?[1-9]/, name)
  }
})

test('the gateways of the Compose file run with secrets from .env', async (t) => {
  const { command, deploy, environment, image, stop_grace_period } = compose.services.gateway
  assert.equal(image, IMAGE)
  assert.ok(deploy.replicas >= 2)
  assert.ok(Number.parseInt(stop_grace_period, 10) > GRACE_SECONDS)
  const env = {}
  for (const [name, value] of Object.entries(SECRET_VALUES)) {
    assert.equal(environment[name], `\${${name}:?is missing in .env}`)
    env[name] = value
  }
  await checkContainer(t, command, env)
})

test('the nginx configurations match the Compose file', () => {
  const { gateway, nginx, sandbox, 'sandbox-tls': sandboxTls } = compose.services
  const server = (file) => read(file).match(/(?:server|proxy_pass) (?:http:\/\/)?(\w+:\d+)[ ;]/)[1]
  assert.equal(server('nginx.conf'), `gateway:${PORT}`)
  assert.equal(nginx.depends_on.gateway.condition, 'service_healthy')
  assert.equal(gateway.healthcheck, undefined, 'the image has one')
  const port = sandbox.command[sandbox.command.indexOf('--port') + 1]
  assert.equal(server('sandbox-tls.conf'), `sandbox:${port}`)
  for (const [service, file] of [
    [nginx, 'nginx.conf'],
    [sandboxTls, 'sandbox-tls.conf'],
  ]) {
    assert.ok(service.volumes.includes(`./${file}:/etc/nginx/nginx.conf:ro`))
    assert.ok(service.volumes.includes('./tls:/tls:ro'))
    assert.match(read(file), /listen 8443 ssl;/)
  }
  assert.deepEqual(nginx.ports, ['0.0.0.0:8443:8443'])
})

test('the Sandbox of the Compose file runs, is healthy, and listens on this machine only', async (t) => {
  const {
    command,
    entrypoint: [, ...options],
    healthcheck,
    ports,
  } = compose.services.sandbox
  const port = command.indexOf('--port') + 1
  const args = [...options, ...command.with(port, '0'), '--log-format', 'json']
  const sandbox = startCommand(t, args)
  const { url } = await started(sandbox)
  const check = (to) => {
    const [, , ...args] = healthcheck.test.map((it) =>
      it.replace(`http://127.0.0.1:${command[port]}`, to),
    )
    return spawnSync(process.execPath, args).status
  }
  assert.equal(check(url), 0)
  assert.deepEqual(ports, [`127.0.0.1:${command[port]}:${command[port]}`])
  await sandbox.ended('SIGTERM')
  assert.equal(check(url), 1)
})
