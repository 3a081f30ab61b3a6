'use strict'

// Runs the program of deploy/Dockerfile's container with the same arguments, but on a free port.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { DockerfileParser } = require('dockerfile-ast')
const manifest = require('../../package.json')
const { PlaidApiError, createPlaidClient } = require('../../index.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET } = require('./client.js')
const { startCommand } = require('./command.js')
const { failure } = require('./failure.js')
const { GOOD_REPLY, startServer } = require('./server.js')

const DEPLOY = path.join(__dirname, '../../deploy')
const read = (file) => fs.readFileSync(path.join(DEPLOY, file), 'utf8')

const IMAGE = `utdk-plaid-gateway:${manifest.version}`
const PORT = 4000

/** How long a gateway finishes calls in flight after SIGTERM. */
const GRACE_SECONDS = 30

/** The secrets that the container reads, with test values. */
const SECRET_VALUES = {
  PLAID_CLIENT_ID: CLIENT_ID,
  PLAID_SECRET: SECRET,
  UTDK_GATEWAY_TOKEN: GATEWAY_TOKEN,
}

/** More calls at once than the default rate limit allows. */
const CALLS = 50

const dockerfile = DockerfileParser.parse(read('Dockerfile')).getInstructions()
const instructions = (keyword) => dockerfile.filter((it) => it.getKeyword() === keyword)
const entrypoint = instructions('ENTRYPOINT')
  .at(-1)
  .getJSONStrings()
  .map((it) => JSON.parse(it.getValue()))

/**
 * Runs the container's program with the arguments `args` and the environment `env`. `through` is
 * passed to `startCommand`.
 */
function startContainer(t, args, env, through) {
  const [program, ...options] = entrypoint
  assert.ok(program in manifest.bin)
  const port = options.indexOf('--port') + 1
  assert.equal(options[port], String(PORT))
  return startCommand(t, [...options.with(port, '0'), ...args], { env, through })
}

/** The first log line of a container, with its `url`. */
async function started(container) {
  const [, line] = await container.until(/^(.+)\n/)
  return JSON.parse(line)
}

/**
 * Asserts that the container is a gateway with credentials and a token, accepts many calls from one
 * address and the probes of load balancers, stops on SIGTERM, and logs no secret.
 *
 * @param look is called with its URL while it runs
 */
async function checkContainer(t, args, env, look = () => {}) {
  const plaid = await startServer(t)
  const container = startContainer(t, args, { ...env, PLAID_BASE_URL: plaid.url })
  const { url } = await started(container)
  const client = createPlaidClient({ gateway: { url, token: GATEWAY_TOKEN }, maxRetries: 0 })
  const calls = Array.from({ length: CALLS }, () => client.sandboxitemresetlogin(INPUT))
  for (const reply of await Promise.all(calls)) assert.deepEqual(reply, GOOD_REPLY)
  const sent = JSON.parse(plaid.requests[0].body)
  assert.deepEqual([sent.client_id, sent.secret], [CLIENT_ID, SECRET])
  const stranger = createPlaidClient({ gateway: { url }, maxRetries: 0 })
  await failure(stranger, PlaidApiError, { status: 401 })
  // Probes of load balancers send HTTP/1.0 without a Host, or the address of the container.
  for (const head of ['HTTP/1.0\r\n', 'HTTP/1.1\r\nhost: 10.0.0.7:4000\r\nconnection: close\r\n']) {
    const socket = net.connect(new URL(url).port, '127.0.0.1')
    socket.write(`GET /readyz ${head}\r\n`)
    const reply = (await socket.setEncoding('utf8').toArray()).join('')
    assert.match(reply, /^HTTP\/1\.[01] 200 /)
  }
  await look(url)
  assert.deepEqual(await container.ended('SIGTERM'), [0, null])
  const written = container.stdout + container.stderr
  for (const secret of Object.values(SECRET_VALUES)) assert.ok(!written.includes(secret))
}

module.exports = {
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
}
