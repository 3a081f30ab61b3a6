/** A gateway that holds Plaid's credentials, so that its callers need none. */

/** How the gateway is to run. */
export interface GatewayOptions {
  /** The port to listen on. Default: a free one. */
  port?: number
  /** The IP address to listen on. Default: `127.0.0.1`. Any other needs a token. */
  host?: string
  /** Plaid's `client_id`. Default: `PLAID_CLIENT_ID`. Without credentials callers bring their own. */
  clientId?: string
  /** Plaid's `secret`. Default: `PLAID_SECRET`. */
  secret?: string
  /**
   * A file with the lines `PLAID_CLIENT_ID=…` and `PLAID_SECRET=…`, readable by its owner alone;
   * it wins over `clientId` and `secret`.
   */
  credentialsFile?: string
  /** Where Plaid is. Default: `PLAID_BASE_URL`, or Plaid's Sandbox. */
  baseUrl?: string
  /** What callers must send as `Authorization: Bearer …`. Default: nothing, on loopback. */
  token?: string
  /** A file that holds the token, readable by its owner alone; it wins over `token`. */
  tokenFile?: string
  /** Origins, beside its own, whose pages may call, such as `http://localhost:5173`. Default: none. */
  allowOrigins?: string[]
  /** How many calls go to Plaid at once. Default: 64. */
  maxInFlight?: number
  /** How many more may wait; others are turned away with 503. Default: 256. */
  maxWaiting?: number
  /**
   * How often one address may call; `false` for no limit. Default: 10 a second, and twice as many
   * as a second at once.
   */
  rateLimit?: false | { perSecond?: number; burst?: number }
  /** The deadline of a call to Plaid, retries included. Default: 30 000. */
  timeoutMs?: number
  /** How often a failed request to Plaid is tried again. Default: 2. */
  maxRetries?: number
  /** PEM certificates trusted beside the system's. */
  ca?: string | Uint8Array | (string | Uint8Array)[]
  /** For how long `close()` waits for calls in flight, in milliseconds. Default: 30 000. */
  graceMs?: number
}

/** A running gateway. It does not keep the process alive. */
export interface Gateway {
  /** `http://127.0.0.1:PORT`: what goes into a client's `gateway: { url }`. */
  readonly url: string
  /** Takes no more calls, finishes those in flight, and waits until its port is free. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a gateway in this process and off the JavaScript thread.
 *
 * Rejects with a `PlaidUsageError` for a setting that it cannot have, and with a `PlaidError` if the
 * port is taken (`EADDRINUSE`).
 */
export function startGateway(options?: GatewayOptions): Promise<Gateway>
