// What a webhook says about an Item's login.

import type { PlaidWebhook } from '@utdk/plaid/webhooks'
import type { LoginStatus } from './items.ts'

/** The Item and the state of its login, if the webhook is about that. */
export function loginNews(
  webhook: PlaidWebhook,
): { itemId: string; login: LoginStatus } | undefined {
  if (webhook.webhook_type !== 'ITEM') return undefined
  switch (webhook.webhook_code) {
    case 'LOGIN_REPAIRED':
      return { itemId: webhook.item_id, login: 'healthy' }
    case 'ERROR':
      if (webhook.error.error_code !== 'ITEM_LOGIN_REQUIRED') return undefined
      return { itemId: webhook.item_id, login: 'login_required' }
    default:
      return undefined
  }
}
