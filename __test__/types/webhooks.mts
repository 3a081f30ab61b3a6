// Type tests of `@utdk/plaid/webhooks`: what must compile, and what must not.

import type { PlaidError } from '@utdk/plaid'
import {
  type AnyWebhook,
  createWebhookVerifier,
  type OtherWebhook,
  type PlaidWebhook,
  PlaidWebhookError,
  type WebhookVerifier,
} from '@utdk/plaid/webhooks'

declare function is<Expected>(): <Actual>(
  value: [Actual, Expected] extends [Expected, Actual] ? Actual : never,
) => void

const verify: WebhookVerifier = createWebhookVerifier()
createWebhookVerifier({
  clientId: process.env.PLAID_CLIENT_ID,
  secret: process.env.PLAID_SECRET,
  baseUrl: 'https://production.plaid.com',
  maxAgeMs: 60_000,
  ca: [Buffer.from(''), ''],
})
// @ts-expect-error: no such option
createWebhookVerifier({ tolerance: 1 })
// @ts-expect-error: a number of milliseconds
createWebhookVerifier({ maxAgeMs: '1' })

declare const request: Request
declare const headers: import('node:http').IncomingHttpHeaders
declare const distinct: NodeJS.Dict<string[]>
declare const express: { get(name: string): string | undefined }

is<PlaidWebhook>()(await verify('', ''))
await verify(Buffer.from(''), headers)
await verify(new Uint8Array(), request.headers)
await verify('', distinct)
await verify('', express.get('plaid-verification'))
await verify('', { 'Plaid-Verification': 'x' })
await verify('', undefined)
await verify('', null)
// @ts-expect-error: the parsed body
await verify({ webhook_type: 'ITEM' }, '')
// @ts-expect-error: no signature
await verify('')
// @ts-expect-error: the body of a Request is a stream
await verify(request.body, request.headers)

const webhook = await verify('', '')
is<string | undefined>()(webhook.item_id)
is<unknown>()(webhook.a_field_of_tomorrow)

if (webhook.webhook_type === 'ITEM' && webhook.webhook_code === 'ERROR') {
  is<string>()(webhook.item_id)
  is<string>()(webhook.error.error_code)
}
if (webhook.webhook_code === 'PENDING_DISCONNECT') is<string>()(webhook.disconnect_time)
if (webhook.webhook_type === 'LINK' && webhook.webhook_code === 'SESSION_FINISHED') {
  is<string>()(webhook.link_token)
  is<string | undefined>()(webhook.item_id)
}
// Both types have this code.
if (webhook.webhook_code === 'ERROR') is<'ITEM' | 'ASSETS'>()(webhook.webhook_type)

switch (webhook.webhook_type) {
  case 'TRANSACTIONS':
    switch (webhook.webhook_code) {
      case 'SYNC_UPDATES_AVAILABLE':
        is<boolean>()(webhook.historical_update_complete)
        break
      case 'DEFAULT_UPDATE':
      case 'INITIAL_UPDATE':
      case 'HISTORICAL_UPDATE':
        is<number>()(webhook.new_transactions)
        break
      case 'TRANSACTIONS_REMOVED':
        is<string[]>()(webhook.removed_transactions)
        break
      case 'RECURRING_TRANSACTIONS_UPDATE':
        break
      default:
        // A code that is not listed reaches it.
        is<OtherWebhook>()(webhook)
    }
    break
  case 'TRANSFER': {
    // A type that is not listed is allowed, and so is its code, as text.
    is<OtherWebhook>()(webhook)
    const code: string = webhook.webhook_code
    if (code === 'TRANSFER_EVENTS_UPDATE') break
  }
}

const anyone: AnyWebhook = webhook
is<string>()(anyone.webhook_code)

const error: unknown = undefined
if (error instanceof PlaidWebhookError) {
  const base: PlaidError = error
  if (error.code === 'KEY_UNAVAILABLE') is<boolean>()(base.retryable)
  // @ts-expect-error: no such code
  if (error.code === 'NOT_A_CODE') base.message
}
