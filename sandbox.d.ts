/** A local Plaid Sandbox: no account, no network. */

/** How the Sandbox is to run. */
export interface SandboxOptions {
  /** The port to listen on. Default: a free one. */
  port?: number
  /** The IP address to listen on. Default: `127.0.0.1`. */
  host?: string
  /**
   * A whole number that makes every id, token, credential, key and fault repeatable. Default: each
   * Sandbox has its own.
   */
  seed?: number
  /**
   * What its clock shows at the start: a `Date`, a date as text, or milliseconds since 1970. It
   * runs on from there. Default: real time.
   */
  now?: Date | string | number
  /**
   * Webhook receivers outside this machine that may be called, as `name` or `name:port`. Default:
   * none; webhooks to them are logged as not allowed.
   */
  allowWebhookHosts?: string[]
  /** Whether the routes under `/_sandbox/` answer callers from other machines. Default: `false`. */
  allowRemoteControl?: boolean
}

/** An Item to be created. */
export interface NewItem {
  /** Where the Item's webhooks go. Without it, none is fired. */
  webhook?: string
  /** The products it is initialised with. Default: `['transactions']`. */
  products?: string[]
  /** Plaid's id of a Sandbox institution. Default: `ins_109508`, First Platypus Bank. */
  institution_id?: string
  /** Whose Item it is, for `/sandbox/user/reset_login`. Default: nobody's. */
  user_id?: string
}

