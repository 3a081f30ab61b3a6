'use strict'

// Makes calls to a server of its own, which never answers, and calls process.exit() once all have
// arrived.

const http = require('node:http')
const { createPlaidClient } = require('../../index.js')

const CALLS = 5
let arrived = 0

const server = http.createServer(() => {
  if (++arrived === CALLS) process.exit(0)
})
server.listen(0, '127.0.0.1', () => {
  const baseUrl = `http://127.0.0.1:${server.address().port}`
  const client = createPlaidClient({ baseUrl, clientId: 'id', secret: 'secret' })
  for (let i = 0; i < CALLS; i++) {
    client.sandboxitemresetlogin({ access_token: process.env.TEST_ACCESS_TOKEN })
  }
})
