'use strict'

// Calls a route that the Sandbox does not emulate, twice in each of two Sandboxes, and one that Plaid
// does not have.

const { startSandbox } = require('../../sandbox.js')

async function main() {
  for (let i = 0; i < 2; i++) {
    const sandbox = await startSandbox()
    const { clientId: client_id, secret } = sandbox
    for (const path of ['/transfer/list', '/transfer/list', '/no/such/route']) {
      await fetch(sandbox.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_id, secret }),
      })
    }
    await sandbox.close()
  }
}

main()
