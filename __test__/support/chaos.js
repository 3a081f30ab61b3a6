'use strict'

// Faults on every side of two gateways at once: callers that misbehave, gateways that are killed and
// stopped, and a Plaid that resets, hangs and answers 503. Good calls must not notice.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const https = require('node:https')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { GATEWAY_TOKEN } = require('./client.js')
const {
  callOf,
  callsThrough,
  kill,
  makeCalls,
  restartReplica,
  startReplicas,
  tokenOf,
} = require('./replicas.js')

const PATH = '/sandbox/item/reset_login'
const BODY = ' '.repeat(60_000)

/** How often each kind of misbehaving caller calls. */
const PAUSE_MS = 100

/** The deadline of a call to Plaid, for the calls that Plaid does not answer. */
const TIMEOUT_MS = 2_000

/** Plaid fails the first request of these calls. Each number is unique modulo 100. */
const FAULTS = {
  resets: { of: [10, 60], fail: (request) => request.socket.resetAndDestroy() },
  hangs: { of: [30], fail: () => {} },
  unavailable: {
    of: [45, 95],
    fail: (_, response) => {
      const error = { error_code: 'PLANNED_MAINTENANCE', error_type: 'API_ERROR' }
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '0' })
      response.end(JSON.stringify(error))
    },
  },
}

/** The name of the fault of a call, if it has one. */
function faultOf(call) {
  return Object.keys(FAULTS).find((name) => FAULTS[name].of.includes(call % 100))
}

/** Repeats `act` until the test ends. Counts what it returns. */
function repeat(act) {
  const counts = {}
  let isStopped = false
  const loop = async () => {
    while (!isStopped) {
      const outcome = await act()
      counts[outcome] = (counts[outcome] ?? 0) + 1
      await sleep(PAUSE_MS)
    }
  }
  const done = loop()
  const stop = async () => {
    isStopped = true
    await done
    return counts
  }
  return { stop }
}

/** Callers that nginx and the gateways must refuse or cut off. */
function startBadCallers(t, { nginx, first, second }) {
  const agent = new https.Agent({ ca: nginx.ca, keepAlive: true, maxSockets: 8 })
  t.after(() => agent.destroy())
  const json = { 'content-type': 'application/json' }
  const post = async (path, headers) => {
    const request = https.request(nginx.url + path, { agent, method: 'POST', headers })
    request.end(BODY)
    const [response] = await once(request, 'response')
    await response.resume().toArray()
    return response.statusCode
  }
  // Straight to a gateway: nginx would wait for the rest itself.
  const part = (text) => async () => {
    for (const { address } of [first, second]) {
      const [host, port] = address.split(':')
      const socket = net.connect(port, host)
      t.after(() => socket.destroy())
      socket.on('error', () => {})
      socket.write(text)
    }
    return 'opened'
  }
  const head = `POST ${PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 60000\r\n`
  const callers = {
    'wrong token': repeat(() => post(PATH, { authorization: 'Bearer wrong', ...json })),
    'unknown path': repeat(() => post('/nowhere', { ...json })),
    'foreign page': repeat(() => post(PATH, { origin: 'https://app.example', ...json })),
    'half a head': repeat(part(head)),
    'half a body': repeat(part(`${head}\r\n{`)),
  }
  return async () => {
    const counts = {}
    for (const [name, { stop }] of Object.entries(callers)) counts[name] = await stop()
    return counts
  }
}

/** How often the calls of `made` have come to Plaid, and how often Plaid has replied twice. */
function countRequests(plaid, made) {
  const times = (map, call) => map.get(tokenOf(call)) ?? 0
  const sum = (map) => made.reduce((total, call) => total + times(map, call), 0)
  return {
    requests: sum(plaid.seen),
    twice: made.filter((call) => times(plaid.done, call) > 1).length,
    never: made.filter((call) => times(plaid.done, call) === 0).length,
  }
}

/**
 * Makes `count` good calls, of 32 callers with two retries each, while everything else fails. Asserts
 * that none is lost, and that Plaid gets exactly the requests that the faults explain.
 *
 * @returns the figures
 */
