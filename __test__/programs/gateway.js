'use strict'

// Starts a gateway with the options in TEST_OPTIONS, prints its URL, and closes it on SIGTERM. It exits
// when its parent does.

const { startGateway } = require('../../gateway.js')

process.stdin.resume().once('end', () => process.exit(1))

startGateway(JSON.parse(process.env.TEST_OPTIONS)).then((gateway) => {
  process.once('SIGTERM', async () => {
    await gateway.close()
    process.exit(0)
  })
  console.log(gateway.url)
})
