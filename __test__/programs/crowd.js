'use strict'

// Makes TEST_CALLS calls to TEST_URL at once, without retries, and prints how many were answered and
// the codes of the others.

const { createPlaidClient } = require('../../index.js')

const { TEST_ACCESS_TOKEN: access_token, TEST_URL: baseUrl } = process.env
const calls = Number(process.env.TEST_CALLS)

async function main() {
  const client = createPlaidClient({
    baseUrl,
    clientId: 'id',
    secret: 'secret',
    maxRetries: 0,
    timeoutMs: 300_000,
  })
  const settled = await Promise.allSettled(
    Array.from({ length: calls }, () => client.sandboxitemresetlogin({ access_token })),
  )
  const failed = settled.filter(({ status }) => status === 'rejected')
  const codes = [...new Set(failed.map(({ reason }) => reason.code))]
  process.stdout.write(JSON.stringify({ answered: calls - failed.length, codes }))
}

main()
