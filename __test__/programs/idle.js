'use strict'

// Imports the package, and does what TEST_MODE says:
//   import      nothing more
//   client      creates a client
//   call        makes one call; its connection stays open
//   failed      makes one call that fails

const plaid = require('../../index.js')

const { TEST_ACCESS_TOKEN: access_token, TEST_MODE: mode } = process.env

if (mode === 'client') plaid.createPlaidClient()
if (mode === 'call' || mode === 'failed') {
  plaid.sandboxitemresetlogin({ access_token }).then(
    () => process.stdout.write('resolved'),
    (error) => process.stdout.write(error.code),
  )
}
