// A bank login breaks, and its user repairs it: against the local Sandbox of @utdk/plaid.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createPlaidClient } from '@utdk/plaid'
import { startSandbox } from '@utdk/plaid/sandbox'
import { createWebhookVerifier } from '@utdk/plaid/webhooks'
import { Configuration, PlaidApi, Products } from 'plaid'
import { expect, onTestFinished, test } from 'vitest'
import { createApp, type Item } from '../app.ts'

/** The backend on a free port, with a Sandbox instead of Plaid, and an Item that its user linked. */
async function start() {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  const { url: baseUrl, clientId, secret } = sandbox
  const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
  const plaid = new PlaidApi(new Configuration({ basePath: baseUrl, baseOptions: { headers } }))
  const items = new Map<string, Item>()
  const logged: string[] = []
  const app = createApp({
    plaid,
    verifyWebhook: createWebhookVerifier({ baseUrl, clientId, secret }),
    items,
    userOf: (request) => request.get('x-user') || undefined,
    log: (line) => void logged.push(line),
  })
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function call(method: string, path: string, json?: object, user = 'user-1') {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', 'x-user': user },
      ...(json && { body: JSON.stringify(json) }),
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  async function postWebhook(body: string, verification: string) {
    const headers = { 'content-type': 'application/json', 'plaid-verification': verification }
    return (await fetch(`${url}/plaid/webhook`, { method: 'POST', headers, body })).status
  }

  const { data } = await plaid.sandboxPublicTokenCreate({
    institution_id: 'ins_109508',
    initial_products: [Products.Transactions],
    options: { webhook: `${url}/plaid/webhook` },
  })
  const { body } = await call('POST', '/items', { public_token: data.public_token })
  const itemId: string = body.item_id
  const access_token = items.get(itemId)?.accessToken ?? ''
  return {
    sandbox,
    logged,
    secret,
    itemId,
    call,
    postWebhook,
    breakItem: () =>
      createPlaidClient({ baseUrl, clientId, secret }).sandboxitemresetlogin({ access_token }),
    /** Waits until the backend says so: it answers a webhook before it acts on it. */
    needsAttention: (expected: boolean) =>
      expect
        .poll(async () => (await call('GET', '/items')).body.items)
        .toEqual([{ item_id: itemId, needs_attention: expected }]),
    async updateLink(): Promise<string> {
      const link = await call('POST', `/items/${itemId}/update-link`)
      expect(link.status).toBe(200)
      const page: string = link.body.hosted_link_url
      expect((await fetch(page)).status).toBe(200)
      return page
    },
  }
}

test('the backend notices a broken login, and its user repairs it in update mode', async () => {
  const { breakItem, sandbox, needsAttention, updateLink, call, itemId } = await start()
  await needsAttention(false)
  await breakItem()
  const { outcome } = await sandbox.nextWebhook({ webhook_code: 'ERROR' })
  expect(outcome).toEqual({ kind: 'delivered', status: 200 })
  await needsAttention(true)

  const page = await updateLink()
  // The user presses the page's button.
  expect((await fetch(`${page}/complete`, { method: 'POST' })).status).toBe(200)
  const updated = await call('POST', `/items/${itemId}/updated`)
  expect(updated.body).toEqual({ item_id: itemId, needs_attention: false })
})

test('a user who leaves Link still has a broken login', async () => {
  const { breakItem, needsAttention, updateLink, call, itemId } = await start()
  await breakItem()
  await needsAttention(true)
  await fetch(`${await updateLink()}/exit`, { method: 'POST' })
  expect((await call('POST', `/items/${itemId}/updated`)).body.needs_attention).toBe(true)
})

test('LOGIN_REPAIRED tells the backend about a repair elsewhere', async () => {
  const { breakItem, needsAttention, sandbox, itemId } = await start()
  await breakItem()
  await needsAttention(true)
  await sandbox.repairItem(itemId)
  await needsAttention(false)
})

test('a forged webhook is refused, and a late one does not undo a newer one', async () => {
  const { breakItem, needsAttention, sandbox, postWebhook, itemId } = await start()
  await breakItem()
  const { rawBody, verification } = await sandbox.nextWebhook({ webhook_code: 'ERROR' })
  await sandbox.repairItem(itemId)
  await needsAttention(false)
  expect(await postWebhook(rawBody.replace('LOGIN', 'LOGOUT'), verification)).toBe(401)
  expect(await postWebhook(rawBody, verification)).toBe(200)
  await needsAttention(false)
})

test('a user cannot see or repair the Items of others', async () => {
  const { call, itemId } = await start()
  expect((await call('GET', '/items', undefined, 'user-2')).body).toEqual({ items: [] })
  for (const action of ['update-link', 'updated']) {
    expect((await call('POST', `/items/${itemId}/${action}`, {}, 'user-2')).status).toBe(404)
    expect((await call('POST', `/items/${itemId}/${action}`, {}, '')).status).toBe(401)
  }
})

test('while Plaid fails, the backend says so, and shows no secret', async () => {
  const { call, itemId, sandbox, logged, secret } = await start()
  await sandbox.failNext({ path: '/link/token/create', error_code: 'INTERNAL_SERVER_ERROR' })
  const failed = await call('POST', `/items/${itemId}/update-link`)
  expect([failed.status, failed.body]).toEqual([503, { error: 'INTERNAL_SERVER_ERROR' }])
  expect((await call('POST', '/items', { public_token: 'public-sandbox-1' })).status).toBe(502)
  const shown = JSON.stringify([failed, logged])
  for (const hidden of [secret, 'access-sandbox-']) expect(shown).not.toContain(hidden)
})
