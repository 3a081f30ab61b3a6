// Starts a Sandbox, keeps nothing of it but its URL, has it garbage collected, and prints what the
// URL answers then.

const { setImmediate: nextTurn } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
const { startSandbox } = require('../../sandbox.js')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

async function start() {
  const sandbox = await startSandbox()
  return { url: sandbox.url, dropped: new WeakRef(sandbox) }
}

async function main() {
  const { url, dropped } = await start()
  const isGone = () => dropped.deref() === undefined
  // Once it is gone, what it alone referred to takes further rounds.
  for (let roundsAfter = 0; roundsAfter < 10; roundsAfter += isGone() ? 1 : 0) {
    await nextTurn()
    collectGarbage()
  }
  const response = await fetch(`${url}/item/get`, { method: 'POST' })
  process.stdout.write((await response.json()).error_code)
}

main()
