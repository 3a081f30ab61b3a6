// How each measure of the Sandbox is taken, in the process that it runs in.
//
// Every function takes a function that starts a server, its settings and the tools, and resolves with
// figures. A failed call fails the measure.

'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { loadOf } = require('../load')
const { accepts, perCall, percentile, sleep, spent } = require('../machine')
const { call } = require('../plaid')
const { startServer } = require('../prepare')

/** Starts that do not count: they warm up the process. */
const WARM_UP_STARTS = 10

/** The Items that the load resets in turn. */
const ITEMS = 256

/** The Items made before memory is measured, and forgotten: too few to leave room for others. */
const WARM_UP_ITEMS = 20

/** No webhook for this long means that the last one has arrived. */
const QUIET_MS = 1000

/** Starts and closes servers, one after another. */
async function warm(start, { starts }) {
  const started = []
  const closed = []
  for (let i = 0; i < WARM_UP_STARTS + starts; i += 1) {
    const [server, startMs] = await timed(start)
    const [, closeMs] = await timed(() => server.close())
    if (i < WARM_UP_STARTS) continue
    started.push(startMs)
    closed.push(closeMs)
  }
  return {
    startMs: percentile(started, 0.5),
    startP99Ms: percentile(started, 0.99),
    closeMs: percentile(closed, 0.5),
  }
}

/** Loads the server with reset_login, each firing a webhook if asked. */
async function load(start, settings, tools) {
  const { connections, warmUpSeconds, measureSeconds, hasWebhook } = settings
  const server = await start()
  const receiver = hasWebhook ? await startReceiver(tools) : undefined
  const addItem = () => server.addItem(receiver?.url)
  const tokens = await Promise.all(Array.from({ length: ITEMS }, addItem))
  const loadFor = loadOf(server, tokens, connections, tools.directory)

  const before = spent()
  const warmUp = await loadFor(warmUpSeconds)
  const earlier = await receiver?.received()
  const figures = await loadFor(measureSeconds)
  const allReplies = warmUp.replies + figures.replies
  const webhooks = receiver && (await webhookFigures(receiver, earlier, figures, allReplies))
  const cost = server.isElsewhere ? {} : perCall(before, spent(), allReplies)
  receiver?.stop()
  return { ...figures, ...cost, ...webhooks }
}

/** A receiver of webhooks in a process of its own. */
async function startReceiver({ server, directory }) {
  const { http, stop } = await startServer(server, directory)
  const url = `${http}/webhook`
  return { url, stop, received: async () => Number(await (await fetch(url)).text()) }
}

/** Waits for the last webhook. wrk ends with calls in flight, whose webhooks arrive, too. */
async function webhookFigures(receiver, earlier, { seconds }, allReplies) {
  const endedAt = performance.now()
  const meanwhile = (await receiver.received()) - earlier
  let [all, lastAt] = [0, endedAt]
  while (performance.now() - lastAt < QUIET_MS) {
    const received = await receiver.received()
    if (received > all) [all, lastAt] = [received, performance.now()]
    await sleep(20)
  }
  return {
    webhooksPerSecond: meanwhile / seconds,
    webhooksLateMs: lastAt - endedAt,
    receivedInTheEnd: Math.min(1, all / allReplies),
  }
}

/** What the process grows by for its Items, and after each was reset. */
async function memory(start, { items, way }) {
  const server = await start()
  const create = {
    createItem: (count) => createItems(server, count),
    http: (count) => overHttp(server, { create: count }),
  }[way]
  await overHttp(server, { reset: await create(WARM_UP_ITEMS) })
  await server.reset()

  const before = await settled()
  const tokens = await create(items)
  const created = await settled()
  await overHttp(server, { reset: tokens })
  const reset = await settled()
  return {
    addedBytes: created - before,
    addedAfterResetsBytes: reset - before,
  }
}

/** Creates Items in this process, a hundred at a time. */
async function createItems(server, count) {
  const tokens = []
  while (tokens.length < count) {
    const length = Math.min(100, count - tokens.length)
    tokens.push(...(await Promise.all(Array.from({ length }, () => server.addItem()))))
  }
  return tokens
}

/** Creates or resets Items from another process. @returns the tokens of the new Items */
async function overHttp({ url, clientId, secret }, what) {
  const caller = spawn(process.execPath, [path.join(__dirname, 'items.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  caller.stdin.end(JSON.stringify({ url, clientId, secret, ...what }))
  const output = await caller.stdout.setEncoding('utf8').toArray()
  return JSON.parse(output.join(''))
}

/** The memory of the process after garbage collection. */
async function settled() {
  for (let i = 0; i < 5; i += 1) {
    global.gc({ execution: 'sync', type: 'major', flavor: 'last-resort' })
    await sleep(20)
  }
  return process.memoryUsage.rss()
}

/** Servers in one process: all started at once, each called once, all closed at once. */
async function many(start, { servers: length }) {
  // The first server and the first call load what all share.
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
  for (const { url } of servers) {
    if (await accepts(Number(new URL(url).port))) throw new Error(`${url} still listens`)
  }
  return {
    startAllMs,
    callEachMs,
    closeAllMs,
    bytesPerServer: (idle - before) / length,
    threads: threads.length,
    ioThreads: threads.filter((name) => name === 'plaid-io').length,
  }
}

async function timed(act) {
  const started = performance.now()
  const value = await act()
  return [value, performance.now() - started]
}

/** The names of the process's threads. */
function threadNames() {
  const tasks = fs.readdirSync('/proc/self/task')
  return tasks.map((task) => fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
}

module.exports = { load, many, memory, warm }
