'use strict'

// Promise: whatever is sent to a gateway, it refuses what is not the one call with a status and a
// code, sends nothing of it to Plaid, repeats nothing secret, and goes on serving.

const assert = require('node:assert/strict')
const net = require('node:net')
const { test } = require('node:test')
const {
  ACCESS_TOKEN,
  CLIENT_ID,
  GATEWAY_TOKEN,
  INPUT,
  PRODUCTION_TOKEN,
  SECRET,
  works,
} = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { PLAID, TOOL, ask, checkRefusal, send, start, through } = require('./support/gateway.js')
const { portOf } = require('./support/sandbox.js')
const { startServer } = require('./support/server.js')

const BODY = JSON.stringify(INPUT)

/** A request as it goes over the wire. */
function written(requestLine, headers, body = BODY) {
  return `${[requestLine, ...headers].join('\r\n')}\r\n\r\n${body}`
}

const HOST = 'host: localhost'
const JSON_TYPE = 'content-type: application/json'
const LENGTH = `content-length: ${BODY.length}`
const CLOSE = 'connection: close'

const good = (line, ...more) => written(line, [HOST, JSON_TYPE, LENGTH, CLOSE, ...more])

/** What is sent, the status it gets, and the code, where the gateway itself answers. */
const REQUESTS = {
  'a wrong method': [good(`PUT ${TOOL} HTTP/1.1`), 405, 'METHOD_NOT_ALLOWED'],
  'a method that there is not': [good(`${SECRET} ${PLAID} HTTP/1.1`), 405, 'METHOD_NOT_ALLOWED'],
  CONNECT: [good('CONNECT sandbox.plaid.com:443 HTTP/1.1'), 404, 'NOT_FOUND'],
  'two slashes': [good(`POST /${PLAID} HTTP/1.1`), 404, 'NOT_FOUND'],
  'a way round': [good('POST /sandbox/item/%2e%2e/item/reset_login HTTP/1.1'), 404, 'NOT_FOUND'],
  dots: [good('POST /tools/../sandbox/item/reset_login HTTP/1.1'), 404, 'NOT_FOUND'],
  'an escaped letter': [good('POST /sandbox/item/reset%5flogin HTTP/1.1'), 404, 'NOT_FOUND'],
  'upper case': [good(`POST ${PLAID.toUpperCase()} HTTP/1.1`), 404, 'NOT_FOUND'],
  'a slash at the end': [good(`POST ${TOOL}/ HTTP/1.1`), 404, 'NOT_FOUND'],
  'another operation': [good('POST /tools/plaid/itemremove HTTP/1.1'), 404, 'NOT_FOUND'],
  'another route of Plaid’s': [good('POST /item/remove HTTP/1.1'), 404, 'NOT_FOUND'],
  'a proxy’s request': [good(`POST https://sandbox.plaid.com${PLAID} HTTP/1.1`), 404, 'NOT_FOUND'],
  'a forged Host': [
    good(`POST ${PLAID} HTTP/1.1`).replace(HOST, 'host: evil.example'),
    403,
    'FORBIDDEN_HOST',
  ],
  'a Host that hides another': [
    good(`POST ${PLAID} HTTP/1.1`).replace(HOST, 'host: localhost@evil.example'),
    403,
    'FORBIDDEN_HOST',
  ],
  'two Hosts': [good(`POST ${PLAID} HTTP/1.1`, 'host: evil.example'), 400, 'BAD_REQUEST'],
  'no Host': [good(`POST ${PLAID} HTTP/1.1`).replace(`${HOST}\r\n`, ''), 400, 'BAD_REQUEST'],
  'Origin: null': [good(`POST ${PLAID} HTTP/1.1`, 'origin: null'), 403, 'FORBIDDEN_ORIGIN'],
  'two Origins': [
    good(`POST ${PLAID} HTTP/1.1`, 'origin: http://localhost', 'origin: https://evil.example'),
    403,
    'FORBIDDEN_ORIGIN',
  ],
  'a foreign preflight': [
    good(`OPTIONS ${TOOL} HTTP/1.1`, 'origin: https://evil.example'),
    403,
    'FORBIDDEN_ORIGIN',
  ],
  'a foreign page without an Origin': [
    good(`POST ${TOOL} HTTP/1.1`, 'sec-fetch-site: cross-site', 'sec-fetch-mode: no-cors'),
    403,
    'FORBIDDEN_ORIGIN',
  ],
  'a form': [
    good(`POST ${TOOL} HTTP/1.1`).replace(JSON_TYPE, 'content-type: text/plain'),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  'two secrets': [
    good(`POST ${PLAID} HTTP/1.1`, `plaid-secret: ${SECRET}`, 'plaid-secret: b'),
    400,
    'INVALID_HEADER',
  ],
  'two lengths': [
    good(`POST ${PLAID} HTTP/1.1`).replace(LENGTH, `${LENGTH}\r\ncontent-length: 3`),
    400,
  ],
  'a length and chunks': [
    good(`POST ${PLAID} HTTP/1.1`, 'transfer-encoding: chunked').replace(
      BODY,
      `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    ),
    411,
    'LENGTH_REQUIRED',
  ],
  chunks: [
    written(
      `POST ${PLAID} HTTP/1.1`,
      [HOST, JSON_TYPE, 'transfer-encoding: chunked', CLOSE],
      `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    ),
    411,
    'LENGTH_REQUIRED',
  ],
  'a length that is too great': [
    good(`POST ${PLAID} HTTP/1.1`).replace(LENGTH, 'content-length: 65537'),
    413,
    'BODY_TOO_LARGE',
  ],
  'a header that is too long': [good(`GET /healthz HTTP/1.1`, `x: ${'x'.repeat(17_000)}`), 431],
  'too many headers': [good(`GET /healthz HTTP/1.1`, ...Array(200).fill('x: y')), 431],
  'what is no HTTP': [`${SECRET}\r\n\r\n`, 400],
}

for (const [what, [bytes, status, code]] of Object.entries(REQUESTS)) {
  test(`${what}: ${status} ${code ?? 'and the end of the connection'}`, async (t) => {
    const server = await startServer(t)
    const gateway = await start(t, server)
    const answer = await send(gateway, bytes)
    const [head, body] = answer.split('\r\n\r\n')
    assert.equal(head.split(' ', 2)[1], String(status), answer)
    if (code) checkRefusal({ status, body: JSON.parse(body) }, status, code)
    else assert.equal(body, '')
    assert.match(head, /^connection: close$/im)
    assertNoSecret(answer, 'the answer')
    assert.equal(server.connectionCount(), 0)
    await works(through(gateway))
  })
}

const NAMES = ['__proto__', 'constructor', 'toString', 'access_tokens', 'Access_Token']

/** Bodies, with the code that refuses them, and the field that it names. */
const BODIES = [
  ['', 'INVALID_BODY'],
  ['{', 'INVALID_BODY'],
  ['null', 'INVALID_BODY'],
  ['[]', 'INVALID_BODY'],
  [`"${ACCESS_TOKEN}"`, 'INVALID_BODY'],
  [`{"access_token":"${ACCESS_TOKEN}","access_token":"${PRODUCTION_TOKEN}"}`, 'INVALID_BODY'],
  [`${BODY}${BODY}`, 'INVALID_BODY'],
  ['['.repeat(60_000), 'INVALID_BODY'],
  ['{}', 'MISSING_FIELD', 'access_token'],
  ['{"access_token":null}', 'INVALID_FIELD', 'access_token'],
  ['{"access_token":["a"]}', 'INVALID_FIELD', 'access_token'],
  [JSON.stringify({ access_token: `${ACCESS_TOKEN}\r\nx: y` }), 'INVALID_FIELD', 'access_token'],
  [JSON.stringify({ access_token: `${ACCESS_TOKEN}\0` }), 'INVALID_FIELD', 'access_token'],
  [JSON.stringify({ access_token: PRODUCTION_TOKEN }), 'NOT_A_SANDBOX_TOKEN', 'access_token'],
  [JSON.stringify({ access_token: SECRET }), 'NOT_A_SANDBOX_TOKEN', 'access_token'],
  [JSON.stringify({ ...INPUT, [SECRET]: 1 }), 'UNKNOWN_FIELD', '(not shown)'],
  ...NAMES.map((name) => [`{"${name}":1,${BODY.slice(1)}`, 'UNKNOWN_FIELD', name]),
]

for (const door of [PLAID, TOOL]) {
  test(`a body that is not the operation’s input is refused at ${door}`, async (t) => {
    const server = await startServer(t)
    const gateway = await start(t, server)
    for (const [body, code, field] of BODIES) {
      const headers = [HOST, JSON_TYPE, `content-length: ${Buffer.byteLength(body)}`, CLOSE]
      const answer = await send(gateway, written(`POST ${door} HTTP/1.1`, headers, body))
      const refusal = JSON.parse(answer.split('\r\n\r\n')[1])
      const told = [refusal.error_code, refusal.field]
      assert.deepEqual(told, [code, field], body.slice(0, 200))
      assert.match(answer, /^HTTP\/1\.1 400 /)
      assertNoSecret(answer, 'the answer')
    }
    assert.equal(server.connectionCount(), 0)
    await works(through(gateway))
  })
}

test('the tool’s door refuses an envelope that is not one', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  for (const [body, code, field] of [
    [{ args: null }, 'INVALID_FIELD', 'args'],
    [{ args: [] }, 'INVALID_FIELD', 'args'],
    [{ args: INPUT, ...INPUT }, 'UNKNOWN_FIELD', 'access_token'],
    [{ args: INPUT, credential: SECRET }, 'INVALID_FIELD', 'credential'],
    [{ args: INPUT, credential: { token: SECRET } }, 'UNKNOWN_FIELD', 'token'],
    [{ args: { ...INPUT, client_id: 7 } }, 'INVALID_FIELD', 'client_id'],
  ]) {
    const refused = await ask(gateway, 'POST', TOOL, { body })
    assert.equal(refused.body.field, field)
    checkRefusal(refused, 400, code)
    assertNoSecret(JSON.stringify(refused.body), 'the refusal')
  }
  assert.equal(server.connectionCount(), 0)
})

