/// <reference lib="esnext.disposable" />

/**
 * Forces Plaid Sandbox Items into `ITEM_LOGIN_REQUIRED`.
 *
 * @example
 * import plaid from '@utdk/plaid'
 * const { reset_login, request_id } = await plaid.sandboxitemresetlogin({ access_token })
 */

/** The input of `POST /sandbox/item/reset_login`. */
export interface SandboxItemResetLoginRequest {
  /** The Item's access token; it starts with `access-sandbox-`. */
  access_token: string
  /**
   * Your Plaid `client_id`, sent in the body of this call. Without it, the client's own goes in
   * the `PLAID-CLIENT-ID` header.
   */
  client_id?: string | undefined
  /**
   * Your Plaid `secret`, sent in the body of this call. Without it, the client's own goes in the
   * `PLAID-SECRET` header.
   */
  secret?: string | undefined
}

/** The reply of `POST /sandbox/item/reset_login`. */
export interface SandboxItemResetLoginResponse {
  /** `true`: the Item is now in `ITEM_LOGIN_REQUIRED`. Plaid then fires the Item's webhook, if any. */
  reset_login: boolean
  /** Plaid's id of this request, for Plaid's support. */
  request_id: string
  /** Fields that Plaid may add later. */
  [field: string]: unknown
}

/** Per-call overrides of the client's options. */
export interface CallOptions {
  /** The deadline of this call in milliseconds, retries included. */
  timeoutMs?: number | undefined
  /** How many times to retry a failed attempt. */
  maxRetries?: number | undefined
  /** Added to this call. A header replaces the client's header of the same name. */
  headers?: HeadersLike | undefined
  /** Cancels the call and closes its connection. The call rejects with the signal's reason. */
  signal?: AbortSignalLike | undefined
  /** With `true`, the call resolves with a {@link WithResponse}. */
  withResponse?: false | undefined
}

/** An `AbortSignal`, of a browser's types or of Node's. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What a call with `{ withResponse: true }` resolves with. */
export interface WithResponse<Data> {
  data: Data
  /** The HTTP response of the last attempt. */
  response: {
    status: number
    /** By lower-case names; values of the same name are joined by commas. */
    headers: Record<string, string>
    /** How many requests were started. */
    attempts: number
  }
}

/** Headers as an object, a `Headers`, a `Map` or pairs. A value of `undefined` is left out. */
export type HeadersLike =
  | Record<string, string | number | undefined>
  | Iterable<readonly [name: string, value: string | number]>

/** The options of a client. An option left out comes from the environment, else its default. */
export interface PlaidClientOptions {
  /** Your Plaid `client_id`. Environment: `PLAID_CLIENT_ID`. */
  clientId?: string | undefined
  /** Your Plaid `secret`. Environment: `PLAID_SECRET`. */
  secret?: string | undefined
  /**
   * Scheme, host and port of the API. Environment: `PLAID_BASE_URL`. Default:
   * `https://sandbox.plaid.com`. Plain http works only for this machine; production is refused.
   */
  baseUrl?: string | undefined
  /**
   * Call a gateway that holds the credentials, instead of Plaid. The client then needs no
   * credentials and sends none. Environment: `UTDK_GATEWAY_URL`, `UTDK_GATEWAY_TOKEN`.
   */
  gateway?:
    | {
        /** The gateway's URL, such as `http://localhost:4000`. */
        url: string
        /** Sent as `Authorization: Bearer …`. */
        token?: string | undefined
      }
    | undefined
  /** The deadline of a whole call in milliseconds, retries included. Default: 30 000. */
  timeoutMs?: number | undefined
  /** How many times to retry a failed attempt, 0 to 100. Default: 2. */
  maxRetries?: number | undefined
  /**
   * The limit of one attempt in milliseconds. It ends an attempt early only if another whole attempt
   * fits before the deadline: the last attempt has all the time that is left. Default: 10 000.
   */
  attemptTimeoutMs?: number | undefined
  /** The limit of opening a connection (TCP, proxy, TLS) in milliseconds. Default: 10 000. */
  connectTimeoutMs?: number | undefined
  /**
   * How many connections may be open at once over HTTP/1.1, 1 to 65 535; further calls wait. Over
   * HTTP/2 one connection carries all calls. Default: 256.
   */
  maxConnections?: number | undefined
  /** Added to every request. */
  headers?: HeadersLike | undefined
  /**
   * PEM certificates to trust, in addition to the system's and those of `NODE_EXTRA_CA_CERTS`.
   * `SSL_CERT_FILE` replaces the system's.
   */
  ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
}

