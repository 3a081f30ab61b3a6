'use strict'

// Promise: if a gateway behind a load balancer is killed, only calls in flight on it can fail. If one is
// stopped, none fail. Nothing is sent to Plaid twice, except by a client that retries.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { EventEmitter, once } = require('node:events')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { startGateway } = require('../gateway.js')
const { createPlaidClient } = require('../index.js')
const { CLIENT_ID, INPUT, SECRET } = require('./support/client.js')
const { startNginx } = require('./support/nginx.js')
const { GOOD_REPLY, good, startServer } = require('./support/server.js')

const PATH = '/sandbox/item/reset_login'
const PROGRAM = path.join(__dirname, 'programs', 'gateway.js')

/** How long Plaid takes. With this, every lane has a call in flight at any time. */
const UPSTREAM_MS = 3

const CALLS = 2_000
const LANES = 32

/** A request is in transit at the moment of a close only by chance, so one close is not enough. */
const CLOSES = 6

/**
 * Starts a Plaid with one address for each gateway. It counts the requests for each token (`seen`),
 * and emits the name of the gateway that a request came through.
 */
async function startPlaid(t, names) {
  const plaid = Object.assign(new EventEmitter(), { seen: new Map(), urls: {} })
  for (const name of names) {
    const server = http.createServer(async (request, response) => {
      const { access_token } = JSON.parse(Buffer.concat(await request.toArray()))
      plaid.seen.set(access_token, (plaid.seen.get(access_token) ?? 0) + 1)
      plaid.emit(name)
      await sleep(UPSTREAM_MS)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(GOOD_REPLY))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    t.after(() => server.closeAllConnections())
    plaid.urls[name] = `http://127.0.0.1:${server.address().port}`
  }
  return plaid
}

/** Starts a gateway in a new process. */
async function startReplica(t, baseUrl, port = 0) {
  const credentials = { clientId: CLIENT_ID, secret: SECRET }
  const options = { ...credentials, baseUrl, port, maxRetries: 0, rateLimit: false }
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, TEST_OPTIONS: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const [url] = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    exited.then(([code]) => assert.fail(`the gateway ended with ${code}`)),
  ])
  return { child, exited, address: new URL(url.trim()).host }
}

/** Removes the rate limit, because all calls have one address, and logs the gateway of each call. */
const CHANGE = [
  ['limit_req zone=callers burst=20 nodelay;', ''],
  ['access.log calls;', 'access.log routes;'],
  ['log_format ', "log_format routes '$http_x_call $upstream_addr';\nlog_format "],
]

/** Starts two gateways behind nginx. */
async function start(t) {
  const plaid = await startPlaid(t, ['first', 'second'])
  const first = await startReplica(t, plaid.urls.first)
  const second = await startReplica(t, plaid.urls.second)
  const gateways = [first, second].map(({ address }) => address)
  return { plaid, first, second, nginx: await startNginx(t, gateways, { change: CHANGE }) }
}

/** The token of a call, which is unique. */
const tokenOf = (call) => `access-sandbox-fa4e0000-7c69-4d34-b8a1-${String(call).padStart(12, '0')}`

let lastCall = 0

/** Makes CALLS calls, LANES at a time. */
function makeCalls({ nginx: { url, ca } }, options) {
  const client = createPlaidClient({ gateway: { url }, ca, ...options })
  const calls = { made: [], failed: [], underWay: new Set() }
  async function lane() {
    while (calls.made.length < CALLS) {
      const call = ++lastCall
      calls.made.push(call)
      calls.underWay.add(call)
      const headers = { 'x-call': String(call) }
      await client.sandboxitemresetlogin({ access_token: tokenOf(call) }, { headers }).then(
        (reply) => assert.deepEqual(reply, GOOD_REPLY),
        (error) => calls.failed.push({ call, code: error.code }),
      )
      calls.underWay.delete(call)
    }
  }
  return Object.assign(calls, { done: Promise.all(Array.from({ length: LANES }, lane)) })
}

/** Waits until `count` calls have reached Plaid through a gateway. */
function callsThrough(plaid, name, count) {
  return new Promise((resolve) => {
    plaid.on(name, function next() {
      count -= 1
      if (count > 0) return
      plaid.off(name, next)
      resolve()
    })
  })
}

/** Kills a gateway while it has a call. @returns the calls in flight until it was gone. */
async function kill({ plaid, first }, calls) {
  await callsThrough(plaid, 'first', CALLS / 4)
  const earlier = calls.made.length
  const underWay = new Set(calls.underWay)
  first.child.kill('SIGKILL')
  await first.exited
  for (const call of calls.made.slice(earlier)) underWay.add(call)
  return underWay
}

/** The gateways that nginx sent each call to. */
async function routes({ nginx }) {
  await nginx.stop()
  return new Map(
    nginx.log('access.log').map((line) => {
      const [call, ...rest] = line.split(' ')
      return [Number(call), rest.join(' ')]
    }),
  )
}

