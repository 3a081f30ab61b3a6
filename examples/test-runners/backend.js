// The backend under test: it verifies Plaid's webhooks, and shows its user a link to update mode when a
// login is broken.

const { once } = require('node:events')
const http = require('node:http')
const { createWebhookVerifier } = require('@utdk/plaid/webhooks')
const { Configuration, PlaidApi } = require('plaid')

/** Starts the backend on a free port, with Plaid at `url`. */
async function startBackend({ url, clientId, secret }) {
  const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
  const plaid = new PlaidApi(new Configuration({ basePath: url, baseOptions: { headers } }))
  const verify = createWebhookVerifier({ baseUrl: url, clientId, secret })
  /** By `item_id`: the access token, and whether the login is broken. */
  const items = new Map()

  async function handle(request) {
    const { pathname, searchParams } = new URL(request.url, backend.url)
    if (pathname === '/plaid/webhook') {
      const { item_id, webhook_code } = await verify(await bodyOf(request), request.headers)
      if (webhook_code === 'ERROR') items.get(item_id).broken = true
      if (webhook_code === 'LOGIN_REPAIRED') items.get(item_id).broken = false
      return 'ok'
    }
    const item = items.get(pathname.slice(1))
    // The user is back from Link: ask Plaid, because update mode fires no webhook.
    if (searchParams.has('updated')) {
      const { data } = await plaid.itemGet({ access_token: item.access_token })
      item.broken = data.item.error !== null
    }
    return item.broken
      ? `<a href="${await updateLink(pathname, item)}">Log in again</a>`
      : 'Connected'
  }

  async function updateLink(pathname, { access_token }) {
    const { data } = await plaid.linkTokenCreate({
      access_token,
      client_name: 'Example',
      language: 'en',
      country_codes: ['US'],
      user: { client_user_id: 'user-1' },
      hosted_link: { completion_redirect_uri: `${backend.url}${pathname}?updated` },
    })
    return data.hosted_link_url
  }

  const server = http.createServer((request, response) => {
    handle(request).then(
      (html) => response.setHeader('content-type', 'text/html').end(html),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const backend = {
    url: `http://127.0.0.1:${server.address().port}`,
    addItem: ({ item_id, access_token }) => items.set(item_id, { access_token, broken: false }),
    isBroken: (item_id) => items.get(item_id).broken,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return backend
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

module.exports = { startBackend }
