// Every call to Plaid, with Plaid's own client.

import { Configuration, CountryCode, PlaidApi } from 'plaid'
import type { LoginStatus } from './items.ts'

export interface PlaidSettings {
  /** `https://sandbox.plaid.com`, or the `url` of a local Sandbox. */
  baseUrl: string
  clientId: string
  secret: string
  /** How long a call may take. Default: 10 000. */
  timeoutMs?: number
}

/**
 * A call to Plaid failed. Thrown instead of the client's own errors, because those contain the secret
 * and the access token and would print them in a log.
 */
export class PlaidFailure extends Error {
  /** `refused`: the same request would be refused again. */
  readonly kind: 'timeout' | 'unavailable' | 'refused'
  /** Plaid's `error_code`, or the connection's error code. */
  readonly code: string
  /** For Plaid's support. */
  readonly requestId: string | undefined
  /** Plaid's `Retry-After` header. */
  readonly retryAfter: string | undefined

  constructor(
    kind: PlaidFailure['kind'],
    code: string,
    { requestId, retryAfter }: { requestId?: string; retryAfter?: string } = {},
  ) {
    super(`Plaid: ${kind}, ${code}, request ${requestId ?? 'unknown'}`)
    this.name = 'PlaidFailure'
    this.kind = kind
    this.code = code
    this.requestId = requestId
    this.retryAfter = retryAfter
  }
}

export class Plaid {
  readonly #api: PlaidApi

  constructor({ baseUrl, clientId, secret, timeoutMs = 10_000 }: PlaidSettings) {
    const headers = { 'PLAID-CLIENT-ID': clientId, 'PLAID-SECRET': secret }
    const baseOptions = { headers, timeout: timeoutMs }
    this.#api = new PlaidApi(new Configuration({ basePath: baseUrl, baseOptions }))
  }

  async exchange(publicToken: string): Promise<{ accessToken: string; itemId: string }> {
    const reply = await ask(this.#api.itemPublicTokenExchange({ public_token: publicToken }))
    return { accessToken: reply.access_token, itemId: reply.item_id }
  }

  /** Whether the login works now. */
  async loginStatus(accessToken: string): Promise<LoginStatus> {
    const { item } = await ask(this.#api.itemGet({ access_token: accessToken }))
    return item.error?.error_code === 'ITEM_LOGIN_REQUIRED' ? 'login_required' : 'healthy'
  }

  /** A page of Plaid where the user logs in again. It is update mode because `products` is missing. */
  async updateLink(accessToken: string, userId: string): Promise<{ url: string; until: string }> {
    const { hosted_link_url, expiration } = await ask(
      this.#api.linkTokenCreate({
        access_token: accessToken,
        client_name: 'Example',
        language: 'en',
        country_codes: [CountryCode.Us],
        user: { client_user_id: userId },
        hosted_link: {},
      }),
    )
    if (hosted_link_url === undefined) throw new PlaidFailure('refused', 'HOSTED_LINK_NOT_ENABLED')
    return { url: hosted_link_url, until: expiration }
  }
}

async function ask<T extends object>(call: Promise<{ data: T }>): Promise<T> {
  try {
    const { data } = await call
    if (typeof data === 'object') return data
  } catch (error) {
    throw failure(error)
  }
  // The client resolves with a string if the reply is not JSON.
  throw new PlaidFailure('unavailable', 'UNEXPECTED_REPLY')
}

/** The error that the client rejects with. */
interface ClientError {
  code?: string
  response?: {
    status: number
    headers: Record<string, string | undefined>
    data: { error_code?: string; request_id?: string } | string
  }
}

function failure(error: unknown): PlaidFailure {
  const { code = 'UNKNOWN', response } = error as ClientError
  if (response === undefined) {
    const isTimeout = code === 'ECONNABORTED' || code === 'ETIMEDOUT'
    return new PlaidFailure(isTimeout ? 'timeout' : 'unavailable', code)
  }
  const { status, headers, data } = response
  const { error_code, request_id } = typeof data === 'object' ? data : {}
  const retryAfter = headers['retry-after']
  // The client also rejects with status 200 if the reply was cut off.
  const isRefused = status >= 400 && status < 500 && status !== 429
  return new PlaidFailure(isRefused ? 'refused' : 'unavailable', error_code ?? `HTTP_${status}`, {
    ...(request_id && { requestId: request_id }),
    ...(retryAfter && { retryAfter }),
  })
}
