// The load generator as a process that is handed its one job.

'use strict'

const { spawn } = require('node:child_process')
const { createInterface } = require('node:readline')

/**
 * @param {string} executable of the package in bench/load
 * @returns `receiver`, the URL of its webhook receiver, and `run`, which has it do its one job
 */
async function startLoad(executable) {
  const generator = spawn(executable, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: generator.stdout })[Symbol.asyncIterator]()
  const read = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the load generator ended early')
    return JSON.parse(value)
  }
  const { receiver } = await read()

  /** Resolves with the figures; rejects if a request was not answered as it should be. */
  async function run({ url, clientId, secret }, access_tokens, settings) {
    const job = {
      address: new URL(url).host,
      client_id: clientId,
      secret,
      access_tokens,
      ...settings,
    }
    generator.stdin.end(`${JSON.stringify(job)}\n`)
    const figures = await read()
    if (figures.errors > 0) throw new Error(`${figures.errors} requests failed`)
    return figures
  }
  return { receiver, run }
}

module.exports = { startLoad }
