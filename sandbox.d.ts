/** A local Plaid Sandbox: no account, no network. */

/** How the Sandbox is to run. */
export interface SandboxOptions {
  /** The port to listen on, on 127.0.0.1. Default: a free one. */
  port?: number
}

/** An Item to be created. */
export interface NewItem {
  /** Where the Item's webhooks go: an http URL on this machine. Without it, none is fired. */
  webhook?: string
  /** The products it is initialised with. Default: `['transactions']`. */
  products?: string[]
  /** Plaid's id of a Sandbox institution. Default: `ins_109508`, First Platypus Bank. */
  institution_id?: string
}

/** Which webhook to wait for; what is left out matches all. */
export interface WebhookFilter {
  item_id?: string
  /** Such as `ERROR`. */
  webhook_code?: string
  /** How long to wait in milliseconds. Default: 5 000. */
  timeoutMs?: number
}

/** A webhook that was fired, and what became of it. */
export interface Webhook {
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
  /** The `Plaid-Verification` header: a JWT signed with ES256. */
  verification: string
  /** What became of its delivery; `status` is the receiver's. */
  outcome:
    | { kind: 'delivered'; status: number }
    | { kind: 'failed'; reason: string }
    | { kind: 'not_allowed'; reason: string }
}

/** What Plaid posts to a webhook's receiver. */
export interface WebhookBody {
  environment: string
  /** Why the webhook was fired, if for an error. */
  error?: {
    display_message: string | null
    error_code: string
    error_code_reason: string | null
    error_message: string
    error_type: string
    /** The HTTP status that goes with the error. */
    status: number
  } | null
  item_id: string
  webhook_code: string
  webhook_type: string
  [field: string]: unknown
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
  /**
   * The oldest webhook that matches and was not given out before, also one fired earlier. Resolves
   * when its receiver has answered, or never will. Rejects with a `PlaidTimeoutError`
   * (`WEBHOOK_TIMEOUT`) if none comes in time.
   */
  nextWebhook(filter?: WebhookFilter): Promise<Webhook>
  /**
   * Repairs an Item as its user would by completing Link's update mode: its token and ids stay,
   * and no webhook is fired. No route of Plaid's does this.
   */
  repairItem(item_id: string): Promise<void>
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