/** The operation on the default client. */
export interface PlaidOperations {
  /**
   * Forces a Sandbox Item into `ITEM_LOGIN_REQUIRED`, as if its bank login had stopped working,
   * and fires its `ITEM` / `ERROR` webhook. Link's update mode ends that state. The call is
   * idempotent: an Item in that state stays in it.
   *
   * Never throws synchronously. Rejects with the signal's reason when aborted, otherwise with:
   * - {@link PlaidApiError}: Plaid answered with an error;
   * - {@link PlaidTimeoutError}: the deadline passed;
   * - {@link PlaidConnectionError}: no reply came over the network;
   * - {@link PlaidResponseError}: the reply is not one that Plaid documents;
   * - {@link PlaidUsageError}: the input or an option is wrong, and nothing was sent.
   */
  sandboxitemresetlogin: SandboxItemResetLogin
  /** The same, by the name that Plaid's own client has for it. */
  sandboxItemResetLogin: SandboxItemResetLogin
}

/** See {@link PlaidOperations.sandboxitemresetlogin}. */
export interface SandboxItemResetLogin {
  (
    input: SandboxItemResetLoginRequest,
    options: Omit<CallOptions, 'withResponse'> & { withResponse: true },
  ): Promise<WithResponse<SandboxItemResetLoginResponse>>
  (
    input: SandboxItemResetLoginRequest,
    options?: CallOptions,
  ): Promise<SandboxItemResetLoginResponse>
}

