'use strict'

// Loads the package again and again, as TEST_MODE says, makes a call with each copy to TEST_URL, and
// prints what the process holds:
//   JavaScript  200 times, every file but the binary
//   binary      200 times, the binary too
//   dropped     once, then lets the copy be garbage collected, and loads another

const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

const { TEST_ACCESS_TOKEN: access_token, TEST_MODE: mode, TEST_URL: baseUrl } = process.env
const ROOT = path.join(__dirname, '../..')

function forget({ binary }) {
  for (const file of Object.keys(require.cache)) {
    if (file === __filename || (file.endsWith('.node') && !binary)) continue
    delete require.cache[file]
  }
  module.children.length = 0
}

async function loadAndCall() {
  const { createPlaidClient } = require(path.join(ROOT, 'index.js'))
  const client = createPlaidClient({ baseUrl, clientId: 'id', secret: 'secret' })
  await client.sandboxitemresetlogin({ access_token })
  await client.close()
}

function holdings() {
  const threads = fs.readdirSync('/proc/self/task')
  const names = threads.map((id) => fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
  return {
    threads: threads.length,
    ioThreads: names.filter((name) => name === 'plaid-io').length,
    descriptors: fs.readdirSync('/proc/self/fd').length,
  }
}

async function reload() {
  await loadAndCall()
  const first = holdings()
  for (let i = 0; i < 200; i++) {
    forget({ binary: mode === 'binary' })
    await loadAndCall()
  }
  return { first, last: holdings() }
}

async function drop() {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc')
  await loadAndCall()
  const used = holdings()
  // The module of the binary refers to its parent, and so to the whole copy.
  forget({ binary: true })
  let collected
  // Finalizers run in later turns of the event loop, and the thread ends after that.
  for (let round = 0; round < 200; round++) {
    collectGarbage()
    await wait(10)
    collected = holdings()
    if (collected.ioThreads === 0) break
  }
  await loadAndCall()
  return { used, collected, again: 'answered' }
}

const work = mode === 'dropped' ? drop() : reload()
work.then((result) => process.stdout.write(JSON.stringify(result)))
