'use strict'

// Promise: a certificate that is not trusted, not in date or not the host's is refused by name,
// and nothing is sent; `ca`, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE make one trusted.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { PlaidConnectionError } = require('../index.js')
const { ACCESS_TOKEN, CLIENT_ID, SECRET, clientOf, works } = require('./support/client.js')
const { DAY, createAuthority } = require('./support/certificates.js')
const { run } = require('./support/child.js')
const { failure } = require('./support/failure.js')
const { GOOD_REPLY, startServer } = require('./support/server.js')

const authority = createAuthority()
const trusted = authority.issue()

/** Asserts that the certificate is refused once, and that the client goes on with a good one. */
async function check(t, certificate, code) {
  const server = await startServer(t, { tls: certificate })
  const client = clientOf(server, { ca: authority.pem })
  await failure(client, PlaidConnectionError, { code, attempts: 1, retryable: false })
  assert.equal(server.requests.length, 0)
  server.setCertificate(trusted)
  await works(client)
}

test('a certificate of an unknown authority is CERT_UNTRUSTED', (t) =>
  check(t, createAuthority('Somebody else').issue(), 'CERT_UNTRUSTED'))

test('a certificate of an authority with a trusted name but another key is refused', async (t) => {
  const server = await startServer(t, { tls: createAuthority().issue() })
  const client = clientOf(server, { ca: authority.pem })
  await failure(client, PlaidConnectionError, { code: /^CERT_/, attempts: 1, retryable: false })
  assert.equal(server.requests.length, 0)
})

test('a certificate past its date is CERT_EXPIRED', (t) => {
  const expired = { notBefore: Date.now() - 3 * DAY, notAfter: Date.now() - DAY }
  return check(t, authority.issue(expired), 'CERT_EXPIRED')
})

test('a certificate before its date is CERT_NOT_YET_VALID', (t) => {
  const early = { notBefore: Date.now() + DAY, notAfter: Date.now() + 3 * DAY }
  return check(t, authority.issue(early), 'CERT_NOT_YET_VALID')
})

test('a certificate for another host is CERT_WRONG_HOST', (t) =>
  check(t, authority.issue({ hosts: ['sandbox.plaid.com', '127.0.0.2'] }), 'CERT_WRONG_HOST'))

test('without ca, a private authority is not trusted', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const fields = { code: 'CERT_UNTRUSTED', attempts: 1, message: /NODE_EXTRA_CA_CERTS/ }
  await failure(clientOf(server), PlaidConnectionError, fields)
  assert.equal(server.requests.length, 0)
})

test('ca makes an authority trusted, as text, as a Buffer, or among others', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const other = createAuthority('Somebody else').pem
  const { pem } = authority
  const bundle = `# a comment\n${other}${pem}`
  for (const ca of [pem, Buffer.from(pem), [other, Buffer.from(pem)], bundle]) {
    await works(clientOf(server, { ca }))
  }
  assert.equal(server.requests.length, 4)
})

test('an address is as good as a name, if the certificate says so', async (t) => {
  const { port } = await startServer(t, { tls: trusted })
  await works(clientOf({ url: `https://127.0.0.1:${port}` }, { ca: authority.pem }))
})

test('ten calls in turn over TLS use one connection', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const client = clientOf(server, { ca: authority.pem })
  for (let i = 0; i < 10; i++) await works(client)
  assert.equal(server.connectionCount(), 1)
  assert.equal(server.requests[0].httpVersion, '1.1')
})

test('a server that does not speak TLS is TLS_FAILED', async (t) => {
  const server = await startServer(t)
  const client = clientOf({ url: `https://localhost:${server.port}` }, { maxRetries: 0 })
  await failure(client, PlaidConnectionError, { code: 'TLS_FAILED', attempts: 1 })
  assert.equal(server.requests.length, 0)
})

test('a server that hangs up in the handshake is a connection error', async (t) => {
  const hangUp = (socket) => socket.once('data', () => socket.destroy())
  const server = await startServer(t, { tls: trusted, connections: [hangUp] })
  const client = clientOf(server, { ca: authority.pem, maxRetries: 0 })
  await failure(client, PlaidConnectionError, { code: 'ECONNRESET', attempts: 1, retryable: true })
  await works(client)
})

test('plain http to a server of TLS is a connection error', async (t) => {
  const server = await startServer(t, { tls: trusted })
  const client = clientOf({ url: `http://127.0.0.1:${server.port}` }, { maxRetries: 0 })
  await failure(client, PlaidConnectionError, { attempts: 1 })
  assert.equal(server.requests.length, 0)
})

/** One call from a process of its own, with the authority's PEM file in `variable`. */
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

test('a NODE_EXTRA_CA_CERTS that cannot be read is passed over', async (t) => {
  process.env.NODE_EXTRA_CA_CERTS = path.join(__dirname, 'no-such-file.pem')
  t.after(() => delete process.env.NODE_EXTRA_CA_CERTS)
  const server = await startServer(t, { tls: trusted })
  await works(clientOf(server, { ca: authority.pem }))
})