async function runWithFaults(t, count) {
  const fault = (token, before) => (before === 0 ? FAULTS[faultOf(callOf(token))]?.fail : undefined)
  const options = { token: GATEWAY_TOKEN, timeoutMs: TIMEOUT_MS, fault }
  const replicas = await startReplicas(t, options)
  const { plaid } = replicas
  const stopBadCallers = startBadCallers(t, replicas)
  const startedAt = performance.now()
  const calls = makeCalls(replicas, count, { token: GATEWAY_TOKEN, maxRetries: 2 })

  await callsThrough(plaid, 'first', count / 8)
  const inFlight = await kill(replicas.first, calls)
  await callsThrough(plaid, 'second', count / 4)
  replicas.first = await restartReplica(t, replicas.first)
  await callsThrough(plaid, 'first', count / 8)
  replicas.second.child.kill('SIGTERM')
  assert.deepEqual(await replicas.second.exited, [0, null])
  await calls.done
  const seconds = (performance.now() - startedAt) / 1000
  const badCallers = await stopBadCallers()

  assert.deepEqual(calls.failed, [])
  const faults = {}
  for (const call of calls.made) {
    const name = faultOf(call)
    if (name) faults[name] = (faults[name] ?? 0) + 1
    const times = plaid.seen.get(tokenOf(call))
    const expected = name ? 2 : 1
    const most = inFlight.has(call) ? expected + 1 : expected
    assert.ok(times >= expected && times <= most, `call ${call} was sent ${times} times`)
  }
  const counted = countRequests(plaid, calls.made)
  const explained = Object.values(faults).reduce((total, number) => total + number, count)
  const killed = counted.requests - explained
  assert.equal(counted.never, 0)
  assert.ok(counted.twice <= killed && killed <= inFlight.size)
  const refused = { 'wrong token': [401], 'unknown path': [404], 'foreign page': [403] }
  for (const [name, statuses] of Object.entries(refused)) {
    assert.deepEqual(Object.keys(badCallers[name]).map(Number), statuses, name)
  }
  return {
    calls: count,
    lost: 0,
    seconds,
    faults,
    inFlight: inFlight.size,
    killed,
    ...counted,
    badCallers,
  }
}

/**
 * Makes `count` calls without retries while one gateway is stopped with SIGTERM again and again.
 * Asserts that none is lost or sent twice.
 */
async function runWithStops(t, count) {
  const replicas = await startReplicas(t)
  const calls = makeCalls(replicas, count, { maxRetries: 0 })
  let isDone = false
  const done = calls.done.then(() => {
    isDone = true
  })
  let stops = 0
  while (!isDone) {
    await sleep(200)
    replicas.first.child.kill('SIGTERM')
    assert.deepEqual(await replicas.first.exited, [0, null])
    stops += 1
    replicas.first = await restartReplica(t, replicas.first)
  }
  await done
  assert.deepEqual(calls.failed, [])
  const counted = countRequests(replicas.plaid, calls.made)
  assert.deepEqual([counted.requests, counted.twice, counted.never], [count, 0, 0])
  return { calls: count, lost: 0, stops, ...counted }
}

/**
 * Makes `count` calls without retries while other callers are refused. Asserts that none is lost.
 */
async function runWithRefusals(t, count) {
  const replicas = await startReplicas(t, { token: GATEWAY_TOKEN })
  const stopBadCallers = startBadCallers(t, replicas)
  const calls = makeCalls(replicas, count, { token: GATEWAY_TOKEN, maxRetries: 0 })
  await calls.done
  const badCallers = await stopBadCallers()
  assert.deepEqual(calls.failed, [])
  const counted = countRequests(replicas.plaid, calls.made)
  assert.deepEqual([counted.requests, counted.twice, counted.never], [count, 0, 0])
  return { calls: count, lost: 0, ...counted, badCallers }
}

module.exports = { runWithFaults, runWithRefusals, runWithStops }
