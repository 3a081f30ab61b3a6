'use strict'

// Promise: `ca`, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE make a certificate trusted; one that is not
// trusted is a connection error that says what to set. Every other certificate error is proved in
// crates/client.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { runInNewContext } = require('node:vm')
const { PlaidConnectionError } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, SECRET, clientOf, works } = require('./support/client.js')
const { DAY, createAuthority } = require('./support/certificates.js')
const { run } = require('./support/child.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, startServer } = require('./support/server.js')

const authority = createAuthority()
const trusted = authority.issue()

test('without ca, a private authority is not trusted', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const fields = { code: 'CERT_UNTRUSTED', attempts: 1, message: /NODE_EXTRA_CA_CERTS/ }
  await failure(clientOf(server), PlaidConnectionError, fields)
  assert.equal(server.requests.length, 0)
})

test('a client works again once its server has renewed an expired certificate', async (t) => {
  const expired = { notBefore: Date.now() - 3 * DAY, notAfter: Date.now() - DAY }
  const server = await startServer(t, { tls: authority.issue(expired) })
  const client = clientOf(server, { ca: authority.pem })
  const fields = { code: 'CERT_EXPIRED', attempts: 1, retryable: false }
  await failure(client, PlaidConnectionError, fields)
  server.setCertificate(trusted)
  await works(client)
})

test('ca may be text, a Buffer of any realm, a list of them, or a bundle with comments', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const other = createAuthority('Another authority').pem
  const { pem } = authority
  const bundle = `# a comment\n${other}${pem}`
  const otherRealm = runInNewContext('Uint8Array.from(bytes)', { bytes: Buffer.from(pem) })
  assert.ok(!(otherRealm instanceof Uint8Array))
  for (const ca of [pem, Buffer.from(pem), [other, Buffer.from(pem)], bundle, otherRealm]) {
    await works(clientOf(server, { ca }))
  }
  assert.equal(server.requests.length, 5)
})

/** Makes one call in a process of its own, with the authority's PEM file in `variable`. */
async function callTrustingBy(t, variable) {
  const server = await startServer(t, { tls: trusted })
  const directory = await mkdtemp(path.join(os.tmpdir(), 'plaid-tls-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'authority.pem')
  await writeFile(file, authority.pem)
  const { code, stdout, stderr } = await run('call.js', {
    env: {
      PLAID_BASE_URL: server.url,
      PLAID_CLIENT_ID: CLIENT_ID,
      PLAID_SECRET: SECRET,
      TEST_ACCESS_TOKEN: ACCESS_TOKEN,
      [variable]: file,
    },
  })
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), { reply: GOOD_REPLY })
}

for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
  test(`${variable} makes an authority trusted`, (t) => callTrustingBy(t, variable))
}
