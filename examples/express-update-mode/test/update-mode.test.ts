// A bank login breaks, and the user repairs it.

import { expect, test } from 'vitest'
import { press, startBackend } from './support.ts'

test('the backend notices a broken login, and its user repairs it in update mode', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  const accessToken = await backend.accessToken(itemId)
  expect(await backend.needsAttention(itemId)).toBe(false)

  await backend.breakItem(itemId)
  const { outcome } = await backend.nextWebhook('ERROR')
  expect(outcome).toEqual({ kind: 'delivered', status: 200 })
  expect(await backend.needsAttention(itemId)).toBe(true)

  const link = await backend.call('POST', `/items/${itemId}/update-link`)
  expect(link.status).toBe(200)
  expect(await press(link.body.hosted_link_url, 'complete')).toContain('Login updated')

  const updated = await backend.call('POST', `/items/${itemId}/updated`)
  expect(updated.body).toEqual({ item_id: itemId, needs_attention: false })
  expect(await backend.needsAttention(itemId)).toBe(false)
  expect(await backend.accessToken(itemId)).toBe(accessToken)
  expect(await backend.sandbox.items()).toMatchObject([{ item_id: itemId, state: 'healthy' }])
})

test('a user who leaves Link still has a broken login, and can try again', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.breakItem(itemId)
  await backend.nextWebhook('ERROR')

  const link = await backend.call('POST', `/items/${itemId}/update-link`)
  await press(link.body.hosted_link_url, 'exit')
  const left = await backend.call('POST', `/items/${itemId}/updated`)
  expect(left.body.needs_attention).toBe(true)

  const again = await backend.call('POST', `/items/${itemId}/update-link`)
  await press(again.body.hosted_link_url, 'complete')
  const updated = await backend.call('POST', `/items/${itemId}/updated`)
  expect(updated.body.needs_attention).toBe(false)
})

test('LOGIN_REPAIRED tells the backend about a repair elsewhere', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.breakItem(itemId)
  await backend.nextWebhook('ERROR')
  expect(await backend.needsAttention(itemId)).toBe(true)

  await backend.sandbox.repairItem(itemId)
  await backend.nextWebhook('LOGIN_REPAIRED')
  expect(await backend.needsAttention(itemId)).toBe(false)
})

test('a user cannot see or repair the Items of others', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem('user-2')
  expect((await backend.call('GET', '/items')).body).toEqual({ items: [] })
  for (const action of ['update-link', 'updated']) {
    expect((await backend.call('POST', `/items/${itemId}/${action}`)).status).toBe(404)
    expect((await backend.call('POST', `/items/${itemId}/${action}`, {}, '')).status).toBe(401)
  }
})

test('an unknown public token is a 400', async () => {
  const backend = await startBackend()
  const unknown = 'public-sandbox-00000000-0000-0000-0000-000000000000'
  const refused = await backend.call('POST', '/items', { public_token: unknown })
  expect([refused.status, refused.body]).toEqual([400, { error: 'public_token_invalid' }])
  expect((await backend.call('POST', '/items', {})).status).toBe(400)
})

const LINK = '/link/token/create'

test.each([
  {
    trouble: { status: 429, error_code: 'RATE_LIMIT', retryAfter: 7 },
    reply: [503, 'plaid_unavailable', '7'],
  },
  { trouble: { status: 500 }, reply: [503, 'plaid_unavailable', null] },
  { trouble: { kind: 'html' as const }, reply: [503, 'plaid_unavailable', null] },
  { trouble: { kind: 'reset' as const }, reply: [503, 'plaid_unavailable', null] },
  { trouble: { kind: 'cut_short' as const }, reply: [503, 'plaid_unavailable', null] },
])('while Plaid fails with $trouble, the backend answers 503', async (example) => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.sandbox.failNext({ path: LINK, ...example.trouble })

  const { status, body, headers } = await backend.call('POST', `/items/${itemId}/update-link`)
  expect([status, body.error, headers.get('retry-after')]).toEqual(example.reply)

  expect((await backend.call('POST', `/items/${itemId}/update-link`)).status).toBe(200)
})

test('when Plaid does not answer, the backend answers 504', async () => {
  const backend = await startBackend({ timeoutMs: 1_000 })
  const itemId = await backend.linkItem()
  await backend.sandbox.failNext({ path: LINK, kind: 'hang' })
  const { status, body } = await backend.call('POST', `/items/${itemId}/update-link`)
  expect([status, body]).toEqual([504, { error: 'plaid_timeout' }])
})
