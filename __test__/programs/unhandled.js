'use strict'

// Makes one call that is refused, and does not handle the rejection.

const plaid = require('../../index.js')

async function breakTheLogin() {
  await plaid.sandboxitemresetlogin({ access_token: process.env.TEST_ACCESS_TOKEN })
}

breakTheLogin()
