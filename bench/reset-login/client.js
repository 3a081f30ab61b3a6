// The loop that a user writes: reads tokens from standard input and keeps sixteen calls in flight. It
// prints, as the command does, how many logins it reset and how long that took.

'use strict'

const fs = require('node:fs')
const { createPlaidClient } = require('../../index.js')

const IN_FLIGHT = 16

async function main() {
  const tokens = fs.readFileSync(0, 'utf8').trimEnd().split('\n').values()
  const plaid = createPlaidClient()
  let reset = 0
  const lane = async () => {
    for (const access_token of tokens) {
      const reply = await plaid.sandboxitemresetlogin({ access_token })
      if (reply.reset_login) reset += 1
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  console.log(JSON.stringify({ reset, ms: performance.now() - started }))
}

main()
