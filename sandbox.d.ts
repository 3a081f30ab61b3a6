/// <reference lib="esnext.disposable" />

/** A local Plaid Sandbox: no account, no network. */

import type { PlaidErrorCode, PlaidErrorType } from './index.js'

/** One of Plaid's products. The list is open: any other string is allowed. */
export type PlaidProduct =
  | 'assets'
  | 'auth'
  | 'balance'
  | 'balance_plus'
  | 'beacon'
  | 'cra_base_report'
  | 'cra_cashflow_insights'
  | 'cra_income_insights'
  | 'cra_lend_score'
  | 'cra_monitoring'
  | 'cra_network_insights'
  | 'cra_partner_insights'
  | 'cra_plaid_credit_score'
  | 'credit_details'
  | 'employment'
  | 'identity'
  | 'identity_match'
  | 'identity_verification'
  | 'income'
  | 'income_verification'
  | 'investments'
  | 'investments_auth'
  | 'layer'
  | 'liabilities'
  | 'pay_by_bank'
  | 'payment_initiation'
  | 'processor_identity'
  | 'processor_payments'
  | 'profile'
  | 'protect_linked_bank'
  | 'protect_transactions'
  | 'recurring_transactions'
  | 'signal'
  | 'standing_orders'
  | 'statements'
  | 'transactions'
  | 'transactions_refresh'
  | 'transfer'
  | (string & {})

/** A code of `/sandbox/item/fire_webhook`. The list is open: any other string is allowed. */
export type FiredWebhookCode =
  | 'DEFAULT_UPDATE'
  | 'NEW_ACCOUNTS_AVAILABLE'
  | 'SMS_MICRODEPOSITS_VERIFICATION'
  | 'AUTHORIZATION_GRANTED'
  | 'USER_PERMISSION_REVOKED'
  | 'USER_ACCOUNT_REVOKED'
  | 'PENDING_DISCONNECT'
  | 'RECURRING_TRANSACTIONS_UPDATE'
  | 'LOGIN_REPAIRED'
  | 'SYNC_UPDATES_AVAILABLE'
  | 'PRODUCT_READY'
  | 'ERROR'
  | (string & {})

/** A type of `/sandbox/item/fire_webhook`. The list is open: any other string is allowed. */
export type FiredWebhookType =
  | 'AUTH'
  | 'HOLDINGS'
  | 'INVESTMENTS_TRANSACTIONS'
  | 'ITEM'
  | 'LIABILITIES'
  | 'TRANSACTIONS'
  | 'ASSETS'
  | (string & {})

/** A type of a webhook. The list is open: any other string is allowed. */
export type WebhookType = FiredWebhookType | 'LINK'

/** A code of a webhook. The list is open: any other string is allowed. */
export type WebhookCode =
  | FiredWebhookCode
  | 'AUTOMATICALLY_VERIFIED'
  | 'EVENTS'
  | 'HISTORICAL_UPDATE'
  | 'INITIAL_UPDATE'
  | 'ITEM_ADD_RESULT'
  | 'SESSION_FINISHED'
  | 'TRANSACTIONS_REMOVED'
  | 'VERIFICATION_EXPIRED'
  | 'WEBHOOK_UPDATE_ACKNOWLEDGED'

