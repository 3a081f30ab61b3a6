// How each measure of a proxy is taken. A reply that does not say that the login was reset fails the
// measure; without the credentials that the proxy adds, the server sends none.

'use strict'

const { loadOf } = require('../load')
const { now, usage } = require('../machine')
const { call, newToken } = require('../plaid')

const ITEMS = 256

/** Loads the proxy with reset_login. */
async function load(proxy, { connections, warmUpSeconds, measureSeconds }, directory, direct) {
  const loadFor = loadOf(proxy, Array.from({ length: ITEMS }, newToken), connections, directory)
  const before = proxy.pid && usage(proxy.pid)
  const warmUp = await loadFor(warmUpSeconds)
  const figures = await loadFor(measureSeconds)
  if (!before) return figures
  const { cpuMicros, rssBytes } = usage(proxy.pid)
  return {
    ...figures,
    addedP50Ms: figures.p50Ms - direct.p50Ms,
    addedP99Ms: figures.p99Ms - direct.p99Ms,
    cpuMicros: (cpuMicros - before.cpuMicros) / (warmUp.replies + figures.replies),
    rssBytes,
    ...(proxy.importedBytes && { addedBytes: rssBytes - proxy.importedBytes }),
  }
}

/** The first reply of a fresh process. */
async function start(proxy) {
  await call(proxy)
  const repliedAt = now()
  return {
    processMs: repliedAt - proxy.spawnedAt,
    ...(proxy.startedAt && { startMs: repliedAt - proxy.startedAt }),
  }
}

module.exports = { load, start }
