'use strict'

// Promise: the Dockerfile and the Compose file in deploy/sandbox/ are valid, match each other and the
// code, and run with minimal rights. Their parts work: what the image installs and runs, its health
// check, and an app that trusts the certificates that it writes.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { X509Certificate } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const tls = require('node:tls')
const { DCLinter } = require('dclint')
const { DockerfileParser } = require('dockerfile-ast')
const { validate } = require('dockerfile-utils')
const YAML = require('yaml')
const manifest = require('../package.json')
const { snippets } = require('../scripts/snippets.js')
const { startCommand } = require('./support/command.js')
const { runSteps } = require('./support/image.js')

const DIRECTORY = path.join(__dirname, '../deploy/sandbox')
const IMAGE = `utdk-plaid-sandbox:${manifest.version}`
const NAME = 'sandbox.plaid.com'
const CA_FILE = '/ca/ca.pem'

const read = (file) => fs.readFileSync(path.join(DIRECTORY, file), 'utf8')
const compose = YAML.parse(read('compose.yaml'), { merge: true })
const dockerfile = DockerfileParser.parse(read('Dockerfile')).getInstructions()
const instructions = (keyword) => dockerfile.filter((it) => it.getKeyword() === keyword)
const strings = (instruction) => instruction.getJSONStrings().map((it) => JSON.parse(it.getValue()))
const entrypoint = strings(instructions('ENTRYPOINT').at(-1))
const given = (option) => entrypoint[entrypoint.indexOf(option) + 1]

/** The command of the health check, for a Sandbox at `url`. */
function healthCheck(url) {
  const [check] = instructions('HEALTHCHECK')
  const [program, ...args] = JSON.parse(check.getRawArgumentsContent().match(/\[.*\]$/s)[0])
  assert.equal(program, 'node')
  const own = `http://127.0.0.1:${given('--port')}`
  return spawnSync(
    process.execPath,
    args.map((it) => it.replace(own, url)),
  ).status
}

test('the Dockerfile passes a linter, and copies no local file', () => {
  assert.deepEqual(validate(read('Dockerfile')), [])
  for (const from of instructions('FROM')) {
    assert.match(from.getImage(), /^node:\d+-[a-z]+-slim$/)
  }
  const [argument] = instructions('ARG').map((it) => it.getRawArgumentsContent())
  assert.equal(argument, `VERSION=${manifest.version}`)
  for (const copy of instructions('COPY')) {
    assert.match(copy.getTextContent(), /^COPY --from=package /)
  }
  assert.deepEqual(instructions('ADD'), [])
  assert.match(read('.dockerignore'), /^\*$/m)
})

test('the container does not run as root, and owns the directory of its certificates', () => {
  const [user, ...more] = instructions('USER').map((it) => it.getRawArgumentsContent())
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/)
  assert.deepEqual(more, [])
  const [, , copied] = instructions('COPY').map((it) => it.getTextContent())
  assert.equal(copied, `COPY --from=package --chown=${user} /app/ca /ca`)
  assert.equal(path.dirname(given('--ca-file')), '/ca')
})

