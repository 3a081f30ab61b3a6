'use strict'

// This package's own client and verifier, as an app has them: with Plaid's own host.
//
//     node own.js <an access token> <the body of a webhook> <its signature>

const { createPlaidClient } = require('../../../index.js')
const { createWebhookVerifier } = require('../../../webhooks.js')

async function main([access_token, body, signature]) {
  for (const baseUrl of [
    undefined,
    'https://sandbox.plaid.com',
    'https://Sandbox.Plaid.com:443/',
  ]) {
    const client = createPlaidClient({ baseUrl, maxRetries: 0 })
    const { reset_login } = await client.sandboxitemresetlogin({ access_token })
    const { webhook_code } = await createWebhookVerifier({ baseUrl })(body, signature)
    console.log(reset_login, webhook_code)
  }
}

main(process.argv.slice(2)).catch((error) => console.log(error))
