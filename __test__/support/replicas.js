'use strict'

// Two gateways in processes of their own, behind the nginx of deploy/, in front of a server that plays
// Plaid and counts the requests for each call.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { EventEmitter, once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { createPlaidClient } = require('../../index.js')
const { CLIENT_ID, SECRET } = require('./client.js')
const { startNginx } = require('./nginx.js')
const { GOOD_REPLY } = require('./server.js')

const PROGRAM = path.join(__dirname, '../programs/gateway.js')

/** How long Plaid takes. With this, every lane has a call in flight at any time. */
const UPSTREAM_MS = 3

/** How many calls run at once. */
const LANES = 32

/**
 * Starts a Plaid with one address for each gateway.
 *
 * @param fault gets a token and how often it was seen before, and returns a function of
 * `(request, response)` to fail that request
 * @returns `seen` and `done`, the requests and the successful replies for each token, `urls`, and
 * events with the name of the gateway that a request came through
 */
async function startPlaid(t, names, fault = () => {}) {
  const plaid = Object.assign(new EventEmitter(), { seen: new Map(), done: new Map(), urls: {} })
  const count = (map, token) => map.set(token, (map.get(token) ?? 0) + 1)
  for (const name of names) {
    const server = http.createServer(async (request, response) => {
      const { access_token } = JSON.parse(Buffer.concat(await request.toArray()))
      const before = plaid.seen.get(access_token) ?? 0
      count(plaid.seen, access_token)
      plaid.emit(name)
      await sleep(UPSTREAM_MS)
      const fail = fault(access_token, before)
      if (fail) return fail(request, response)
      count(plaid.done, access_token)
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

/** Starts a gateway in a new process, without retries and rate limit. */
async function startReplica(t, options) {
  const credentials = { clientId: CLIENT_ID, secret: SECRET }
  const given = { ...credentials, maxRetries: 0, rateLimit: false, ...options }
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, TEST_OPTIONS: JSON.stringify(given) },
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
  return { child, exited, address: new URL(url.trim()).host, options }
}

/** Starts a gateway on the address of one that has ended. */
function restartReplica(t, { address, options }) {
  return startReplica(t, { ...options, port: Number(address.split(':')[1]) })
}

/** Removes the rate limit, because all calls have one address, and logs the gateway of each call. */
const CHANGE = [
  ['limit_req zone=callers burst=20 nodelay;', ''],
  ['access.log calls;', 'access.log routes;'],
  ['log_format ', "log_format routes '$http_x_call $upstream_addr';\nlog_format "],
]

/** Starts two gateways with `options` behind nginx. */
async function startReplicas(t, { fault, ...options } = {}) {
  const plaid = await startPlaid(t, ['first', 'second'], fault)
  const first = await startReplica(t, { ...options, baseUrl: plaid.urls.first })
  const second = await startReplica(t, { ...options, baseUrl: plaid.urls.second })
  const gateways = [first, second].map(({ address }) => address)
  return { plaid, first, second, nginx: await startNginx(t, gateways, { change: CHANGE }) }
}

/** The token of a call, which is unique. */
const tokenOf = (call) => `access-sandbox-fa4e0000-7c69-4d34-b8a1-${String(call).padStart(12, '0')}`

/** The number of the call with this token. */
const callOf = (token) => Number(token.slice(-12))

let lastCall = 0

/**
 * Makes `count` calls through nginx, LANES at a time.
 *
 * @returns `made`, the numbers of all calls; `failed`, each with its `call` and `code`; `underWay`, the
 * calls in flight; and `done`
 */
function makeCalls({ nginx: { url, ca } }, count, { token, ...options } = {}) {
  const client = createPlaidClient({ gateway: { url, token }, ca, ...options })
  const calls = { made: [], failed: [], underWay: new Set() }
  async function lane() {
    while (calls.made.length < count) {
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

/** Kills a gateway. @returns the calls in flight until it was gone. */
async function kill({ child, exited }, calls) {
  const earlier = calls.made.length
  const underWay = new Set(calls.underWay)
  child.kill('SIGKILL')
  await exited
  for (const call of calls.made.slice(earlier)) underWay.add(call)
  return underWay
}

module.exports = {
  LANES,
  callOf,
  callsThrough,
  kill,
  makeCalls,
  restartReplica,
  startReplicas,
  tokenOf,
}