/** The options of a Sandbox. */
export interface SandboxOptions {
  /** The port to listen on. Default: a free one. */
  port?: number | undefined
  /** The IP address to listen on. Default: `127.0.0.1`. */
  host?: string | undefined
  /**
   * Whether it also answers over TLS, as `sandbox.plaid.com`; or the port for that. The certificate
   * is also for `cdn.plaid.com`, `localhost` and `127.0.0.1`, from an authority made for this Sandbox
   * ({@link Sandbox.ca}). Default: `false`.
   */
  tls?: boolean | number | undefined
  /** The `client_id` to accept: 24 hexadecimal characters. Default: a random one. */
  clientId?: string | undefined
  /** The `secret` to accept: up to 256 characters of visible ASCII. Default: a random one. */
  secret?: string | undefined
  /** Whether every well-formed pair of credentials is accepted. Default: `false`. */
  anyCredentials?: boolean | undefined
  /**
   * A whole number that makes every id, token, credential, key and fault repeatable. Default: a
   * random one.
   */
  seed?: number | undefined
  /**
   * The time of the Sandbox's clock at the start: a `Date`, a date as text, or milliseconds since
   * 1970. The clock runs from there. Default: real time.
   */
  now?: Date | string | number | undefined
  /**
   * Webhook receivers on other machines that the Sandbox may call, as `name` or `name:port`.
   * Default: none; other webhooks are logged as not allowed.
   */
  allowWebhookHosts?: readonly string[] | undefined
  /**
   * How the transactions of a new Item arrive. `ready`: all at once, and no webhook of transactions
   * is fired by itself. `as_plaid`: the last 30 days after 5 seconds, the history after a minute, new
   * ones daily, by the Sandbox's clock, each with its webhooks. Default: `ready`.
   */
  transactions?: 'ready' | 'as_plaid' | undefined
  /** Whether other machines may use the routes under `/_sandbox/`. Default: `false`. */
  allowRemoteControl?: boolean | undefined
}

/** An Item to create. */
export interface NewItem {
  /** The URL for the Item's webhooks. Without it, none is fired. */
  webhook?: string | undefined
  /** The Item's products. Default: `['transactions']`. */
  products?: readonly PlaidProduct[] | undefined
  /** Plaid's id of a Sandbox institution. Default: `ins_109508`, First Platypus Bank. */
  institution_id?: string | undefined
  /** The Item's user, for `/sandbox/user/reset_login`. Default: none. */
  user_id?: string | undefined
}

/** An Item, without its access token. */
export interface ItemSummary {
  item_id: string
  institution_id: string
  products: PlaidProduct[]
  webhook: string | null
  /** The `user_id` of `createItem`. */
  user_id: string | null
  state: 'healthy' | 'login_required' | 'removed'
}

/** A page for Link's update mode. */
export interface UpdateLink {
  link_token: string
  /** The page, served by the Sandbox. */
  hosted_link_url: string
  /** ISO 8601. */
  expiration: string
}

/** What Link's `onSuccess` gets. */
export interface CompletedLink {
  /** The token of the new Item; `null` in update mode. */
  public_token: string | null
  metadata: LinkMetadata
  /** The session's events, oldest first: the arguments of Link's `onEvent`. */
  events: LinkEvent[]
}

/** What Link's `onEvent` gets. */
export interface LinkEvent {
  /** Such as `OPEN` and `HANDOFF`. */
  eventName: string
  /** `null` for what does not apply. */
  metadata: {
    link_session_id: string
    request_id: string
    /** ISO 8601. */
    timestamp: string
    [name: string]: string | null
  }
}

/** The `metadata` of Link's `onSuccess`. */
export interface LinkMetadata {
  institution: { institution_id: string; name: string }
  /** The accounts of the Item. */
  accounts: LinkAccount[]
  link_session_id: string
  /** Always `null`: no session moves money. */
  transfer_status: null
}

/** An account, as Link shows it. */
export interface LinkAccount {
  /** Its `account_id`. */
  id: string
  name: string
  mask: string | null
  type: string
  subtype: string | null
  verification_status: string | null
  class_type: string | null
}

/** Which webhook to wait for. A field left out matches every webhook. */
export interface WebhookFilter {
  item_id?: string | undefined
  /** Such as `ERROR`. */
  webhook_code?: WebhookCode | undefined
  /** How long to wait, in milliseconds of real time. Default: 5 000. */
  timeoutMs?: number | undefined
}

