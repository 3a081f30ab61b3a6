/** Verifies that a webhook is Plaid's, and parses it. */

import { PlaidError, type PlaidErrorCode, type PlaidErrorType } from './index.js'

/** The options of a verifier. An option left out comes from the environment, else its default. */
export interface WebhookVerifierOptions {
  /** Your Plaid `client_id`. Environment: `PLAID_CLIENT_ID`. */
  clientId?: string | undefined
  /** Your Plaid `secret`, of the same environment. Environment: `PLAID_SECRET`. */
  secret?: string | undefined
  /**
   * Where Plaid's keys are fetched: the environment that sends the webhooks, production included, or
   * the `url` of a local Sandbox. Environment: `PLAID_BASE_URL`. Default:
   * `https://sandbox.plaid.com`.
   */
  baseUrl?: string | undefined
  /**
   * How long after it was signed a webhook is accepted, in milliseconds. Default: 300 000, as Plaid
   * recommends. Plaid signs a webhook anew each time it sends it.
   */
  maxAgeMs?: number | undefined
  /** PEM certificates to trust, in addition to the system's. */
  ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
}

/** The value of the `Plaid-Verification` header, or the headers: a `Headers`, or an object. */
export type SignatureSource =
  | string
  | { get(name: string): string | null | undefined }
  | { readonly [name: string]: string | readonly string[] | undefined }
  | null
  | undefined

/**
 * Resolves with the parsed body if Plaid signed it. Rejects with a {@link PlaidWebhookError} if not,
 * or if the key cannot be fetched, and with a `PlaidUsageError` for an argument of another type, or
 * without credentials. Never throws synchronously.
 *
 * @param rawBody the body as it was received, before any JSON parser
 */
export type WebhookVerifier = (
  rawBody: string | Uint8Array,
  signature: SignatureSource,
) => Promise<PlaidWebhook>

/**
 * Creates a verifier. It keeps Plaid's keys, so create one for each environment and use it for all
 * webhooks.
 *
 * @throws {PlaidUsageError} for an option that is wrong.
 */
export function createWebhookVerifier(options?: WebhookVerifierOptions): WebhookVerifier

/**
 * Why a webhook was refused:
 * - `MISSING_SIGNATURE`: it has no `Plaid-Verification` header;
 * - `MALFORMED_SIGNATURE`: the header is not a JWT of Plaid's, or was sent twice;
 * - `WRONG_ALGORITHM`: it is not signed with ES256;
 * - `UNKNOWN_KEY`: Plaid does not know the key, in the environment of `baseUrl`;
 * - `EXPIRED_KEY`: Plaid has replaced the key;
 * - `BAD_SIGNATURE`: the signature is not the key's;
 * - `TOO_OLD`: it was signed more than `maxAgeMs` ago, or over a minute in the future;
 * - `BODY_MISMATCH`: the body is not the signed one, often since it was parsed and serialized again;
 * - `NOT_JSON`: the body is signed, but no JSON object;
 * - `KEY_UNAVAILABLE`: the key could not be fetched. It is `retryable`: answer with 503, and Plaid
 *   sends the webhook again. `cause` is the error of the request.
 */
export type WebhookErrorCode =
  | 'MISSING_SIGNATURE'
  | 'MALFORMED_SIGNATURE'
  | 'WRONG_ALGORITHM'
  | 'UNKNOWN_KEY'
  | 'EXPIRED_KEY'
  | 'BAD_SIGNATURE'
  | 'TOO_OLD'
  | 'BODY_MISMATCH'
  | 'NOT_JSON'
  | 'KEY_UNAVAILABLE'

/** A webhook is not Plaid's, or cannot be verified now. It holds neither the body nor the signature. */
export class PlaidWebhookError extends PlaidError {
  readonly code: WebhookErrorCode
}

/**
 * A webhook. `webhook_type` and `webhook_code` together say which; each member of the union has its
 * documented fields. A webhook that is not listed here is an {@link OtherWebhook}.
 */
export type PlaidWebhook =
  | ItemErrorWebhook
  | LoginRepairedWebhook
  | NewAccountsAvailableWebhook
  | PendingDisconnectWebhook
  | PendingExpirationWebhook
  | UserPermissionRevokedWebhook
  | UserAccountRevokedWebhook
  | AuthorizationGrantedWebhook
  | WebhookUpdateAcknowledgedWebhook
  | SyncUpdatesAvailableWebhook
  | RecurringTransactionsUpdateWebhook
  | TransactionsUpdateWebhook
  | TransactionsRemovedWebhook
  | AuthUpdateWebhook
  | VerificationWebhook
  | HoldingsUpdateWebhook
  | InvestmentsTransactionsUpdateWebhook
  | LiabilitiesUpdateWebhook
  | AssetsReadyWebhook
  | AssetsErrorWebhook
  | LinkItemAddResultWebhook
  | LinkSessionFinishedWebhook
  | LinkEventsWebhook
  | OtherWebhook

/** What every webhook may have. */
export interface AnyWebhook {
  webhook_type: string
  webhook_code: string
  /** Missing in LINK / EVENTS. */
  environment?: 'production' | 'sandbox' | (string & {}) | undefined
  /** The Item; webhooks about reports and Link sessions have none. */
  item_id?: string | undefined
  user_id?: string | undefined
  error?: WebhookError | null | undefined
  /** Fields that Plaid may add later. */
  [field: string]: unknown
}

/** The error that a webhook reports. */
export interface WebhookError {
  error_type: PlaidErrorType
  /** Such as `ITEM_LOGIN_REQUIRED`. */
  error_code: PlaidErrorCode
  error_code_reason?: string | null | undefined
  error_message: string
  display_message: string | null
  /** The HTTP status of the error. */
  status?: number | null | undefined
  [field: string]: unknown
}

