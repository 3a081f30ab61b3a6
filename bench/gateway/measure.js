// How each measure of a proxy is taken. A reply that does not say that the login was reset fails the
// measure, and without the credentials that the proxy adds the server gives none.

'use strict'

const { randomUUID } = require('node:crypto')
const http = require('node:http')
const { accept } = require('../measure')
const { startLoad } = require('../sandbox/load')
const { PATH } = require('../sandbox/subjects')
const { now, usage } = require('./machine')
const { DIRECT, subjects } = require('./subjects')

const ITEMS = 256
const newToken = () => `access-sandbox-${randomUUID()}`

/** @returns what `takeRounds` calls for the figures of a measure and a subject */
function take(tools) {
  return async ({ kind, settings }, subject, { [DIRECT]: direct }) => {
    const proxy = await subjects[subject].start(tools)
    try {
      return await { load, start }[kind](proxy, settings, tools, direct)
    } finally {
      await proxy.stop()
    }
  }
}

/** Has the load generator ask for reset_login as fast as the replies come. */
async function load(proxy, { connections, warmUpMs, measureMs }, tools, direct) {
  const generator = await startLoad(tools.load)
  const tokens = Array.from({ length: ITEMS }, newToken)
  const before = proxy.pid && usage(proxy.pid)
  const figures = await generator.run(proxy, tokens, {
    connections,
    warm_up_ms: warmUpMs,
    measure_ms: measureMs,
    wait_for_webhooks: false,
  })
  if (!before) return figures
  const { cpuMicros, rssBytes } = usage(proxy.pid)
  return {
    ...figures,
    addedP50Ms: figures.p50Ms - direct.p50Ms,
    addedP99Ms: figures.p99Ms - direct.p99Ms,
    cpuMicros: (cpuMicros - before.cpuMicros) / figures.allReplies,
    rssBytes,
    ...(proxy.importedBytes && { addedBytes: rssBytes - proxy.importedBytes }),
  }
}

/** The first answer of a fresh process. */
async function start(proxy) {
  await call(proxy.url)
  const answeredAt = now()
  return {
    processMs: answeredAt - proxy.spawnedAt,
    ...(proxy.beganAt && { startMs: answeredAt - proxy.beganAt }),
  }
}

function call(url) {
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const request = http.request(url + PATH, { method: 'POST', headers, agent: false })
    request.once('error', reject)
    request.once('response', async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('')
      try {
        resolve(accept(JSON.parse(text)))
      } catch (error) {
        reject(error)
      }
    })
    request.end(JSON.stringify({ access_token: newToken() }))
  })
}

module.exports = { take }