/** An Item as the Sandbox knows it; its token is not shown. */
export interface ItemSummary {
  item_id: string
  institution_id: string
  products: string[]
  webhook: string | null
  /** The `user_id` that it was created with. */
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

/** Which webhook to wait for; what is left out matches all. */
export interface WebhookFilter {
  item_id?: string
  /** Such as `ERROR`. */
  webhook_code?: string
  /** How long to wait, in milliseconds of real time. Default: 5 000. */
  timeoutMs?: number
}

/** A webhook that was fired, and what became of it. Times are ISO 8601, by the Sandbox's clock. */
export interface Webhook {
  /** Counts the webhooks of this Sandbox, from 1. */
  id: number
  firedAt: string
  /** The Item's webhook URL. */
  url: string
  item_id: string
  /** Such as `ITEM`. */
  webhook_type: string
  /** Such as `ERROR`. */
  webhook_code: string
  /** The body, parsed. */
  body: WebhookBody
  /** The body, byte for byte as it was sent: what `verification` vouches for. */
  rawBody: string
  /** The attempts to deliver it that have ended, the oldest first. */
  attempts: DeliveryAttempt[]
  /** When it is delivered again; `null` when nothing more is planned. */
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

/** How an attempt ended: only an answer of 200 within 10 seconds counts as delivered. */
export type DeliveryOutcome =
  | { kind: 'delivered'; status: 200 }
  | { kind: 'refused'; status: number }
  | { kind: 'failed'; reason: string }
  | { kind: 'not_allowed'; reason: string }

/** What Plaid posts to a webhook's receiver. */
export interface WebhookBody {
  environment: string
  /** Why the webhook was fired, if for an error. */
  error?: {
    display_message: string | null
    error_code: string
    error_code_reason?: string | null
    error_message: string
    error_type: string
    /** The HTTP status that goes with the error. */
    status: number
  } | null
  /** The Item it is about; webhooks about Asset Reports have none. */
  item_id?: string
  webhook_code: string
  webhook_type: string
  [field: string]: unknown
}

/** A request to one of Plaid's routes, without its secrets. */
export interface LoggedRequest {
  /** When it was answered, by the Sandbox's clock. */
  at: string
  method: string
  path: string
  /**
   * The fields that the route knows; of a token the last four characters are shown. `null` where
   * the body was never read as the route's fields.
   */
  fields: Record<string, unknown> | null
  /** The Item that it was about. */
  item_id: string | null
  /** The HTTP status of the reply; `null` where a fault left none. */
  status: number | null
  error_code: string | null
  request_id: string | null
  /** The fault that hit it. */
  fault: FaultKind | null
}

/** What a fault does, instead of what was asked: see {@link Sandbox.failNext}. */
export type FaultKind = 'error' | 'html' | 'reset' | 'cut_short' | 'hang'

/** Which requests a fault hits. */
export interface FaultTarget {
  /** The route, such as `/item/get`. Default: all of Plaid's. */
  path?: string
  /** How many requests it hits. */
  times?: number
  /** How likely it hits a request, above 0 and at most 1. Default: it hits each. */
  probability?: number
}

/** Something to go wrong; see {@link Sandbox.failNext}. */
export interface Failure extends FaultTarget {
  /** Default: `error`. */
  kind?: FaultKind
  /** The HTTP status, of `error` and `html`. Default: the one that goes with the error; 502. */
  status?: number
  /** One of Plaid's error codes, such as `RATE_LIMIT`, of `error`. Default: what goes with `status`,
   * or `INTERNAL_SERVER_ERROR`. */
  error_code?: string
  /** The `Retry-After` header, in seconds, of `error`. Default: none. */
  retryAfter?: number
}

/** Replies that come late; see {@link Sandbox.delay}. */
export interface Delay extends FaultTarget {
  /** By how many milliseconds of real time, at most an hour. */
  ms: number
}

/** A fault that is not spent. */
export type ActiveFault = (
  | { kind: 'delay'; ms: number }
  | { kind: 'error'; status: number | null; error_code: string | null; retryAfter: number | null }
  | { kind: 'html'; status: number | null }
  | { kind: 'reset' | 'cut_short' | 'hang' }
) & {
  path: string | null
  /** How many more requests it hits; `null` for no end. */
  times: number | null
  probability: number | null
}

/** A running Sandbox. It does not keep the process alive. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`: the base URL for any Plaid client. */
  readonly url: string
  /** The `client_id` that it accepts. */
  readonly clientId: string
  /** The `secret` that it accepts. */
  readonly secret: string
  /**
   * Creates an Item, as `/sandbox/public_token/create` and `/item/public_token/exchange` do.
   * Rejects with a `PlaidUsageError` that has Plaid's own code for a field that Plaid refuses.
   */
  createItem(item?: NewItem): Promise<{ access_token: string; item_id: string }>
  /** Every Item, in the order of being created; removed ones, too. */
  items(): Promise<ItemSummary[]>
  /**
   * Heals a broken Item from outside of your update mode, as when its user logs in again in another
   * application: its token and ids stay, and `LOGIN_REPAIRED` is fired. No route of Plaid's does
   * this.
   */
  repairItem(item_id: string): Promise<void>
  /**
   * Makes a page on which the Item's user logs in again, broken or not, as `/link/token/create` does
   * for a backend: `hosted_link_url` for a browser, `link_token` for {@link Sandbox.completeLink}.
   * Both are good until `expiration`, half an hour from now by the Sandbox's clock.
   */
  createUpdateLink(item_id: string): Promise<UpdateLink>
  /**
   * Has the user do in Link what the token is for: in update mode log in again, which repairs the
   * Item and fires nothing; otherwise link a new Item, whose `public_token` this resolves with. It
   * stands for Link's own pages. Rejects with a `PlaidUsageError` (`INVALID_LINK_TOKEN`) for a token
   * that is unknown or has expired.
   */
  completeLink(link_token: string): Promise<{ public_token: string | null }>
  /** Has the user leave Link without finishing. */
  exitLink(link_token: string): Promise<void>
  /**
   * The oldest webhook that matches and was not given out before, also one fired earlier. Resolves
   * when its receiver has answered for the first time, or never will. Rejects with a
   * `PlaidTimeoutError` (`WEBHOOK_TIMEOUT`) if none comes in time.
   */
  nextWebhook(
    filter?: WebhookFilter,
  ): Promise<Webhook & { verification: string; outcome: DeliveryOutcome }>
  /** The last 10 000 webhooks, the oldest first, with every attempt to deliver them. */
  webhooks(): Promise<Webhook[]>
  /** Delivers a webhook again at once, and resolves when that attempt has ended. */
  redeliverWebhook(
    id: number,
  ): Promise<Webhook & { verification: string; outcome: DeliveryOutcome }>
  /**
   * Signs webhooks with a new key from now on, and resolves with its `kid`. The last key is still
   * served, as expired.
   */
  rotateWebhookKey(): Promise<string>
  /** The last 10 000 requests to Plaid's routes, the oldest first, without secrets. */
  requests(): Promise<LoggedRequest[]>
  /** What the Sandbox's clock shows. */
  now(): Promise<Date>
  /**
   * Moves the Sandbox's clock ahead, and does everything that is due on the way, each at its time:
   * webhooks are delivered again, tokens expire, Items break by themselves after 30 days. Resolves
   * with what the clock shows when all of it has ended.
   */
  advanceClock(ms: number): Promise<Date>
  /**
   * Has requests fail: the next one, or `times` of them, or each by `probability`. `error` answers
   * with one of Plaid's errors, `html` with a proxy's page, `reset` resets the connection, `hang`
   * never answers, all without doing what was asked; `cut_short` does it, and ends the connection in
   * the middle of the reply.
   */
  failNext(failure?: Failure): Promise<void>
  /** Has replies come late: all of them, or `times`, or each by `probability`. */
  delay(delay: Delay): Promise<void>
  /** The faults and delays that are not spent. */
  faults(): Promise<ActiveFault[]>
  /** Takes every fault and delay back. */
  clearFaults(): Promise<void>
  /**
   * Starts over: no Items, tokens, webhooks, requests or faults, the clock as at the start, and under
   * a seed the same ids and keys again. Its URL and credentials stay.
   */
  reset(): Promise<void>
  /** Stops it, and waits until its port is free. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a Sandbox on a loopback port, in this process and off the JavaScript thread.
 *
 * Rejects with a `PlaidError` if the port is taken (`EADDRINUSE`).
 */
export function startSandbox(options?: SandboxOptions): Promise<Sandbox>