/** A webhook to fire. */
export interface WebhookToFire {
  item_id: string
  /** Such as `PENDING_DISCONNECT`: one of the codes of `/sandbox/item/fire_webhook`. */
  webhook_code: FiredWebhookCode
  /** Which `DEFAULT_UPDATE` or `ERROR`, such as `LIABILITIES`. */
  webhook_type?: FiredWebhookType | undefined
}

/** A webhook that was fired, and its deliveries. Times are ISO 8601, by the Sandbox's clock. */
export interface Webhook {
  /** The number of the webhook in this Sandbox, from 1. */
  id: number
  firedAt: string
  /** The Item's webhook URL; that of the link token for a `LINK` webhook. */
  url: string
  /** `null` for a `LINK` webhook: it is about a Link session. */
  item_id: string | null
  /** Such as `ITEM`. */
  webhook_type: WebhookType
  /** Such as `ERROR`. */
  webhook_code: WebhookCode
  /** The body, parsed. */
  body: WebhookBody
  /** The body, byte for byte as it was sent: `verification` signs these bytes. */
  rawBody: string
  /** The finished attempts to deliver it, the oldest first. */
  attempts: DeliveryAttempt[]
  /** The time of the next attempt; `null` if none is planned. */
  nextAttemptAt: string | null
  /** Of the last attempt; `null` before the first has ended. */
  verification: string | null
  /** Of the last attempt; `null` before the first has ended. */
  outcome: DeliveryOutcome | null
}

/** One attempt to deliver a webhook. */
export interface DeliveryAttempt {
  at: string
  /** The `Plaid-Verification` header: a JWT signed with ES256. */
  verification: string
  outcome: DeliveryOutcome
}

/** How an attempt ended: only status 200 within 10 seconds counts as delivered. */
export type DeliveryOutcome =
  | { kind: 'delivered'; status: 200 }
  | { kind: 'refused'; status: number }
  | { kind: 'failed'; reason: string }
  | { kind: 'not_allowed'; reason: string }

/** The body of a webhook. */
export interface WebhookBody {
  environment: string
  /** The error that the webhook reports, if any. */
  error?: {
    display_message: string | null
    error_code: PlaidErrorCode
    error_code_reason?: string | null
    error_message: string
    error_type: PlaidErrorType
    /** The HTTP status of the error. */
    status: number
  } | null
  /** The Item; webhooks about Asset Reports and Link sessions have none. */
  item_id?: string
  webhook_code: WebhookCode
  webhook_type: WebhookType
  [field: string]: unknown
}

/** A request to one of Plaid's routes, without secrets. */
export interface LoggedRequest {
  /** The time of the reply, by the Sandbox's clock. */
  at: string
  /** How long the reply took, an injected delay included, in milliseconds. */
  took_ms: number
  method: string
  path: string
  /**
   * The fields that the route knows. A token shows only its last four characters. `null` if the
   * body was not read as the route's fields.
   */
  fields: Record<string, unknown> | null
  /** The Item of the request. */
  item_id: string | null
  /** The HTTP status of the reply; `null` if a fault prevented one. */
  status: number | null
  error_code: PlaidErrorCode | null
  request_id: string | null
  /** The fault that applied to the request. */
  fault: FaultKind | null
  /** Whether Plaid has this route and the Sandbox does not: it answered NOT_FOUND. */
  not_emulated: boolean
}

/** A stub that is set; see {@link Sandbox.stub}. */
export interface Stub {
  path: string
  bodies: Record<string, unknown>[]
  /** The HTTP status; `null` for 200. */
  status: number | null
}

/** How a request fails: see {@link Sandbox.failNext}. */
export type FaultKind = 'error' | 'html' | 'reset' | 'cut_short' | 'hang'

/** Which requests a fault applies to. */
export interface FaultTarget {
  /** The route, such as `/item/get`. Default: all of Plaid's. */
  path?: string | undefined
  /** How many requests it applies to. */
  times?: number | undefined
  /** The probability for each request, above 0 and at most 1. Default: 1. */
  probability?: number | undefined
}

