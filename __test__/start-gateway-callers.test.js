'use strict'

// Promise: whoever calls a gateway needs no credentials, whichever client it uses; a caller's own
// win for its call, and a console's for all calls until they are forgotten.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Configuration, PlaidApi } = require('plaid')
const { startGateway } = require('../gateway.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET, works } = require('./support/client.js')
const { assertNoSecret } = require('./support/failure.js')
const { PLAID, TOOL, ask, checkRefusal, post, start, through } = require('./support/gateway.js')
const { itemError, start: startSandbox } = require('./support/sandbox.js')
const { GOOD_REPLY, json, startServer } = require('./support/server.js')

/** The official client with a gateway as its base path and no credentials. */
function officialClient({ url }, headers) {
  return new PlaidApi(new Configuration({ basePath: url, baseOptions: { headers } }))
}

/** The credentials that came with each request. */
function sent({ requests }) {
  return requests.map(({ body, headers }) => {
    assert.deepEqual([headers['plaid-client-id'], headers['plaid-secret']], [undefined, undefined])
    const { client_id, secret } = JSON.parse(body)
    return [client_id, secret]
  })
}

test('the official client resets the login of an Item without a secret of its own', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox, { token: GATEWAY_TOKEN })
  const item = await sandbox.createItem()
  const plaid = officialClient(gateway, { authorization: `Bearer ${GATEWAY_TOKEN}` })
  const { data } = await plaid.sandboxItemResetLogin({ access_token: item.access_token })
  assert.deepEqual(Object.keys(data).sort(), ['request_id', 'reset_login'])
  assert.equal(data.reset_login, true)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
})

test('the official client is told an error of Plaid’s as Plaid tells it', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox)
  const data = (client) =>
    client.sandboxItemResetLogin(INPUT).then(
      () => assert.fail('the call resolved'),
      ({ response }) => ({ status: response.status, ...response.data, request_id: undefined }),
    )
  const direct = officialClient(sandbox, {
    'PLAID-CLIENT-ID': sandbox.clientId,
    'PLAID-SECRET': sandbox.secret,
  })
  const expected = await data(direct)
  assert.equal(expected.error_code, 'INVALID_ACCESS_TOKEN')
  assert.deepEqual(await data(officialClient(gateway)), expected)
})

const OWN = { client_id: 'ownclientid-0123456789', secret: 'ownsecret-0123456789' }
const OWN_HEADERS = { 'plaid-client-id': OWN.client_id, 'plaid-secret': OWN.secret }
const OWN_PAIR = [OWN.client_id, OWN.secret]

test('a caller’s own credentials win for its call, however it brings them', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  await through(gateway).sandboxitemresetlogin({ ...INPUT, ...OWN })
  for (const [route, body, headers] of [
    [PLAID, { ...INPUT, ...OWN }],
    [PLAID, INPUT, OWN_HEADERS],
    [TOOL, { ...INPUT, ...OWN }],
    [TOOL, { args: INPUT, credential: OWN }],
    [TOOL, { args: INPUT }, OWN_HEADERS],
  ]) {
    assert.equal((await post(gateway, route, body, headers)).status, 200)
  }
  await works(through(gateway))
  const [last, ...others] = sent(server).reverse()
  assert.deepEqual(others, Array(6).fill(OWN_PAIR))
  assert.deepEqual(last, [CLIENT_ID, SECRET])
})

test('both doors take the bare arguments, the tool’s an envelope too, and answer in their ways', async (t) => {
  const gateway = await start(t, await startServer(t))
  assert.deepEqual((await post(gateway, PLAID, INPUT)).body, GOOD_REPLY)
  for (const [route, body] of [
    [TOOL, INPUT],
    [TOOL, { args: INPUT }],
    ['/tools/plaid/sandboxItemResetLogin', { args: INPUT }],
    [TOOL.toLowerCase().replace('sandboxitem', 'SANDBOXITEM'), INPUT],
  ]) {
    const { status, headers, body: reply } = await post(gateway, route, body)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(reply).sort(), ['data', 'meta'])
    assert.deepEqual(reply.data, GOOD_REPLY)
    assert.equal(reply.meta.requestId, headers['x-request-id'])
    assert.ok(reply.meta.durationMs > 0)
  }
})

