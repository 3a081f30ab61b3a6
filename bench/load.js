// wrk as the load generator. One thread of it sends reset_login as fast as the replies come.

'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const LUA = path.join(__dirname, 'load.lua')

/**
 * @param server `url`, and the credentials that the requests carry, if any
 * @param tokens the access tokens, used in turn
 * @returns a function that loads the server for some seconds: call it once to warm up
 */
function loadOf({ url, clientId = '', secret = '' }, tokens, connections, directory) {
  const job = path.join(directory, `load-${process.pid}.txt`)
  fs.writeFileSync(job, `${[clientId, secret, ...tokens].join('\n')}\n`)
  return async (duration) => {
    const options = ['-t', '1', '-c', connections, '-d', `${duration}s`, '--latency', '-s', LUA]
    const { stdout } = await promisify(execFile)('wrk', [...options, url, '--', job].map(String))
    const { failed, ...figures } = JSON.parse(stdout.trim().split('\n').at(-1))
    if (failed > 0) throw new Error(`${failed} requests failed`)
    return { ...figures, repliesPerSecond: figures.replies / figures.seconds }
  }
}

module.exports = { loadOf }
