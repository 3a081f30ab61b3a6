// express.mjs

import { createWebhookVerifier, PlaidWebhookError } from '@utdk/plaid/webhooks'
import express from 'express'

const verify = createWebhookVerifier()
export const app = express()

// Before any express.json(): the signature is over the raw body.
const raw = express.raw({ type: () => true, limit: '1mb' })

app.post('/plaid/webhook', raw, async (request, response) => {
  try {
    const webhook = await verify(request.body ?? '', request.headers)
    response.sendStatus(200)
    console.log(webhook.webhook_type, webhook.webhook_code, webhook.item_id)
  } catch (error) {
    if (!(error instanceof PlaidWebhookError)) throw error
    response.sendStatus(error.retryable ? 503 : 400)
  }
})