test('an error at the tool’s door has the gateway’s sentence beside Plaid’s fields', async (t) => {
  const plaid = {
    error_type: 'INVALID_INPUT',
    error_code: 'INVALID_ACCESS_TOKEN',
    error_message: 'could not find matching access token',
    display_message: null,
    request_id: 'HNTDNrA8F1shFEW',
    suggested_action: null,
  }
  const server = await startServer(t, { replies: [json(400, plaid), json(400, plaid)] })
  const gateway = await start(t, server)
  const atPlaids = await post(gateway, PLAID, INPUT)
  assert.deepEqual([atPlaids.status, atPlaids.body], [400, plaid])
  const { status, body, headers } = await post(gateway, TOOL, INPUT)
  const error = 'INVALID_ACCESS_TOKEN: could not find matching access token'
  const requestId = headers['x-request-id']
  assert.deepEqual([status, body], [400, { ...plaid, error, requestId }])
})

test('a trace goes on through the gateway, other headers of a caller do not', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const headers = { traceparent, cookie: 'a=b', 'x-own': 'c', 'user-agent': 'd' }
  assert.equal((await post(gateway, TOOL, INPUT, headers)).status, 200)
  const [received] = server.requests
  assert.equal(received.headers.traceparent, traceparent)
  assert.deepEqual([received.headers.cookie, received.headers['x-own']], [undefined, undefined])
  assert.match(received.headers['user-agent'], /^utdk-plaid\//)
})

function put(gateway, body, headers) {
  return ask(gateway, 'PUT', '/credentials', { body, headers })
}

async function source(gateway) {
  const { body } = await ask(gateway, 'GET', '/config')
  for (const text of Object.values(OWN)) assert.ok(!JSON.stringify(body).includes(text))
  assertNoSecret(JSON.stringify(body), 'the configuration')
  return body.credentials
}

test('credentials that are put count until they are deleted, and are given to nobody', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  assert.equal(await source(gateway), 'start')
  const set = await put(gateway, OWN)
  assert.deepEqual([set.status, set.body], [204, ''])
  assert.equal(await source(gateway), 'console')
  await works(through(gateway))
  const forgotten = await ask(gateway, 'DELETE', '/credentials')
  assert.deepEqual([forgotten.status, forgotten.body], [204, ''])
  await works(through(gateway))
  assert.deepEqual(sent(server), [OWN_PAIR, [CLIENT_ID, SECRET]])
  checkRefusal(await ask(gateway, 'GET', '/credentials'), 405, 'METHOD_NOT_ALLOWED')
})

test('a gateway that has no credentials is handed them, and has none again', async (t) => {
  const server = await startServer(t)
  const gateway = await startGateway({ baseUrl: server.url })
  t.after(() => gateway.close())
  assert.equal(await source(gateway), 'none')
  await put(gateway, OWN)
  await works(through(gateway))
  await ask(gateway, 'DELETE', '/credentials')
  checkRefusal(await post(gateway, TOOL, INPUT), 400, 'MISSING_CREDENTIALS')
  assert.deepEqual(sent(server), [OWN_PAIR])
})

test('credentials that cannot be are refused, and those in force stay', async (t) => {
  const server = await startServer(t)
  const gateway = await start(t, server)
  for (const [body, code, field] of [
    [{ client_id: 'a' }, 'MISSING_FIELD', 'secret'],
    [{ ...OWN, more: 1 }, 'UNKNOWN_FIELD', 'more'],
    [{ ...OWN, secret: 7 }, 'INVALID_FIELD', 'secret'],
    [{ ...OWN, secret: '' }, 'INVALID_FIELD', 'secret'],
    [[], 'INVALID_BODY', undefined],
    [null, 'INVALID_BODY', undefined],
  ]) {
    const refused = await put(gateway, body)
    checkRefusal(refused, 400, code)
    assert.equal(refused.body.field, field)
    assert.ok(!JSON.stringify(refused.body).includes(OWN.client_id))
  }
  const foreign = await put(gateway, OWN, { origin: 'https://evil.example' })
  checkRefusal(foreign, 403, 'FORBIDDEN_ORIGIN')
  await works(through(gateway))
  assert.deepEqual(sent(server), [[CLIENT_ID, SECRET]])
})