// A type and no value: an enum's member is a string that equals no other literal.
declare enum Other {
  Code = 'a code that is not listed',
}
/** Any code that is not listed here. */
export type OtherCode = Other.Code

/** A webhook that is not listed here. To compare its code: `const code: string = webhook_code`. */
export interface OtherWebhook extends AnyWebhook {
  webhook_code: OtherCode
}

interface OfItem<Type extends string, Code extends string> extends AnyWebhook {
  webhook_type: Type
  webhook_code: Code
  item_id: string
}

/** The Item has an error; for `ITEM_LOGIN_REQUIRED`, offer Link's update mode. */
export interface ItemErrorWebhook extends OfItem<'ITEM', 'ERROR'> {
  error: WebhookError
}

/** The Item works again without your update mode. */
export interface LoginRepairedWebhook extends OfItem<'ITEM', 'LOGIN_REPAIRED'> {}

export interface NewAccountsAvailableWebhook extends OfItem<'ITEM', 'NEW_ACCOUNTS_AVAILABLE'> {}

/** The Item will need update mode. In the US and Canada. */
export interface PendingDisconnectWebhook extends OfItem<'ITEM', 'PENDING_DISCONNECT'> {
  reason: string
  /** ISO 8601. */
  disconnect_time: string
}

/** The user's consent ends soon. In Europe. */
export interface PendingExpirationWebhook extends OfItem<'ITEM', 'PENDING_EXPIRATION'> {
  /** ISO 8601. */
  consent_expiration_time: string
}

export interface UserPermissionRevokedWebhook extends OfItem<'ITEM', 'USER_PERMISSION_REVOKED'> {}

export interface UserAccountRevokedWebhook extends OfItem<'ITEM', 'USER_ACCOUNT_REVOKED'> {
  account_id: string
}

export interface AuthorizationGrantedWebhook extends OfItem<'ITEM', 'AUTHORIZATION_GRANTED'> {}

export interface WebhookUpdateAcknowledgedWebhook
  extends OfItem<'ITEM', 'WEBHOOK_UPDATE_ACKNOWLEDGED'> {
  new_webhook_url: string
}

/** `/transactions/sync` has something new. */
export interface SyncUpdatesAvailableWebhook
  extends OfItem<'TRANSACTIONS', 'SYNC_UPDATES_AVAILABLE'> {
  initial_update_complete: boolean
  historical_update_complete: boolean
}

export interface RecurringTransactionsUpdateWebhook
  extends OfItem<'TRANSACTIONS', 'RECURRING_TRANSACTIONS_UPDATE'> {
  account_ids: string[]
}

export interface TransactionsUpdateWebhook
  extends OfItem<'TRANSACTIONS', 'INITIAL_UPDATE' | 'HISTORICAL_UPDATE' | 'DEFAULT_UPDATE'> {
  new_transactions: number
}

export interface TransactionsRemovedWebhook extends OfItem<'TRANSACTIONS', 'TRANSACTIONS_REMOVED'> {
  removed_transactions: string[]
}

export interface AuthUpdateWebhook extends OfItem<'AUTH', 'DEFAULT_UPDATE'> {
  account_ids_with_new_auth: string[]
  account_ids_with_updated_auth: Record<string, string[]>
}

export interface VerificationWebhook
  extends OfItem<
    'AUTH',
    'AUTOMATICALLY_VERIFIED' | 'VERIFICATION_EXPIRED' | 'SMS_MICRODEPOSITS_VERIFICATION'
  > {
  account_id: string
  /** Of `SMS_MICRODEPOSITS_VERIFICATION`. */
  status?: string | undefined
}

export interface HoldingsUpdateWebhook extends OfItem<'HOLDINGS', 'DEFAULT_UPDATE'> {
  new_holdings: number
  updated_holdings: number
}

export interface InvestmentsTransactionsUpdateWebhook
  extends OfItem<'INVESTMENTS_TRANSACTIONS', 'DEFAULT_UPDATE' | 'HISTORICAL_UPDATE'> {
  new_investments_transactions: number
  cancelled_investments_transactions: number
}

export interface LiabilitiesUpdateWebhook extends OfItem<'LIABILITIES', 'DEFAULT_UPDATE'> {
  account_ids_with_new_liabilities: string[]
  account_ids_with_updated_liabilities: Record<string, string[]>
}

interface OfReport<Code extends string> extends AnyWebhook {
  webhook_type: 'ASSETS'
  webhook_code: Code
  asset_report_id: string
}

export interface AssetsReadyWebhook extends OfReport<'PRODUCT_READY'> {
  report_type?: string | undefined
}

export interface AssetsErrorWebhook extends OfReport<'ERROR'> {
  error: WebhookError
}

interface OfLink<Code extends string> extends AnyWebhook {
  webhook_type: 'LINK'
  webhook_code: Code
  link_session_id: string
  link_token: string
}

/** A hosted session of Link has added an Item. */
export interface LinkItemAddResultWebhook extends OfLink<'ITEM_ADD_RESULT'> {
  public_token: string
}

/** A hosted session of Link has ended. */
export interface LinkSessionFinishedWebhook extends OfLink<'SESSION_FINISHED'> {
  /** Such as `SUCCESS` or `EXITED`. */
  status: string
  public_tokens?: string[] | undefined
}

export interface LinkEventsWebhook extends OfLink<'EVENTS'> {
  events: LinkEvent[]
}

/** An event of a Link session, as Link's `onEvent` gets it. */
export interface LinkEvent {
  event_name: string
  event_id: string
  /** ISO 8601. */
  timestamp: string
  event_metadata: Record<string, unknown>
}

// biome-ignore lint/complexity/noUselessEmptyExport: without it, `Other` is exported too, and has no value.
export {}
