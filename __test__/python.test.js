'use strict'

// Promise: an app in Python, with Plaid's own client, uses the Sandbox at its URL, over TLS, and under
// Plaid's own name without a changed line. It is the one that docs/other-languages.md shows.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { snippets } = require('../scripts/snippets.js')
const { startCommand } = require('./support/command.js')

const PYTHON = path.join(__dirname, '../target/tools/plaid-python/bin/python')
const NAME_SERVICE = path.join(__dirname, 'programs/python')

const [APP] = snippets().filter(({ language }) => language === 'python')

/** A Sandbox as the page starts it, with the file of certificates that it wrote. */
async function startSandbox(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-python-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const caFile = path.join(directory, 'ca.pem')
  const options = ['--tls', '--ca-file', caFile, '--any-credentials', '--log-format', 'json']
  const sandbox = startCommand(t, ['sandbox', ...options])
  const [line] = await sandbox.until(/^.+\n/)
  const { url, tls_url: tlsUrl } = JSON.parse(line)
  return { url, tlsUrl, caFile }
}

/** What the app prints, or the last line of its error. */
async function runApp(env) {
  const { SSL_CERT_FILE, SSL_CERT_DIR, ...rest } = process.env
  const python = spawn(PYTHON, ['-c', APP.code], {
    env: {
      ...rest,
      PLAID_CLIENT_ID: '0123456789abcdef01234567',
      PLAID_SECRET: 'of-an-app',
      ...env,
    },
  })
  const [stdout, stderr] = await Promise.all([
    python.stdout.setEncoding('utf8').toArray(),
    python.stderr.setEncoding('utf8').toArray(),
    once(python, 'exit'),
  ])
  return stdout.join('') || stderr.join('').trim().split('\n').at(-1)
}

test('its host is the URL of the Sandbox', async (t) => {
  const { url } = await startSandbox(t)
  assert.equal(await runApp({ PLAID_BASE_URL: url }), 'ITEM_LOGIN_REQUIRED\n')
})

test('its host is the URL with TLS: it needs the file of certificates', async (t) => {
  const { tlsUrl, caFile } = await startSandbox(t)
  const env = { PLAID_BASE_URL: tlsUrl }
  assert.equal(await runApp({ ...env, SSL_CERT_FILE: caFile }), 'ITEM_LOGIN_REQUIRED\n')
  assert.match(await runApp(env), /CERTIFICATE_VERIFY_FAILED/)
})

test('its host is Plaid’s own, as in a container', async (t) => {
  const { tlsUrl, caFile } = await startSandbox(t)
  const env = { PYTHONPATH: NAME_SERVICE, SANDBOX_TLS_PORT: new URL(tlsUrl).port }
  assert.equal(await runApp({ ...env, SSL_CERT_FILE: caFile }), 'ITEM_LOGIN_REQUIRED\n')
  assert.match(await runApp(env), /CERTIFICATE_VERIFY_FAILED/)
})