test('a token is compared as a whole, and said once', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server, { token: GATEWAY_TOKEN })
  const bearer = `authorization: Bearer ${GATEWAY_TOKEN}`
  for (const [headers, status] of [
    [[bearer], 200],
    [[bearer.replace('Bearer', 'bearer')], 200],
    [[bearer.slice(0, -1)], 401],
    [[`${bearer}x`], 401],
    [[bearer.toUpperCase()], 401],
    [[bearer, bearer], 401],
    [['authorization: Bearer'], 401],
  ]) {
    const answer = await send(gateway, good(`POST ${PLAID} HTTP/1.1`, ...headers))
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), headers.join())
    assert.ok(!answer.includes(GATEWAY_TOKEN))
  }
  assert.equal(server.requests.length, 2)
})

test('a request that follows another is answered in its turn, after a good one alone', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  const first = good(`POST ${PLAID} HTTP/1.1`).replace(`${CLOSE}\r\n`, '')
  const answers = await send(gateway, first + good(`POST ${TOOL} HTTP/1.1`))
  assert.equal(answers.match(/HTTP\/1\.1 200 /g).length, 2)
  const smuggled = first.replace(LENGTH, `${LENGTH}\r\ntransfer-encoding: chunked`)
  const answer = await send(gateway, smuggled + good(`POST ${TOOL} HTTP/1.1`))
  assert.equal(answer.match(/HTTP\/1\.1 /g).length, 1)
  assert.equal(server.requests.length, 2)
})

test('connections that say nothing, or only half, hold up nobody', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  const half = good(`POST ${PLAID} HTTP/1.1`).slice(0, -5)
  const sockets = Array.from({ length: 50 }, (_, i) => {
    const socket = net.connect(portOf(gateway), '127.0.0.1')
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    if (i % 2 === 0) socket.write(half)
    return socket
  })
  await works(through(gateway))
  for (const socket of sockets) socket.destroy()
  await works(through(gateway))
  assert.equal(server.requests.length, 2)
  assert.ok(server.requests.every(({ body }) => body.includes(CLIENT_ID)))
})
