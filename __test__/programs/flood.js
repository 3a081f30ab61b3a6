'use strict'

// Makes TEST_CALLS calls to TEST_URL, 64 at a time, aborts each tenth, and prints how they ended and
// the resident memory after each twentieth of them.

const { createPlaidClient } = require('../../index.js')

const { TEST_ACCESS_TOKEN: access_token, TEST_URL: baseUrl } = process.env
const CALLS = Number(process.env.TEST_CALLS)
const IN_FLIGHT = 64

const client = createPlaidClient({ baseUrl, clientId: 'id', secret: 'secret', maxRetries: 0 })
const ended = { answered: 0, failed: 0, aborted: 0, other: 0 }
const rssBytes = []
let started = 0

async function lane() {
  while (started < CALLS) {
    const number = started++
    if (number % (CALLS / 20) === 0) rssBytes.push(process.memoryUsage.rss())
    await call(number).catch((error) => {
      if (error === 'enough') ended.aborted++
      else if (error.code === 'A_CODE') ended.failed++
      else ended.other++
    })
  }
}

async function call(number) {
  const controller = number % 10 === 0 ? new AbortController() : undefined
  const options = controller && { signal: controller.signal }
  const call = client.sandboxitemresetlogin({ access_token }, options)
  // Some in the tick of the call, some while it is in flight, a few after its end.
  if (controller && number % 20 === 0) controller.abort('enough')
  else if (controller) setTimeout(() => controller.abort('enough'), number % 5)
  await call
  ended.answered++
}

async function main() {
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  rssBytes.push(process.memoryUsage.rss())
  await client.close()
  process.stdout.write(JSON.stringify({ ...ended, rssBytes }))
}

main()
