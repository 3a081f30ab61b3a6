/// <reference lib="esnext.disposable" />

/** A gateway that holds Plaid's credentials, so that its callers need none. */

/** The options of a gateway. */
export interface GatewayOptions {
  /** The port to listen on. Default: a free one. */
  port?: number | undefined
  /** The IP address to listen on. Default: `127.0.0.1`. Any other needs a token. */
  host?: string | undefined
  /** Plaid's `client_id`. Default: `PLAID_CLIENT_ID`. Without it, callers send credentials. */
  clientId?: string | undefined
  /** Plaid's `secret`. Default: `PLAID_SECRET`. */
  secret?: string | undefined
  /**
   * A file with the lines `PLAID_CLIENT_ID=…` and `PLAID_SECRET=…`, readable only by its owner.
   * Wins over `clientId` and `secret`.
   */
  credentialsFile?: string | undefined
  /** The base URL of Plaid. Default: `PLAID_BASE_URL`, or Plaid's Sandbox. */
  baseUrl?: string | undefined
  /** The token that callers must send as `Authorization: Bearer …`. Default on loopback: none. */
  token?: string | undefined
  /** A file with the token, readable only by its owner. Wins over `token`. */
  tokenFile?: string | undefined
  /** Other origins whose pages may call, such as `http://localhost:5173`. Default: none. */
  allowOrigins?: readonly string[] | undefined
  /** How many calls may be in flight to Plaid. Default: 64. */
  maxInFlight?: number | undefined
  /** How many more calls may wait; the gateway refuses others with 503. Default: 256. */
  maxWaiting?: number | undefined
  /**
   * How often one address may call; `false` for no limit. Default: 10 calls per second, with bursts
   * of twice as many.
   */
  rateLimit?: false | { perSecond?: number | undefined; burst?: number | undefined } | undefined
  /** The deadline of a call to Plaid, retries included. Default: 30 000. */
  timeoutMs?: number | undefined
  /**
   * How many times the gateway retries a failed attempt, for callers that do not retry. Default: 0,
   * because this package's client retries, and the two multiply.
   */
  maxRetries?: number | undefined
  /** PEM certificates to trust, in addition to the system's. */
  ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
  /** How long `close()` waits for calls in flight, in milliseconds. Default: 30 000. */
  graceMs?: number | undefined
}

/** A running gateway. It does not keep the process alive. */
export interface Gateway {
  /** `http://127.0.0.1:PORT`, for a client's `gateway: { url }`. */
  readonly url: string
  /** Refuses new calls, finishes those in flight, and waits until its port is free. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a gateway in this process, off the JavaScript thread.
 *
 * Rejects with a `PlaidUsageError` for an option that is wrong, and with a `PlaidError` if the port
 * is taken (`EADDRINUSE`).
 */
export function startGateway(options?: GatewayOptions): Promise<Gateway>
