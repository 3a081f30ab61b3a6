'use strict'

// Uses up the files that this process can open, starts a client, gives one half back, and starts one
// again. Prints what the first one threw, and what the second one resolves with.

const fs = require('node:fs')
const { createPlaidClient, PlaidError } = require('../../index.js')

const { TEST_ACCESS_TOKEN: access_token, TEST_URL: baseUrl } = process.env
const settings = { baseUrl, clientId: 'id', secret: 'secret' }

const files = []
try {
  for (;;) files.push(fs.openSync('/dev/null'))
} catch (error) {
  if (error.code !== 'EMFILE') throw error
}

let thrown
try {
  createPlaidClient(settings)
} catch (error) {
  thrown = error
}
for (const file of files.splice(0, files.length / 2)) fs.closeSync(file)

createPlaidClient(settings)
  .sandboxitemresetlogin({ access_token })
  .then((reply) => {
    const { code, message, retryable } = thrown
    const isOurs = thrown instanceof PlaidError
    process.stdout.write(JSON.stringify({ isOurs, code, message, retryable, reply }))
  })
