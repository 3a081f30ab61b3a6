// Starts a gateway, drops every reference to it, waits for garbage collection, and prints the status of
// a request to it.

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
  const isCollected = () => dropped.deref() === undefined
  // Objects that only the gateway referred to are collected in later rounds.
  for (let roundsAfter = 0; roundsAfter < 10; roundsAfter += isCollected() ? 1 : 0) {
    await nextTurn()
    collectGarbage()
  }
  const { status } = await fetch(`${url}/healthz`)
  process.stdout.write(String(status))
}

main()
