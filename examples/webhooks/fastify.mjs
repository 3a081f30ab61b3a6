// fastify.mjs

import { createWebhookVerifier, PlaidWebhookError } from '@utdk/plaid/webhooks'
import Fastify from 'fastify'

const verify = createWebhookVerifier()
export const app = Fastify()

app.register(async (scope) => {
  // Only in this scope: a JSON body stays as it was received.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request, body) => body)

  scope.post('/plaid/webhook', async (request, reply) => {
    try {
      const webhook = await verify(request.body ?? '', request.headers)
      console.log(webhook.webhook_type, webhook.webhook_code, webhook.item_id)
      return reply.code(200).send()
    } catch (error) {
      if (!(error instanceof PlaidWebhookError)) throw error
      return reply.code(error.retryable ? 503 : 400).send()
    }
  })
})
