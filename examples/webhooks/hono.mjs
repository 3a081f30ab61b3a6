// hono.mjs

import { createWebhookVerifier, PlaidWebhookError } from '@utdk/plaid/webhooks'
import { Hono } from 'hono'

const verify = createWebhookVerifier()
export const app = new Hono()

app.post('/plaid/webhook', async (c) => {
  try {
    const webhook = await verify(await c.req.text(), c.req.raw.headers)
    console.log(webhook.webhook_type, webhook.webhook_code, webhook.item_id)
    return c.body(null, 200)
  } catch (error) {
    if (!(error instanceof PlaidWebhookError)) throw error
    return c.body(null, error.retryable ? 503 : 400)
  }
})