/** A fault; see {@link Sandbox.failNext}. */
export interface Failure extends FaultTarget {
  /** Default: `error`. */
  kind?: FaultKind | undefined
  /** The HTTP status, for `error` and `html`. Default: that of the error code; 502 for `html`. */
  status?: number | undefined
  /**
   * One of Plaid's error codes, such as `RATE_LIMIT`, for `error`. Default: that of `status`, or
   * `INTERNAL_SERVER_ERROR`.
   */
  error_code?: PlaidErrorCode | undefined
  /** The `Retry-After` header in seconds, for `error`. Default: none. */
  retryAfter?: number | undefined
}

/** A delay of replies; see {@link Sandbox.delay}. */
export interface Delay extends FaultTarget {
  /** The delay in milliseconds of real time, at most an hour. */
  ms: number
}

/** A fault that still applies. */
export type ActiveFault = (
  | { kind: 'delay'; ms: number }
  | {
      kind: 'error'
      status: number | null
      error_code: PlaidErrorCode | null
      retryAfter: number | null
    }
  | { kind: 'html'; status: number | null }
  | { kind: 'reset' | 'cut_short' | 'hang' }
) & {
  path: string | null
  /** How many more requests it applies to; `null` for no limit. */
  times: number | null
  probability: number | null
}

