// A gateway in a process of its own, until standard input closes. Prints a line of JSON: its URL,
// when `startGateway` was called, and the memory of the process before that.

'use strict'

const { startGateway } = require('../../gateway.js')

async function main() {
  // Keeps the process alive until the parent process ends.
  process.stdin.once('end', () => process.exit(0)).resume()
  const importedBytes = process.memoryUsage.rss()
  // `now` of machine.js, without loading it.
  const startedAt = performance.timeOrigin + performance.now()
  const { url } = await startGateway(JSON.parse(process.env.BENCH_OPTIONS))
  process.stdout.write(`${JSON.stringify({ url, startedAt, importedBytes })}\n`)
}

main()
