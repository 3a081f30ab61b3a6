'use strict'

// Promise: if a gateway behind a load balancer is killed, only calls in flight on it can fail. If one is
// stopped, none fail. Nothing is sent to Plaid twice, except by a client that retries.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const https = require('node:https')
const net = require('node:net')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { startGateway } = require('../gateway.js')
const { runWithFaults } = require('./support/chaos.js')
const { CLIENT_ID, INPUT, SECRET } = require('./support/client.js')
const {
  callsThrough,
  kill,
  makeCalls,
  restartReplica,
  startReplicas,
  tokenOf,
} = require('./support/replicas.js')
const { good, startServer } = require('./support/server.js')

const PATH = '/sandbox/item/reset_login'

const CALLS = 2_000
const BOUND = { timeout: 2 * 60_000 }

/** A request is in transit at the moment of a close only by chance, so one close is not enough. */
const CLOSES = 6

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
  const replicas = await startReplicas(t)
  const calls = makeCalls(replicas, CALLS, { maxRetries: 0 })
  await callsThrough(replicas.plaid, 'first', CALLS / 4)
  const underWay = await kill(replicas.first, calls)
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
  const replicas = await startReplicas(t)
  const calls = makeCalls(replicas, CALLS)
  await callsThrough(replicas.plaid, 'first', CALLS / 4)
  const underWay = await kill(replicas.first, calls)
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
  const replicas = await startReplicas(t)
  const { plaid } = replicas
  for (let close = 1; close <= CLOSES; close += 1) {
    const { child, exited } = replicas.first
    const calls = makeCalls(replicas, CALLS, { maxRetries: 0 })
    await callsThrough(plaid, 'first', CALLS / 4)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    await calls.done
    assert.deepEqual(calls.failed, [], `close ${close}`)
    for (const call of calls.made) assert.equal(timesSeen(plaid, call), 1)
    replicas.first = await restartReplica(t, replicas.first)
  }
})

test('requests that a gateway refuses cost no other call', async (t) => {
  const replicas = await startReplicas(t)
  const { url, ca } = replicas.nginx
  const calls = makeCalls(replicas, CALLS, { maxRetries: 0 })
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

// __test__/faults/gateway.test.js does this with ten times as many calls.
test('no call with retries is lost while callers, gateways and Plaid fail', BOUND, (t) =>
  runWithFaults(t, CALLS),
)

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
