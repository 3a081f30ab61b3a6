// Creates Items as a backend's tests do, over HTTP, and prints their access tokens. It is a process
// of its own, so that the one it calls holds nothing of it.
//
//     node link-items.js < { url, clientId, secret, items }

'use strict'

const { request } = require('undici')

const IN_FLIGHT = 16

async function main() {
  const input = await process.stdin.setEncoding('utf8').toArray()
  const { url, clientId, secret, items } = JSON.parse(input.join(''))

  async function post(path, body) {
    const reply = await request(url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'plaid-client-id': clientId,
        'plaid-secret': secret,
      },
      body: JSON.stringify(body),
    })
    if (reply.statusCode !== 200) throw new Error(`${path}: ${await reply.body.text()}`)
    return reply.body.json()
  }

  const tokens = []
  let left = items
  async function lane() {
    while (left > 0) {
      left -= 1
      const { public_token } = await post('/sandbox/public_token/create', {
        institution_id: 'ins_109508',
        initial_products: ['transactions'],
      })
      const { access_token } = await post('/item/public_token/exchange', { public_token })
      tokens.push(access_token)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  process.stdout.write(JSON.stringify(tokens))
}

main()
