// A gateway in a process of its own, until standard input closes. Prints a line of JSON: where it
// is, when `startGateway` was called, and how large the process was before.

'use strict'

const { startGateway } = require('../../gateway.js')

async function main() {
  // Keeps the process alive, and ends it with the one that started it.
  process.stdin.once('end', () => process.exit(0)).resume()
  const importedBytes = process.memoryUsage.rss()
  // As machine.js has it, which would load what a gateway does not need.
  const beganAt = performance.timeOrigin + performance.now()
  const { url } = await startGateway(JSON.parse(process.env.BENCH_OPTIONS))
  process.stdout.write(`${JSON.stringify({ url, beganAt, importedBytes })}\n`)
}

main()
