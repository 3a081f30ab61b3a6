// Type tests of the lists that editors offer: known values are offered, any other text is allowed.

import type { PlaidApiError, PlaidErrorCode, PlaidErrorType } from '@utdk/plaid'
import type {
  FiredWebhookCode,
  FiredWebhookType,
  NewItem,
  PlaidProduct,
  WebhookBody,
  WebhookCode,
  WebhookType,
} from '@utdk/plaid/sandbox'
import type { WebhookError } from '@utdk/plaid/webhooks'

type Lists = [
  PlaidErrorCode,
  PlaidErrorType,
  PlaidProduct,
  FiredWebhookCode,
  FiredWebhookType,
  WebhookCode,
  WebhookType,
]
export const unlisted: Lists = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
export const texts: string[] = unlisted

/** The members of an open list that are literals. */
type Listed<List> = List extends string ? (string extends List ? never : List) : never
declare function listed<List>(value: Listed<List>): void
listed<PlaidErrorCode>('ITEM_LOGIN_REQUIRED')
listed<PlaidErrorType>('ITEM_ERROR')
listed<PlaidProduct>('transactions')
listed<FiredWebhookCode>('PENDING_DISCONNECT')
listed<FiredWebhookType>('LIABILITIES')
listed<WebhookCode>('SESSION_FINISHED')
listed<WebhookType>('LINK')
// @ts-expect-error: not listed
listed<PlaidProduct>('transaction')

declare function is<Expected>(): <Actual>(
  value: [Actual, Expected] extends [Expected, Actual] ? Actual : never,
) => void
declare const api: PlaidApiError
declare const body: WebhookBody
declare const error: WebhookError
is<PlaidErrorCode>()(api.error_code)
is<PlaidErrorType>()(api.error_type)
is<PlaidErrorCode | undefined>()(body.error?.error_code)
is<PlaidErrorCode>()(error.error_code)
is<WebhookCode>()(body.webhook_code)
if (api.error_code === 'A_CODE_OF_TOMORROW') is<string>()(api.error_message)

export const products = ['auth', 'identity'] as const
export const item: NewItem = { products }
