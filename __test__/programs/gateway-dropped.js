// Starts a gateway, keeps nothing of it but its URL, has it garbage collected, and prints the status
// of what the URL answers then.

const { setImmediate: nextTurn } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
const { startGateway } = require('../../gateway.js')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

async function start() {
  const gateway = await startGateway()
  return { url: gateway.url, dropped: new WeakRef(gateway) }
}

async function main() {
  const { url, dropped } = await start()
  const isGone = () => dropped.deref() === undefined
  // Once it is gone, what it alone referred to takes further rounds.
  for (let roundsAfter = 0; roundsAfter < 10; roundsAfter += isGone() ? 1 : 0) {
    await nextTurn()
    collectGarbage()
  }
  const { status } = await fetch(`${url}/healthz`)
  process.stdout.write(String(status))
}

main()