/** A running Sandbox. It does not keep the process alive. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`: the base URL for any Plaid client. */
  readonly url: string
  /** `https://127.0.0.1:PORT`, with the option `tls`. */
  readonly tlsUrl: string | undefined
  /**
   * The certificate authority of `tlsUrl`, as PEM, with the option `tls`. Its key is new for each
   * Sandbox, also with a seed, and it cannot vouch for any other host.
   */
  readonly ca: string | undefined
  /** The `client_id` that it accepts. */
  readonly clientId: string
  /** The `secret` that it accepts. */
  readonly secret: string
  /**
   * Creates an Item, as `/sandbox/public_token/create` and `/item/public_token/exchange` do.
   * Rejects with a `PlaidUsageError` with Plaid's error code for a field that Plaid refuses.
   */
  createItem(item?: NewItem): Promise<{ access_token: string; item_id: string }>
  /** Every Item, the oldest first, also removed ones. */
  items(): Promise<ItemSummary[]>
  /**
   * Repairs the login of an Item outside your update mode, as if its user had logged in again in
   * another application. Its token and ids stay, and `LOGIN_REPAIRED` is fired. Plaid has no such
   * route.
   */
  repairItem(item_id: string): Promise<void>
  /**
   * Creates a Link session in update mode for the Item, broken or not, as `/link/token/create` does
   * for a backend: `hosted_link_url` for a browser, `link_token` for {@link Sandbox.completeLink}.
   * Both are valid until `expiration`, half an hour from now by the Sandbox's clock.
   */
  createUpdateLink(item_id: string): Promise<UpdateLink>
  /**
   * Completes Link as its user would, and resolves with what Link's `onSuccess` gets. In update mode
   * the user logs in again, which repairs the Item and fires no webhook of the Item. Otherwise the
   * user links a new Item. Rejects with a `PlaidUsageError` (`INVALID_LINK_TOKEN`) for a token that
   * is unknown or has expired.
   *
   * A token with `hosted_link` and a `webhook` then fires `LINK` webhooks to that URL:
   * `ITEM_ADD_RESULT` for a new Item, `SESSION_FINISHED` and `EVENTS`.
   */
  completeLink(link_token: string): Promise<CompletedLink>
  /** Leaves Link as its user would, without completing it. It fires the same `LINK` webhooks. */
  exitLink(link_token: string): Promise<void>
  /**
   * The oldest webhook that matches and was not returned before, also one fired before this call.
   * Resolves when the first attempt to deliver it has ended. Rejects with a `PlaidTimeoutError`
   * (`WEBHOOK_TIMEOUT`) if none is fired in time, and at once with a `PlaidUsageError`
   * (`NO_WEBHOOK_URL`) if the Item has no webhook URL and no webhook about it is left.
   */
  nextWebhook(
    filter?: WebhookFilter,
  ): Promise<Webhook & { verification: string; outcome: DeliveryOutcome }>
  /** The last 10 000 webhooks, the oldest first, with all attempts to deliver them. */
  webhooks(): Promise<Webhook[]>
  /** Delivers a webhook again now, and resolves when that attempt has ended. */
  redeliverWebhook(
    id: number,
  ): Promise<Webhook & { verification: string; outcome: DeliveryOutcome }>
  /**
   * Fires a webhook about an Item as `/sandbox/item/fire_webhook` does, without its access token, and
   * also for a broken Item. It changes nothing else. Rejects with a `PlaidUsageError`:
   * `NO_WEBHOOK_URL` if the Item has none, or Plaid's error code for a webhook that Plaid refuses.
   */
  fireWebhook(webhook: WebhookToFire): Promise<void>
  /**
   * Signs any body, to test how your backend verifies it. Resolves with the value of the
   * `Plaid-Verification` header. The current key signs it, until `rotateWebhookKey()` lets that key
   * expire.
   */
  signWebhook(
    body: string | Uint8Array,
    options?: {
      /** When it claims to be signed, in Unix seconds. Default: now, in real time. */
      iat?: number | undefined
    },
  ): Promise<string>
  /**
   * Creates a new key for signing webhooks, and resolves with its `kid`. The old key is still served,
   * as expired.
   */
  rotateWebhookKey(): Promise<string>
  /** The last 10 000 requests to Plaid's routes, the oldest first, without secrets. */
  requests(): Promise<LoggedRequest[]>
  /** The time of the Sandbox's clock. */
  now(): Promise<Date>
  /**
   * Advances the Sandbox's clock. All events until then happen in order, each at its time: webhooks
   * are retried, tokens expire, Items need a new login after 30 days. Resolves with the time of the
   * clock when all of them have ended.
   */
  advanceClock(ms: number): Promise<Date>
  /**
   * Makes requests fail: the next one, or `times` of them, or each with `probability`. `error`
   * answers with one of Plaid's errors, `html` with a proxy's page; `reset` resets the connection,
   * `hang` never answers. None of these carries out the request. `cut_short` does, and closes the
   * connection in the middle of the reply.
   */
  failNext(failure?: Failure): Promise<void>
  /** Delays replies: all of them, or `times`, or each with `probability`. */
  delay(delay: Delay): Promise<void>
  /** The faults and delays that still apply. */
  faults(): Promise<ActiveFault[]>
  /** Clears all faults and delays. */
  clearFaults(): Promise<void>
  /**
   * Sets the reply of a route of Plaid's, whether or not the Sandbox emulates it. Several bodies are
   * served in turn, and the last one stays. Credentials, fields and the Item are checked first, so a
   * broken Item still answers ITEM_LOGIN_REQUIRED. The reply gets a `request_id`.
   *
   * With a `status` of 400 or more, a body with one of Plaid's `error_code`s gets the other fields of
   * that error. All stubs together may have 16 MiB of JSON.
   */
  stub(
    path: string,
    body: object | object[],
    options?: { status?: number | undefined },
  ): Promise<void>
  /** The stubs that are set. */
  stubs(): Promise<Stub[]>
  /** Removes all stubs. */
  clearStubs(): Promise<void>
  /**
   * Clears all Items, tokens, webhooks, requests, faults and stubs, and sets the clock back to its start.
   * With a seed, the same ids and keys come again. The URL and the credentials stay.
   */
  reset(): Promise<void>
  /** Stops the Sandbox, and waits until its port is free. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a Sandbox in this process, off the JavaScript thread.
 *
 * Rejects with a `PlaidError` if the port is taken (`EADDRINUSE`).
 */
export function startSandbox(options?: SandboxOptions): Promise<Sandbox>
