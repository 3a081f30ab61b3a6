// The loop that a user writes: the tokens of standard input, sixteen in flight. Prints, as the
// command does at its end, how many logins were reset and how long that took.

'use strict'

const fs = require('node:fs')
const { createPlaidClient } = require('../../index.js')

const IN_FLIGHT = 16

async function main() {
  const tokens = fs.readFileSync(0, 'utf8').trimEnd().split('\n').values()
  const plaid = createPlaidClient()
  let reset = 0
  const worker = async () => {
    for (const access_token of tokens) {
      const reply = await plaid.sandboxitemresetlogin({ access_token })
      if (reply.reset_login) reset += 1
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  console.log(JSON.stringify({ reset, ms: performance.now() - begun }))
}

main()