test('the steps of the Dockerfile install the published package, and it runs', async (t) => {
  const app = await runSteps(t, instructions('RUN'))
  const caFile = path.join(app, 'ca', path.basename(CA_FILE))
  const [program, ...options] = entrypoint
  const own = { [given('--port')]: '0', [given('--tls')]: '0', [CA_FILE]: caFile }
  const { command } = compose.services.sandbox
  const args = [...options, ...command].map((it) => own[it] ?? it)
  assert.ok(args.includes(caFile))
  const sandbox = startCommand(t, args, {
    env: { SSL_CERT_FILE: path.join(app, 'roots.pem'), SSL_CERT_DIR: '' },
    through: ([, , ...rest]) => [path.join(app, 'node_modules/.bin', program), ...rest],
  })
  const [line] = await sandbox.until(/^.+\n/)
  const { url, tls_url: tlsUrl } = JSON.parse(line)

  await t.test('its health check succeeds only while it runs', () => {
    assert.equal(healthCheck(url), 0)
  })

  await t.test('it writes the public certificates and its own', () => {
    const written = fs.readFileSync(caFile, 'utf8').match(/-----BEGIN[^-]+-----[^-]+-----END/g)
    assert.equal(written.length, tls.rootCertificates.length + 1)
    const last = new X509Certificate(`${written.at(-1)} CERTIFICATE-----`)
    assert.match(last.subject, /Local Plaid Sandbox/)
  })

  await t.test('an app with the variables of the Compose file trusts it', () => {
    const { port } = new URL(tlsUrl)
    const app = `require('node:https').get({ host: '127.0.0.1', port: ${port}, servername: '${NAME}',
      headers: { host: '${NAME}' } }, (response) => console.log(response.statusCode))`
    const { NODE_EXTRA_CA_CERTS, ...variables } = compose.services.app.environment
    assert.equal(NODE_EXTRA_CA_CERTS, CA_FILE)
    assert.deepEqual(variables, { SSL_CERT_FILE: CA_FILE, REQUESTS_CA_BUNDLE: CA_FILE })
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile }
    const { stdout } = spawnSync(process.execPath, ['-e', app], { env, encoding: 'utf8' })
    assert.equal(stdout, '404\n')
  })

  assert.deepEqual(await sandbox.ended('SIGTERM'), [0, null])
  assert.equal(healthCheck(url), 1)
})

test('the Compose file passes a linter', () => {
  const rules = {
    // The image has a name so that it can be pushed.
    'no-build-and-image': 0,
    // Style only.
    'require-quotes-in-ports': 0,
    'service-keys-order': 0,
    'top-level-properties-order': 0,
  }
  const file = path.join(DIRECTORY, 'compose.yaml')
  const [result] = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles(
    [file],
    false,
  )
  assert.deepEqual(result.messages, [])
})

test('the Sandbox of the Compose file has minimal rights', () => {
  const { cap_add, cap_drop, read_only, security_opt, user } = compose.services.sandbox
  assert.deepEqual([cap_add, cap_drop], [undefined, ['ALL']])
  assert.deepEqual(security_opt, ['no-new-privileges:true'])
  assert.deepEqual([read_only, user], [true, undefined])
})

test('the Compose file gives the Sandbox Plaid’s name and port, and the app its certificates', () => {
  const { sandbox, app } = compose.services
  assert.equal(sandbox.image, IMAGE)
  assert.deepEqual(sandbox.networks.default.aliases, [NAME])
  assert.equal(given('--tls'), '443')
  assert.equal(given('--host'), '0.0.0.0')
  assert.equal(sandbox.sysctls['net.ipv4.ip_unprivileged_port_start'], 0)
  const port = given('--port')
  assert.equal(instructions('EXPOSE')[0].getRawArgumentsContent(), `443 ${port}`)
  assert.deepEqual(sandbox.ports, [`127.0.0.1:${port}:${port}`])
  assert.deepEqual(sandbox.volumes, ['ca:/ca'])
  assert.deepEqual(app.volumes, ['ca:/ca:ro'])
  assert.deepEqual(Object.keys(compose.volumes), ['ca'])
  assert.equal(app.depends_on.sandbox.condition, 'service_healthy')
})

test('the service of the GitHub Actions snippet matches the image', () => {
  const [{ code }] = snippets().filter(
    ({ page, language }) => page === 'docs/other-languages.md' && language === 'yaml',
  )
  const { services, steps } = YAML.parse(code).jobs.test
  assert.match(services.sandbox.image, new RegExp(`/${IMAGE}$`))
  const ports = services.sandbox.ports.map((it) => it.split(':').at(-1))
  assert.deepEqual(ports, [given('--tls'), given('--port')])
  for (const name of Object.keys(compose.services.app.environment)) {
    assert.ok(steps[1].run.includes(name), name)
  }
})