/** A client with its own options and its own connections. */
export interface PlaidClient extends PlaidOperations {
  /**
   * Waits for the calls in flight, then closes the connections. To cancel the calls, abort their
   * signals. A call made after it rejects with a {@link PlaidUsageError} (`CLOSED`). May be called
   * again. Optional: an idle client never keeps the process alive.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a client with its own options and connections.
 *
 * @throws {PlaidUsageError} for an option that is wrong.
 */
export function createPlaidClient(options?: PlaidClientOptions): PlaidClient

/** The operation on the default client, which the first call creates from the environment. */
export const sandboxitemresetlogin: SandboxItemResetLogin
/** The same, by the name that Plaid's own client has for it. */
export const sandboxItemResetLogin: SandboxItemResetLogin

/** The base class of every error of this package. No error holds a credential or a token. */
export class PlaidError extends Error {
  /** A stable, upper-case code. */
  readonly code: string
  /** How many requests were started; 0 if none was. */
  readonly attempts: number
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean
}

/** The type of one of Plaid's errors. The list is open: any other string is allowed. */
export type PlaidErrorType =
  | 'API_ERROR'
  | 'INSTITUTION_ERROR'
  | 'INVALID_INPUT'
  | 'INVALID_REQUEST'
  | 'ITEM_ERROR'
  | 'RATE_LIMIT_EXCEEDED'
  | 'SANDBOX_ERROR'
  | 'TRANSACTIONS_ERROR'
  | 'USER_ERROR'
  | (string & {})

/** The code of one of Plaid's errors. The list is open: any other string is allowed. */
export type PlaidErrorCode =
  | 'ACCESS_NOT_GRANTED'
  | 'ACCOUNTS_BALANCE_GET_LIMIT'
  | 'ACCOUNTS_LIMIT'
  | 'ADDITIONAL_CONSENT_REQUIRED'
  | 'AUTH_LIMIT'
  | 'BALANCE_LIMIT'
  | 'IDENTITY_LIMIT'
  | 'INSTITUTIONS_GET_BY_ID_LIMIT'
  | 'INSTITUTIONS_GET_LIMIT'
  | 'INSTITUTION_DOWN'
  | 'INSTITUTION_NOT_AVAILABLE'
  | 'INSTITUTION_NOT_RESPONDING'
  | 'INSTITUTION_NO_LONGER_SUPPORTED'
  | 'INSTITUTION_RATE_LIMIT'
  | 'INSUFFICIENT_CREDENTIALS'
  | 'INTERNAL_SERVER_ERROR'
  | 'INVALID_ACCESS_TOKEN'
  | 'INVALID_ACCOUNT_ID'
  | 'INVALID_API_KEYS'
  | 'INVALID_BODY'
  | 'INVALID_CONFIGURATION'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_FIELD'
  | 'INVALID_INSTITUTION'
  | 'INVALID_LINK_TOKEN'
  | 'INVALID_MFA'
  | 'INVALID_PRODUCT'
  | 'INVALID_PUBLIC_TOKEN'
  | 'INVALID_WEBHOOK_VERIFICATION_KEY_ID'
  | 'INVESTMENT_TRANSACTIONS_LIMIT'
  | 'ITEM_CONCURRENTLY_DELETED'
  | 'ITEM_GET_LIMIT'
  | 'ITEM_LOCKED'
  | 'ITEM_LOGIN_REQUIRED'
  | 'ITEM_NOT_FOUND'
  | 'ITEM_NOT_SUPPORTED'
  | 'MFA_NOT_SUPPORTED'
  | 'MISSING_FIELDS'
  | 'NOT_FOUND'
  | 'NO_ACCOUNTS'
  | 'NO_AUTH_ACCOUNTS'
  | 'NO_INVESTMENT_ACCOUNTS'
  | 'NO_LIABILITY_ACCOUNTS'
  | 'PASSWORD_RESET_REQUIRED'
  | 'PLANNED_MAINTENANCE'
  | 'PRODUCTS_NOT_SUPPORTED'
  | 'PRODUCT_NOT_ENABLED'
  | 'PRODUCT_NOT_READY'
  | 'RATE_LIMIT'
  | 'SANDBOX_ONLY'
  | 'SANDBOX_PRODUCT_NOT_ENABLED'
  | 'SANDBOX_WEBHOOK_INVALID'
  | 'TRANSACTIONS_LIMIT'
  | 'TRANSACTIONS_SYNC_LIMIT'
  | 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION'
  | 'UNAUTHORIZED_ENVIRONMENT'
  | 'UNAUTHORIZED_ROUTE_ACCESS'
  | 'UNKNOWN_FIELDS'
  | 'UNSUPPORTED_RESPONSE'
  | 'USER_INPUT_TIMEOUT'
  | 'USER_NOT_FOUND'
  | 'USER_PERMISSION_REVOKED'
  | 'USER_SETUP_REQUIRED'
  | (string & {})

/** Plaid, or the gateway, answered with an error. A field left out of the reply is `null`. */
export class PlaidApiError extends PlaidError {
  /** The HTTP status. */
  readonly status: number
  /** The kind of error, such as `INVALID_INPUT`. */
  readonly error_type: PlaidErrorType
  /** The error, such as `INVALID_ACCESS_TOKEN`; the same as `code`. */
  readonly error_code: PlaidErrorCode
  /** Why, for OAuth-based Item errors. */
  readonly error_code_reason: string | null
  /** For developers; may change over time. */
  readonly error_message: string
  /** For end users; `null` if the user cannot fix the error. */
  readonly display_message: string | null
  /** Plaid's page on this error. */
  readonly documentation_url: string | null
  /** Steps that may resolve it. */
  readonly suggested_action: string | null
  /** Plaid's id of this request, for Plaid's support. */
  readonly request_id: string | null
  /** The errors of single Items, where a request is about several. */
  readonly causes: unknown[] | null
}

/** The deadline passed; `cause` is the error of the attempt before. `code`: `TIMEOUT`. */
export class PlaidTimeoutError extends PlaidError {}

/**
 * No reply came over the network. `code` is `ECONNREFUSED`, `ECONNRESET` or another errno name,
 * `ENOTFOUND` (DNS), `CERT_UNTRUSTED`, `CERT_EXPIRED`, `CERT_NOT_YET_VALID`, `CERT_WRONG_HOST`,
 * `CERT_INVALID`, `TLS_FAILED`, `EPROTO` (not HTTP), `PROXY_FAILED`, `PROXY_AUTH_REQUIRED`,
 * `PROXY_REFUSED` or `CONNECTION_FAILED`.
 */
export class PlaidConnectionError extends PlaidError {}

/** The reply is not one that Plaid documents. `code`: `UNEXPECTED_RESPONSE`. */
export class PlaidResponseError extends PlaidError {
  /** The HTTP status of the reply. */
  readonly status: number
}

/** The input or an option is wrong, and nothing was sent. */
export class PlaidUsageError extends PlaidError {
  /** The input or option to change; `undefined` if there is none, as for a closed client. */
  readonly field: string | undefined
}

/** The event object of the `utdk.plaid.request` tracing channel; it never holds a secret. */
export interface PlaidRequestTrace {
  operation: 'sandboxitemresetlogin'
  /** The host of the request, with its port if it has one. */
  host: string
  /**
   * A subscriber of `start` can add headers to the request here, such as the `traceparent` of its
   * span. The caller's own headers win. The caller's are not shown.
   */
  headers: Record<string, string>
  /** The number of the last attempt, from 1; 0 before the first has ended. */
  attempt: number
  /** The HTTP status of the last reply. */
  status: number | undefined
  request_id: string | undefined
  /** Milliseconds from the call to its end. */
  duration: number | undefined
  /** The error that the call rejected with (on `error`, and after it). */
  error?: unknown
  /** What the call resolved with (on `asyncStart` and `asyncEnd`). */
  result?: SandboxItemResetLoginResponse | WithResponse<SandboxItemResetLoginResponse>
}

/** The default client, with everything else that the package exports. */
declare const plaid: PlaidOperations & {
  createPlaidClient: typeof createPlaidClient
  PlaidError: typeof PlaidError
  PlaidApiError: typeof PlaidApiError
  PlaidTimeoutError: typeof PlaidTimeoutError
  PlaidConnectionError: typeof PlaidConnectionError
  PlaidResponseError: typeof PlaidResponseError
  PlaidUsageError: typeof PlaidUsageError
}
export default plaid