const timesSeen = (plaid, call) => plaid.seen.get(tokenOf(call)) ?? 0

test('only calls in flight on a killed gateway fail', async (t) => {
  const replicas = await start(t)
  const calls = makeCalls(replicas, { maxRetries: 0 })
  const underWay = await kill(replicas, calls)
  await calls.done

  const { plaid, first, second } = replicas
  const routeOf = await routes(replicas)
  assert.ok(calls.failed.length > 0, 'the gateway had no call when it was killed')
  for (const { call, code } of calls.failed) {
    assert.ok(underWay.has(call), `call ${call} was not in flight: ${code}`)
    assert.equal(routeOf.get(call), first.address)
  }
  const failed = new Set(calls.failed.map(({ call }) => call))
  for (const call of calls.made) {
    const times = timesSeen(plaid, call)
    assert.ok(failed.has(call) ? times <= 1 : times === 1, `call ${call} came ${times} times`)
  }
  const passedOn = `${first.address}, ${second.address}`
  assert.ok([...routeOf.values()].includes(passedOn), 'nginx never tried the other gateway')
})

test('no call of a client with retries fails when a gateway is killed', async (t) => {
  const replicas = await start(t)
  const calls = makeCalls(replicas)
  const underWay = await kill(replicas, calls)
  await calls.done

  assert.deepEqual(calls.failed, [])
  for (const call of calls.made) {
    const times = timesSeen(replicas.plaid, call)
    const most = underWay.has(call) ? 2 : 1
    assert.ok(times >= 1 && times <= most, `call ${call} came ${times} times`)
  }
  const isAgain = (call) => timesSeen(replicas.plaid, call) === 2
  assert.ok(calls.made.some(isAgain), 'no call was in flight at Plaid when the gateway was killed')
})

test('no call fails or is repeated when a gateway is stopped under load', async (t) => {
  const replicas = await start(t)
  const { plaid } = replicas
  for (let close = 1; close <= CLOSES; close += 1) {
    const { child, exited, address } = replicas.first
    const calls = makeCalls(replicas, { maxRetries: 0 })
    await callsThrough(plaid, 'first', CALLS / 4)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    await calls.done
    assert.deepEqual(calls.failed, [], `close ${close}`)
    for (const call of calls.made) assert.equal(timesSeen(plaid, call), 1)
    const [, port] = address.split(':')
    replicas.first = await startReplica(t, plaid.urls.first, Number(port))
  }
})

test('requests that a gateway refuses cost no other call', async (t) => {
  const replicas = await start(t)
  const { url, ca } = replicas.nginx
  const calls = makeCalls(replicas, { maxRetries: 0 })
  const statuses = new Set()
  let isDone = false
  const done = calls.done.then(() => {
    isDone = true
  })
  // A page may not call, so these are refused before their bodies are read.
  const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 4 })
  t.after(() => agent.destroy())
  const refused = async () => {
    const headers = { origin: 'https://app.example', 'content-type': 'application/json' }
    const request = https.request(url + PATH, { agent, method: 'POST', headers })
    request.end(' '.repeat(60_000))
    const [response] = await once(request, 'response')
    await response.resume().toArray()
    statuses.add(response.statusCode)
  }
  while (!isDone) await Promise.all([refused(), refused()])
  await done
  assert.deepEqual(calls.failed, [])
  assert.deepEqual([...statuses], [403])
})

test('a closing gateway answers requests in transit with connection: close', async (t) => {
  const held = []
  const hold = (...call) => held.push(call)
  const server = await startServer(t, { replies: [hold, hold] })
  const arrived = once(server, 'request')
  const gateway = await startGateway({
    baseUrl: server.url,
    clientId: CLIENT_ID,
    secret: SECRET,
    maxRetries: 0,
  })
  t.after(() => gateway.close())
  const { port } = new URL(gateway.url)
  const [idle, busy] = [await connect(port), await connect(port)]
  busy.send()
  await arrived

  const closing = gateway.close()
  const late = once(server, 'request')
  // Sent before the connection can be closed, so it must be answered.
  idle.send()
  await Promise.race([late, once(idle.socket, 'close')])
  while (await accepts(port)) await sleep(1)
  for (const [request, response] of held) good(request, response)
  for (const { socket } of [idle, busy]) {
    const reply = (await socket.setEncoding('utf8').toArray()).join('')
    assert.match(reply, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(reply, /\r\nconnection: close\r\n/)
  }
  await closing
})

/** A connection for one call. */
async function connect(port) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const body = JSON.stringify(INPUT)
  const head = [
    `POST ${PATH} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ]
  return { socket, send: () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`) }
}

async function accepts(port) {
  const socket = net.connect(port, '127.0.0.1')
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return accepted
}
