// The backend on a free port, with a Sandbox instead of Plaid.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPlaidClient } from '@utdk/plaid'
import { startSandbox } from '@utdk/plaid/sandbox'
import { createWebhookVerifier } from '@utdk/plaid/webhooks'
import { Configuration, PlaidApi, Products } from 'plaid'
import { expect, onTestFinished } from 'vitest'
import { createApp } from '../app.ts'
import { itemsInMemory } from '../items.ts'
import { Plaid } from '../plaid.ts'

const FIRST_PLATYPUS_BANK = 'ins_109508'

/** Starts both until the test ends, and checks that the backend logs and answers no secret. */
export async function startBackend({ timeoutMs = 10_000 } = {}) {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  const { url: baseUrl, clientId, secret } = sandbox

  const items = itemsInMemory()
  const shown: string[] = []
  const logged: string[] = []
  const app = createApp({
    plaid: new Plaid({ baseUrl, clientId, secret, timeoutMs }),
    verifyWebhook: createWebhookVerifier({ baseUrl, clientId, secret }),
    items,
    userOf: (request) => request.get('x-user') || undefined,
    log: (line) => void logged.push(line),
  })

  let isDown = false
  const server = createServer((request, response) => {
    if (isDown) request.socket.destroy()
    else app.handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const webhookUrl = `${url}/plaid/webhook`
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await app.settled()
    const written = [...shown, ...logged].join('\n')
    for (const hidden of [secret, 'access-sandbox-', 'link-sandbox-', 'public-sandbox-']) {
      expect(written).not.toContain(hidden)
    }
  })

  /** A request from a page of `user`. */
  async function call(method: string, path: string, json?: object, user = 'user-1') {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', 'x-user': user },
      ...(json && { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    shown.push(text)
    return { status: response.status, headers: response.headers, body: JSON.parse(text) }
  }

  /** Posts a webhook that claims to be from Plaid, and resolves with the status. */
  async function postWebhook(body: string, verification?: string) {
    const response = await fetch(webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(verification && { 'plaid-verification': verification }),
      },
      body,
    })
    shown.push(await response.text())
    await app.settled()
    return response.status
  }

  /** The user links an Item, whose webhooks go to the backend. */
  async function linkItem(user = 'user-1') {
    const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
    const official = new PlaidApi(
      new Configuration({ basePath: baseUrl, baseOptions: { headers } }),
    )
    const { data } = await official.sandboxPublicTokenCreate({
      institution_id: FIRST_PLATYPUS_BANK,
      initial_products: [Products.Transactions],
      options: { webhook: webhookUrl },
    })
    const { status, body } = await call('POST', '/items', { public_token: data.public_token }, user)
    expect(status).toBe(201)
    return body.item_id as string
  }

  async function accessToken(itemId: string) {
    const item = await items.find(itemId)
    if (item === undefined) throw new Error(`the backend does not know ${itemId}`)
    return item.accessToken
  }

  const plaid = createPlaidClient({ baseUrl, clientId, secret })

  return {
    sandbox,
    items,
    plaid,
    webhookUrl,
    logged,
    settled: app.settled,
    call,
    postWebhook,
    linkItem,
    accessToken,
    /** Breaks the Item's login. */
    async breakItem(itemId: string) {
      await plaid.sandboxitemresetlogin({ access_token: await accessToken(itemId) })
    },
    /** The next webhook, after the backend has answered it and acted on it. */
    async nextWebhook(webhook_code: string) {
      const webhook = await sandbox.nextWebhook({ webhook_code })
      await app.settled()
      return webhook
    },
    async needsAttention(itemId: string): Promise<boolean> {
      const { body } = await call('GET', '/items')
      const item = body.items.find(({ item_id }: { item_id: string }) => item_id === itemId)
      return item.needs_attention
    },
    /** While the backend is down, connections to it are closed. */
    down(is: boolean) {
      isDown = is
    },
  }
}

/** Submits the form of a hosted page that posts to `end`, as a browser does. */
export async function press(hostedLinkUrl: string, end: 'complete' | 'exit') {
  const page = await (await fetch(hostedLinkUrl)).text()
  const forms = [...page.matchAll(/<form method="post" action="([^"]+)"/g)]
  const action = forms.map(([, action]) => String(action)).find((it) => it.endsWith(`/${end}`))
  if (action === undefined) throw new Error(`no form to ${end} in ${page}`)
  const response = await fetch(new URL(action, hostedLinkUrl), { method: 'POST' })
  expect(response.status).toBe(200)
  return response.text()
}
