'use strict'

// Promise: every snippet of the README and of docs/ runs as it is printed there, and the output
// shown is the real one.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { PAGES, snippets } = require('../scripts/snippets.js')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const { COMMAND } = require('./support/command.js')
const { GUARD } = require('./support/intercept.js')
const { runShell } = require('./support/shell.js')
const { silent, startServer } = require('./support/server.js')
require('./support/client.js')

const root = path.join(__dirname, '..')

const FIRST_CALL = { mark: 'const { reset_login, request_id }', prints: /^$/ }
const CONSOLE = { mark: 'npx @utdk/plaid console', until: /http:\/\/localhost:\d+/ }
const SANDBOX = { mark: '--port 8321 --seed 1', until: /http:\/\/127\.0\.0\.1:\d+/ }
const RUN_APP = { mark: 'npx @utdk/plaid run -- node app.js', prints: /^200$/m }
const GATEWAY = { mark: '--credentials-file plaid.env', until: /http:\/\/127\.0\.0\.1:\d+/ }

/**
 * The JavaScript and shell snippets of each page, in order: a text that identifies each, and what it
 * `prints` before it ends, or `until` it is stopped. `provedBy` names the test that covers one which
 * cannot run here.
 */
const EXPECTED = {
  'README.md': [
    { mark: 'npm start', provedBy: 'set-up.test.js' },
    CONSOLE,
    { mark: 'npm install @utdk/plaid', provedBy: 'deploy.test.js' },
    { mark: 'sandbox.nextWebhook(', prints: /^$/ },
    FIRST_CALL,
    { mark: 'timeoutMs: 10_000', prints: /^The login is broken now \(request [0-9a-f]{15}\)\n$/ },
  ],
  'docs/cli.md': [
    CONSOLE,
    { mark: 'npx @utdk/plaid demo', prints: /healthy again/ },
    SANDBOX,
    RUN_APP,
    GATEWAY,
    { mark: 'reset-login --file tokens.txt', prints: /^reset …\w{4} +request_id=/ },
    { mark: 'npx @utdk/plaid doctor', prints: /Installation/ },
  ],
  'docs/client.md': [
    FIRST_CALL,
    {
      mark: 'AbortController',
      unanswered: true,
      prints: /^The user left, so the request was cancelled\n$/,
    },
    { mark: 'subscribe(', prints: /operation: 'sandboxitemresetlogin'[\s\S]*status: 200/ },
    { mark: '// opentelemetry.mjs', provedBy: 'tracing-opentelemetry.test.js' },
    { mark: 'withResponse', prints: /^[0-9a-f]{15} 200 application\/json; charset=utf-8 1\n$/ },
  ],
  'docs/gateway.md': [
    { mark: 'startGateway(', prints: /^$/ },
    GATEWAY,
    { mark: 'openssl req', prints: /^/, makes: ['deploy/tls/tls.key', 'deploy/tls/tls.crt'] },
    { mark: 'docker compose up', provedBy: 'deploy.test.js' },
    { mark: 'kubectl apply', provedBy: 'kubernetes.test.js' },
  ],
  'docs/link.md': [
    { mark: '// leave.spec.js', provedBy: 'examples.test.js' },
    { mark: '// vite.config.js', provedBy: 'examples.test.js' },
    { mark: '--host-resolver-rules', provedBy: 'link-playwright.test.js' },
  ],
  'docs/other-languages.md': [
    RUN_APP,
    { mark: 'node --import @utdk/plaid/intercept app.js', prints: /^200$/m },
    { mark: 'docker compose up', provedBy: 'deploy-sandbox.test.js' },
    { mark: '--port 8321 --any-credentials', until: /http:\/\/127\.0\.0\.1:\d+/ },
    { mark: '--tls 8443 --ca-file', until: /https:\/\/127\.0\.0\.1:\d+/ },
  ],
  'docs/sandbox.md': [
    { mark: 'sandbox.completeLink(', prints: /^http:\/\/127\.0\.0\.1:\d+\/hl\/\w+\n$/ },
    SANDBOX,
    { mark: 'sandbox.stub(', prints: /^$/ },
    { mark: 'curl', prints: /"access_token": *"access-sandbox-[\s\S]*"requests"/ },
    { mark: 'sandbox.advanceClock(', prints: /^$/ },
  ],
  'docs/testing.md': [
    { mark: '// vitest.test.js', provedBy: 'examples.test.js' },
    { mark: '// jest.test.js', provedBy: 'examples.test.js' },
    { mark: '// node.test.mjs', provedBy: 'examples.test.js' },
    { mark: '// playwright.spec.js', provedBy: 'examples.test.js' },
  ],
  'docs/webhooks.md': [
    { mark: 'verify(rawBody, headers)', prints: /^item-of-the-docs ITEM_LOGIN_REQUIRED\n$/ },
    { mark: '// express.mjs', provedBy: 'webhooks-recipes.test.js' },
    { mark: '// fastify.mjs', provedBy: 'webhooks-recipes.test.js' },
    { mark: '// hono.mjs', provedBy: 'webhooks-recipes.test.js' },
    { mark: '// route.mjs', provedBy: 'webhooks-recipes.test.js' },
    { mark: 'sandbox.signWebhook(', prints: /^$/ },
  ],
}

/** A webhook for the pages that verify one. */
const WEBHOOK = JSON.stringify({
  webhook_type: 'ITEM',
  webhook_code: 'ERROR',
  item_id: 'item-of-the-docs',
  error: { error_code: 'ITEM_LOGIN_REQUIRED' },
})

const RUN = ['js', 'sh']
/** Not run here: python.test.js runs the one for Python, deploy-sandbox.test.js reads the YAML. */
const OTHER = ['go', 'java', 'nginx', 'python', 'ruby', 'text', 'yaml']

for (const page of PAGES) {
  const all = snippets().filter((snippet) => snippet.page === page)
  const runnable = all.filter(({ language }) => RUN.includes(language))
  const expected = EXPECTED[page] ?? []

  test(`every snippet of ${page} is expected, and no other`, () => {
    const unknown = all.filter(({ language }) => ![...RUN, ...OTHER].includes(language))
    assert.deepEqual(unknown, [])
    assert.equal(runnable.length, expected.length)
    for (const [i, { code }] of runnable.entries()) {
      assert.ok(code.includes(expected[i].mark), `${expected[i].mark} is not in:\n${code}`)
      const { provedBy } = expected[i]
      if (provedBy) assert.ok(fs.existsSync(path.join(__dirname, provedBy)))
    }
  })

  for (const [i, { language, code }] of runnable.entries()) {
    if (!expected[i] || expected[i].provedBy) continue
    test(`${page}: the snippet with \`${expected[i].mark}\` runs`, async (t) => {
      await (language === 'js' ? checkModule : checkShell)(t, code, expected[i])
    })
  }
}

async function start(t) {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  return sandbox
}

/** Runs a snippet as a module of this package, with the variables that the pages assume. */
async function checkModule(t, code, { unanswered, prints }) {
  const sandbox = await start(t)
  const backend = await startServer(t)
  const noAnswer = await startServer(t, { replies: [silent, silent, silent] })
  const { access_token } = await sandbox.createItem()
  const { clientId, secret } = sandbox
  const headers = { 'plaid-verification': await sandbox.signWebhook(WEBHOOK) }
  const webhook = { rawBody: WEBHOOK, headers }
  const given = { access_token, clientId, secret, backend: backend.url, ...webhook }
  // Inside the package, so that its own name resolves to it.
  const directory = await mkdtemp(path.join(__dirname, 'snippet-'))
  t.after(() => rm(directory, { recursive: true }))
  const preamble = path.join(directory, 'preamble.mjs')
  await writeFile(preamble, `Object.assign(globalThis, ${JSON.stringify(given)})\n`)
  const snippet = path.join(directory, 'snippet.mjs')
  await writeFile(snippet, code)
  const ended = await run(snippet, {
    env: {
      NODE_OPTIONS: `--import=${pathToFileURL(preamble)}`,
      PLAID_BASE_URL: unanswered ? noAnswer.url : sandbox.url,
      PLAID_CLIENT_ID: clientId,
      PLAID_SECRET: secret,
    },
  })
  assert.deepEqual([ended.code, ended.stderr], [0, ''], ended.stdout + ended.stderr)
  assert.match(ended.stdout, prints)
  assert.ok(!ended.stdout.includes(secret))
  assert.equal(backend.requests.length, code.includes('backend') ? 1 : 0)
  assert.equal(noAnswer.connectionCount(), unanswered ? 1 : 0)
}

/** An app that has Plaid's host in its code. */
const APP = `
  const { PLAID_CLIENT_ID: client_id, PLAID_SECRET: secret } = process.env
  const body = { client_id, secret, institution_id: 'ins_109508', initial_products: ['auth'] }
  fetch('https://sandbox.plaid.com/sandbox/public_token/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).then(({ status }) => console.log(status))
`

/** Runs a snippet in a directory that has the files it names, on free ports. */
async function checkShell(t, code, { prints, until, makes = [] }) {
  const sandbox = await start(t)
  const { url, clientId, secret } = sandbox
  const { access_token } = await sandbox.createItem()
  const directory = await mkdtemp(path.join(os.tmpdir(), 'snippet-'))
  t.after(() => rm(directory, { recursive: true }))
  const inDirectory = (name) => path.join(directory, name)
  fs.mkdirSync(inDirectory('deploy'))
  fs.writeFileSync(inDirectory('tokens.txt'), `${access_token}\n`)
  const keys = `PLAID_CLIENT_ID=${clientId}\nPLAID_SECRET=${secret}\n`
  fs.writeFileSync(inDirectory('plaid.env'), keys, { mode: 0o600 })
  fs.writeFileSync(inDirectory('app.js'), APP)
  fs.mkdirSync(inDirectory('node_modules/@utdk'), { recursive: true })
  fs.symlinkSync(root, inDirectory('node_modules/@utdk/plaid'), 'junction')
  const onFreePorts = code
    .replace(/--port \d+/, '--port 0')
    .replace(/--tls \d+/, '--tls 0')
    .replace(/plaid (console|gateway)(?!.*--port)/, 'plaid $1 --port 0')
    .replaceAll(/(localhost|127\.0\.0\.1):8321/g, new URL(url).host)
    .replace('PLAID_CLIENT_ID=… PLAID_SECRET=…', keys.trim().replace('\n', ' '))
  // Under the preload: with the Sandbox's credentials, and connections to this machine only.
  const isApp = code.includes('app.js')
  const env = isApp
    ? { PLAID_CLIENT_ID: clientId, PLAID_SECRET: secret, NODE_OPTIONS: GUARD, NODE_ENV: '' }
    : { PLAID_BASE_URL: url }
  const ended = await runShell(t, onFreePorts, { directory, env, until })
  if (until) return
  assert.equal(ended.code, 0, ended.printed)
  assert.match(ended.printed, prints)
  for (const name of makes) assert.ok(fs.existsSync(inDirectory(name)), name)
}

/** `text` without what differs from run to run: ports, times, request ids and key ids. */
function constantPart(text) {
  return text
    .replace(/\/hl\/ls\w{32}/g, '/hl/PAGE')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\d+\.\d ms/g, 'TIME')
    .replace(/"request_id":"[0-9a-f]{15}"/g, '"request_id":"ID"')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'KEY')
}

test('the demo prints what the README shows', async () => {
  const shown = snippets().filter(({ language }) => language === 'text')
  assert.deepEqual(
    shown.map(({ page }) => page),
    ['README.md'],
  )
  const { stdout } = await run(COMMAND, { args: ['demo'] })
  const lines = (text) => constantPart(text).trim().split('\n')
  const expected = lines(shown[0].code)
  assert.deepEqual(lines(stdout).slice(0, expected.length), expected)
  assert.equal(stdout.match(/✓/g).length, shown[0].code.match(/✓/g).length)
})

test('the README has at most 160 lines', () => {
  const { length } = fs.readFileSync(path.join(root, 'README.md'), 'utf8').trimEnd().split('\n')
  assert.ok(length <= 160, `${length} lines`)
})
