'use strict'

// Starts a gateway with the options of TEST_OPTIONS, prints its URL, and closes it at SIGTERM.
// It ends with whoever started it.

const { startGateway } = require('../../gateway.js')

process.stdin.resume().once('end', () => process.exit(1))

startGateway(JSON.parse(process.env.TEST_OPTIONS)).then((gateway) => {
  process.once('SIGTERM', async () => {
    await gateway.close()
    process.exit(0)
  })
  console.log(gateway.url)
})
