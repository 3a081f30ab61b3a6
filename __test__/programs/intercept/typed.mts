// An app in TypeScript, run by tsx.

const { ACCESS_TOKEN: access_token, PLAID_CLIENT_ID, PLAID_SECRET } = process.env
const reply = await fetch('https://sandbox.plaid.com/item/get', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ access_token, client_id: PLAID_CLIENT_ID, secret: PLAID_SECRET }),
})
const { item } = (await reply.json()) as { item: { item_id: string } }
console.log(item.item_id)

export {}
