'use strict'

// Promise: every JavaScript snippet of the README runs as it stands, and the output it shows is the
// one that comes.

const assert = require('node:assert/strict')
const { mkdtemp, readFile, rm, writeFile } = require('node:fs/promises')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { snippets } = require('../scripts/readme.js')
const { startSandbox } = require('../sandbox.js')
const { run } = require('./support/child.js')
const { silent, startServer } = require('./support/server.js')
require('./support/client.js')

const root = path.join(__dirname, '..')

/** What tells a snippet from the others, whether Plaid answers it, and what it prints. */
const EXPECTED = [
  { mark: 'const { reset_login, request_id }', prints: /^$/ },
  { mark: 'timeoutMs: 10_000', prints: /^The login is broken now \(request [0-9a-f]{15}\)\n$/ },
  { mark: 'sandbox.nextWebhook(', prints: /^$/ },
  { mark: 'sandbox.completeLink(', prints: /^http:\/\/127\.0\.0\.1:\d+\/hl\/\w+\n$/ },
  { mark: 'sandbox.advanceClock(', prints: /^$/ },
  {
    mark: 'AbortController',
    unanswered: true,
    prints: /^The user left, and so did the request\n$/,
  },
  { mark: 'startGateway(', prints: /^$/ },
  { mark: 'subscribe(', prints: /operation: 'sandboxitemresetlogin'[\s\S]*status: 200/ },
]

/** Runs a snippet as a module of this package, with what the README takes for granted. */
async function runSnippet(t, code, { baseUrl, sandbox, item, backend }) {
  const given = {
    access_token: item.access_token,
    clientId: sandbox.clientId,
    secret: sandbox.secret,
    backend,
  }
  // Inside the package, so that its own name leads to it.
  const directory = await mkdtemp(path.join(__dirname, 'readme-'))
  t.after(() => rm(directory, { recursive: true }))
  const preamble = path.join(directory, 'preamble.mjs')
  await writeFile(preamble, `Object.assign(globalThis, ${JSON.stringify(given)})\n`)
  const snippet = path.join(directory, 'snippet.mjs')
  await writeFile(snippet, code)
  return run(snippet, {
    env: {
      NODE_OPTIONS: `--import=${pathToFileURL(preamble)}`,
      PLAID_BASE_URL: baseUrl,
      PLAID_CLIENT_ID: sandbox.clientId,
      PLAID_SECRET: sandbox.secret,
    },
  })
}

/** Without what differs from run to run: ports, times, request ids and key ids. */
function withoutChance(text) {
  return text
    .replace(/\/hl\/ls\w{32}/g, '/hl/PAGE')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\d+\.\d ms/g, 'TIME')
    .replace(/"request_id":"[0-9a-f]{15}"/g, '"request_id":"ID"')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'KEY')
}

for (const [i, code] of snippets().entries()) {
  const { mark, unanswered, prints } = EXPECTED[i] ?? {}

  test(`snippet ${i + 1} of the README runs, and prints what it should`, async (t) => {
    assert.ok(mark && code.includes(mark), `nothing is expected of this snippet yet:\n${code}`)
    const sandbox = await startSandbox()
    t.after(() => sandbox.close())
    const backend = await startServer(t)
    const noAnswer = await startServer(t, { replies: [silent, silent, silent] })
    const ended = await runSnippet(t, code, {
      baseUrl: unanswered ? noAnswer.url : sandbox.url,
      sandbox,
      item: await sandbox.createItem(),
      backend: backend.url,
    })
    assert.deepEqual([ended.code, ended.stderr], [0, ''], ended.stderr)
    assert.match(ended.stdout, prints)
    assert.ok(!ended.stdout.includes(sandbox.secret))
    assert.equal(backend.requests.length, code.includes('backend') ? 1 : 0)
    assert.equal(noAnswer.connectionCount(), unanswered ? 1 : 0)
  })
}

test('the README has every snippet that something is expected of', () => {
  assert.equal(snippets().length, EXPECTED.length)
})

test('the demo prints what the README shows of it', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8')
  const shown = [...readme.matchAll(/^```text\n(.*?)^```$/gms)].map(([, text]) => text)
  assert.equal(shown.length, 1)
  const { stdout } = await run(path.join(root, 'bin/utdk-plaid.js'), { args: ['demo'] })
  const lines = (text) => withoutChance(text).trim().split('\n')
  const expected = lines(shown[0])
  assert.deepEqual(lines(stdout).slice(0, expected.length), expected)
  assert.equal(stdout.match(/✓/g).length, shown[0].match(/✓/g).length)
})
