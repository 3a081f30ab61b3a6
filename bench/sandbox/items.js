// Calls a Sandbox over HTTP, as a backend does. A process of its own, so that the process of the
// Sandbox keeps no memory of it.
//
//     node items.js < { url, clientId, secret, create }    creates Items, and prints their tokens
//     node items.js < { url, clientId, secret, reset }     resets the logins of these tokens

'use strict'

const { request } = require('undici')
const { PATH, accept } = require('../plaid')

const IN_FLIGHT = 16

async function main() {
  const input = await process.stdin.setEncoding('utf8').toArray()
  const { url, clientId, secret, create = 0, reset = [] } = JSON.parse(input.join(''))

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

  async function createItem() {
    const { public_token } = await post('/sandbox/public_token/create', {
      institution_id: 'ins_109508',
      initial_products: ['transactions'],
    })
    const { access_token } = await post('/item/public_token/exchange', { public_token })
    tokens.push(access_token)
  }

  const tokens = []
  const tasks = [
    ...Array.from({ length: create }, () => createItem),
    ...reset.map((access_token) => async () => accept(await post(PATH, { access_token }))),
  ].values()
  async function lane() {
    for (const task of tasks) await task()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  process.stdout.write(JSON.stringify(tokens))
}

main()
