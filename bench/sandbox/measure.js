// How each measure of the Sandbox is taken, in the process that it runs in.
//
// Every function takes what starts a server, its settings and the tools, and resolves with figures.
// A reply that does not say that the login was reset fails the measure.

'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const { accept, percentile, perCall, spent } = require('../measure')
const { startLoad } = require('./load')
const { PATH } = require('./subjects')

/** Starts before this many are not counted: the process is to be warm. */
const WARM_UP_STARTS = 10

/** How many Items the load is about. */
const ITEMS = 256

/** How many Items a memory measure begins with, and forgets: too few to leave room for others. */
const WARM_UP_ITEMS = 20

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Starts and closes servers, one after another. */
async function warm(start, { starts }) {
  const started = []
  const closed = []
  for (let i = 0; i < WARM_UP_STARTS + starts; i += 1) {
    const begun = performance.now()
    const server = await start()
    const ready = performance.now()
    await server.close()
    if (i < WARM_UP_STARTS) continue
    started.push(ready - begun)
    closed.push(performance.now() - ready)
  }
  const sorted = Float64Array.from(started).sort()
  return {
    startMs: percentile(sorted, 0.5),
    startP99Ms: percentile(sorted, 0.99),
    closeMs: percentile(Float64Array.from(closed).sort(), 0.5),
  }
}

/** Has the load generator ask for reset_login as fast as the server replies. */
async function load(start, { connections, warmUpMs, measureMs, hasWebhook }, tools) {
  const server = await start()
  const generator = await startLoad(tools.load)
  const webhook = hasWebhook ? generator.receiver : undefined
  const tokens = await Promise.all(Array.from({ length: ITEMS }, () => server.addItem(webhook)))

  const before = spent()
  const figures = await generator.run(server, tokens, {
    connections,
    warm_up_ms: warmUpMs,
    measure_ms: measureMs,
    wait_for_webhooks: hasWebhook,
  })
  const cost = server.isElsewhere ? {} : perCall(before, spent(), figures.allReplies)
  const received = hasWebhook ? { receivedInTheEnd: figures.allWebhooks / figures.allReplies } : {}
  return { ...figures, ...cost, ...received }
}

/** What the process grows by for its Items, and for each of them being reset once. */
async function memory(start, { items, way }, tools) {
  const server = await start()
  const create = { createItem: createItems, http: linkItems }[way]
  await resetEach(server, await create(server, WARM_UP_ITEMS), tools)
  await server.reset()

  const before = await settled()
  const tokens = await create(server, items)
  const created = await settled()
  await resetEach(server, tokens, tools)
  const reset = await settled()
  return {
    addedBytes: created.rss - before.rss,
    addedV8Bytes: created.heapTotal - before.heapTotal,
    addedAfterResetsBytes: reset.rss - before.rss,
    addedAfterResetsV8Bytes: reset.heapTotal - before.heapTotal,
  }
}

/** By the handle, a hundred at a time. */
async function createItems(server, count) {
  const tokens = []
  while (tokens.length < count) {
    const length = Math.min(100, count - tokens.length)
    tokens.push(...(await Promise.all(Array.from({ length }, () => server.addItem()))))
  }
  return tokens
}

/** Over HTTP, by another process. */
async function linkItems({ url, clientId, secret }, items) {
  const link = path.join(__dirname, 'link-items.js')
  const linking = spawn(process.execPath, [link], { stdio: ['pipe', 'pipe', 'inherit'] })
  linking.stdin.end(JSON.stringify({ url, clientId, secret, items }))
  const output = await linking.stdout.setEncoding('utf8').toArray()
  return JSON.parse(output.join(''))
}

async function resetEach(server, tokens, tools) {
  const generator = await startLoad(tools.load)
  const { allReplies } = await generator.run(server, tokens, {
    connections: 16,
    rounds: 1,
    wait_for_webhooks: false,
  })
  if (allReplies !== tokens.length) throw new Error(`${allReplies} of ${tokens.length} were reset`)
}

/** What the process holds once its garbage is collected. */
async function settled() {
  for (let i = 0; i < 5; i += 1) {
    global.gc({ execution: 'sync', type: 'major', flavor: 'last-resort' })
    await sleep(20)
  }
  return process.memoryUsage()
}

/** Servers side by side: started at once, each asked once, closed at once. */
async function many(start, { servers: length }) {
  // The process's first server, and its first call, bring what all share.
  const first = await start()
  await call(first, await first.addItem())
  await first.close()
  const before = await settled()

  const [servers, startAllMs] = await timed(() => Promise.all(Array.from({ length }, start)))
  const idle = await settled()
  const tokens = await Promise.all(servers.map((server) => server.addItem()))
  const [, callEachMs] = await timed(() =>
    Promise.all(servers.map((server, i) => call(server, tokens[i]))),
  )
  const threads = threadNames()
  const [, closeAllMs] = await timed(() => Promise.all(servers.map((server) => server.close())))
  for (const { url } of servers) await refused(url)
  return {
    startAllMs,
    callEachMs,
    closeAllMs,
    bytesPerServer: (idle.rss - before.rss) / length,
    threads: threads.length,
    ioThreads: threads.filter((name) => name === 'plaid-io').length,
  }
}

async function timed(act) {
  const begun = performance.now()
  const value = await act()
  return [value, performance.now() - begun]
}

/** Not by fetch: what that loads is given back only much later, and would be the servers' gain. */
function call({ url, clientId, secret }, access_token) {
  const headers = {
    'content-type': 'application/json',
    'plaid-client-id': clientId,
    'plaid-secret': secret,
  }
  return new Promise((resolve, reject) => {
    const request = http.request(url + PATH, { method: 'POST', headers, agent: false })
    request.once('error', reject)
    request.once('response', async (response) => {
      const text = await response.setEncoding('utf8').toArray()
      try {
        resolve(accept(JSON.parse(text.join(''))))
      } catch (error) {
        reject(error)
      }
    })
    request.end(JSON.stringify({ access_token }))
  })
}

/** The names of the process's threads. */
function threadNames() {
  const tasks = fs.readdirSync('/proc/self/task')
  return tasks.map((task) => fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
}

/** Resolves if nobody listens there any more. */
function refused(url) {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname)
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.destroy()
      reject(new Error(`${url} still listens`))
    })
  })
}

module.exports = { load, many, memory, warm }
