// route.mjs
import { createWebhookVerifier, PlaidWebhookError } from '@utdk/plaid/webhooks'

const verify = createWebhookVerifier()

export async function POST(request) {
  try {
    const webhook = await verify(await request.text(), request.headers)
    console.log(webhook.webhook_type, webhook.webhook_code, webhook.item_id)
    return new Response(null, { status: 200 })
  } catch (error) {
    if (!(error instanceof PlaidWebhookError)) throw error
    return new Response(null, { status: error.retryable ? 503 : 400 })
  }
}
