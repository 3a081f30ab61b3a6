/**
 * Forces Plaid Sandbox Items into `ITEM_LOGIN_REQUIRED`.
 *
 * @example
 * import plaid from '@utdk/plaid'
 * const { reset_login, request_id } = await plaid.sandboxitemresetlogin({ access_token })
 */

/** The input of `POST /sandbox/item/reset_login`. */
export interface SandboxItemResetLoginRequest {
  /** The Item's access token; it begins with `access-sandbox-`. */
  access_token: string
  /**
   * Your Plaid `client_id`, sent in the body of this call. Without it, the client's own goes in
   * the `PLAID-CLIENT-ID` header.
   */
  client_id?: string
  /**
   * Your Plaid `secret`, sent in the body of this call. Without it, the client's own goes in the
   * `PLAID-SECRET` header.
   */
  secret?: string
}

/** The reply of `POST /sandbox/item/reset_login`. */
export interface SandboxItemResetLoginResponse {
  /** `true`: the Item is now in `ITEM_LOGIN_REQUIRED`, and its webhook, if it has one, is fired. */
  reset_login: boolean
  /** Plaid's id of this request, for its support. */
  request_id: string
  /** Fields that Plaid may add are kept. */
  [field: string]: unknown
}

/** What a single call may set differently from its client. */
export interface CallOptions {
  /** The deadline of this call in milliseconds, retries included. */
  timeoutMs?: number
  /** How often a failed attempt is repeated. */
  maxRetries?: number
  /** Added to this call; they replace the client's headers of the same name. */
  headers?: HeadersLike
  /** Ends the call, and closes its connection; the call then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Headers as an object, a `Headers`, a `Map` or pairs; `undefined` values are left out. */
export type HeadersLike =
  | Record<string, string | number | undefined>
  | Iterable<readonly [name: string, value: string | number]>

/** The settings of a client; what is left out comes from the environment, then the default. */
export interface PlaidClientOptions {
  /** Your Plaid `client_id`. Environment: `PLAID_CLIENT_ID`. */
  clientId?: string
  /** Your Plaid `secret`. Environment: `PLAID_SECRET`. */
  secret?: string
  /**
   * Scheme, host and port of the API. Environment: `PLAID_BASE_URL`. Default:
   * `https://sandbox.plaid.com`. Plain http only to this machine; production is refused.
   */
  baseUrl?: string
  /**
   * Call a gateway that holds the credentials, instead of Plaid: none is needed here then, and
   * the client's own are not sent. Environment: `UTDK_GATEWAY_URL`, `UTDK_GATEWAY_TOKEN`.
   */
  gateway?: {
    /** Where it listens, such as `http://localhost:4000`. */
    url: string
    /** Sent as `Authorization: Bearer …`. */
    token?: string
  }
  /** The deadline of a whole call in milliseconds, retries included. Default: 30 000. */
  timeoutMs?: number
  /** How often a failed attempt is repeated, 0 to 100. Default: 2. */
  maxRetries?: number
  /** Added to every request. */
  headers?: HeadersLike
  /**
   * Certificates in PEM, trusted beside the system's and those of `NODE_EXTRA_CA_CERTS`.
   * `SSL_CERT_FILE` takes the place of the system's.
   */
  ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array>
}

/** The operation, with its settings and its pool of connections. */
export interface PlaidClient {
  /**
   * Forces a Sandbox Item into `ITEM_LOGIN_REQUIRED`, as if its bank login had stopped working,
   * and fires its `ITEM` / `ERROR` webhook. The Item leaves that state by Link's update mode. An
   * Item that is already there stays there: the call is idempotent.
   *
   * Never throws synchronously. Rejects with the signal's reason when aborted, otherwise with:
   * - {@link PlaidApiError}: Plaid answered with an error;
   * - {@link PlaidTimeoutError}: the deadline passed;
   * - {@link PlaidConnectionError}: no reply came over the network;
   * - {@link PlaidResponseError}: the reply is not what Plaid documents;
   * - {@link PlaidUsageError}: bad input, found before anything was sent.
   */
  sandboxitemresetlogin(
    input: SandboxItemResetLoginRequest,
    options?: CallOptions,
  ): Promise<SandboxItemResetLoginResponse>
}

/**
 * Makes a client of its own.
 *
 * @throws {PlaidUsageError} for a setting that cannot be used.
 */
export function createPlaidClient(options?: PlaidClientOptions): PlaidClient

/** The operation on the default client, which is made from the environment at the first call. */
export const sandboxitemresetlogin: PlaidClient['sandboxitemresetlogin']

/** What every error of this package is. No error holds a credential or a token. */
export class PlaidError extends Error {
  /** A stable, upper-case code. */
  readonly code: string
  /** How many requests were begun; 0 if none was. */
  readonly attempts: number
  /** Whether the same call, made again later, may succeed without anything being changed. */
  readonly retryable: boolean
}

/** Plaid, or the gateway, answered with an error. Fields that it left out are `null`. */
export class PlaidApiError extends PlaidError {
  /** The HTTP status. */
  readonly status: number
  /** The category, such as `INVALID_INPUT`. */
  readonly error_type: string
  /** The particular error, such as `INVALID_ACCESS_TOKEN`; the same as `code`. */
  readonly error_code: string
  /** Why, for OAuth-based Item errors. */
  readonly error_code_reason: string | null
  /** For developers; may change over time. */
  readonly error_message: string
  /** For end users; `null` if the error is not theirs to mend. */
  readonly display_message: string | null
  /** Plaid's page on this error. */
  readonly documentation_url: string | null
  /** Steps that may resolve it. */
  readonly suggested_action: string | null
  /** Plaid's id of this request, for its support. */
  readonly request_id: string | null
  /** Errors of the single Items, where a request pertains to several. */
  readonly causes: unknown[] | null
}

/** The deadline passed; `cause` is what the attempt before had ended with. `code`: `TIMEOUT`. */
export class PlaidTimeoutError extends PlaidError {}

/**
 * No reply came over the network. `code` is `ECONNREFUSED`, `ECONNRESET` or another errno name,
 * `ENOTFOUND` (DNS), `CERT_UNTRUSTED`, `CERT_EXPIRED`, `CERT_NOT_YET_VALID`, `CERT_WRONG_HOST`,
 * `CERT_INVALID`, `TLS_FAILED`, `EPROTO` (not HTTP), `PROXY_FAILED` or `CONNECTION_FAILED`.
 */
export class PlaidConnectionError extends PlaidError {}

/** A reply that is not what Plaid documents. `code`: `UNEXPECTED_RESPONSE`. */
export class PlaidResponseError extends PlaidError {
  /** The HTTP status of the reply. */
  readonly status: number
}

/** Bad input, found before anything was sent. */
export class PlaidUsageError extends PlaidError {
  /** The input or option to change; `undefined` if it is none, as with a closed Sandbox. */
  readonly field: string | undefined
}

/** What the `utdk.plaid.request` tracing channel publishes; it never holds a secret. */
export interface PlaidRequestTrace {
  operation: 'sandboxitemresetlogin'
  /** The host that is called, with its port if it has one. */
  host: string
  /** The number of the last attempt, from 1; 0 while none has ended. */
  attempt: number
  /** The HTTP status of the last reply. */
  status: number | undefined
  request_id: string | undefined
  /** Milliseconds from the call to its end. */
  duration: number | undefined
  /** What the call rejected with (on `error`, and after it). */
  error?: unknown
  /** What the call resolved with (on `asyncStart` and `asyncEnd`). */
  result?: SandboxItemResetLoginResponse
}

/** The default client, beside everything else that the package exports. */
declare const plaid: PlaidClient & {
  createPlaidClient: typeof createPlaidClient
  PlaidError: typeof PlaidError
  PlaidApiError: typeof PlaidApiError
  PlaidTimeoutError: typeof PlaidTimeoutError
  PlaidConnectionError: typeof PlaidConnectionError
  PlaidResponseError: typeof PlaidResponseError
  PlaidUsageError: typeof PlaidUsageError
}
export default plaid
