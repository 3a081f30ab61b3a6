// One request to a gateway, and its result.

/** A gateway's address, and the token it may require. */
export interface Gateway {
  /** Without a trailing slash. */
  url: string
  token: string
}

export type Fields = Record<string, unknown>

export interface GatewayResponse {
  kind: 'response'
  status: number
  headers: [name: string, value: string][]
  body: Fields
  /** The size of the body in bytes. */
  size: number
}

export type Result =
  | GatewayResponse
  /** The response is not a JSON object, so a gateway did not send it. */
  | { kind: 'not_gateway'; status: number; contentType: string }
  /** A server runs there, but does not allow this page's origin. */
  | { kind: 'origin_refused' }
  /** The gateway runs, but the connection closed before the response. */
  | { kind: 'connection_lost' }
  | { kind: 'unreachable' }

/** In bytes. A gateway never sends a longer body. */
const MAX_BODY_SIZE = 64 * 1024

const HEALTH_TIMEOUT_MS = 5_000

/**
 * Sends a request to `path` on a gateway, with `body` as JSON if it is given.
 *
 * Rejects only with the reason of `signal`, when that is aborted.
 */
export async function request(
  { url, token }: Gateway,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<Result> {
  const headers = new Headers()
  if (token !== '') headers.set('authorization', `Bearer ${token}`)
  if (body !== undefined) headers.set('content-type', 'application/json')
  try {
    const response = await fetch(url + path, {
      ...ISOLATED,
      method,
      headers,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
    })
    return await resultOf(response)
  } catch {
    signal.throwIfAborted()
    const result = await diagnose(url)
    signal.throwIfAborted()
    return result
  }
}

/** Asks whether a gateway runs at `url`, and whether it needs a token. */
export function requestHealth(url: string, signal: AbortSignal): Promise<Result> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_TIMEOUT_MS)])
  return request({ url, token: '' }, 'GET', '/healthz', limit).catch((reason) => {
    signal.throwIfAborted()
    if (limit.aborted) return { kind: 'unreachable' }
    throw reason
  })
}

/** Sends no cookies and no referrer, and follows no redirect. */
const ISOLATED = {
  cache: 'no-store',
  credentials: 'omit',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
} satisfies RequestInit

async function resultOf(response: Response): Promise<Result> {
  const { status } = response
  const contentType = response.headers.get('content-type') ?? 'no content type'
  const bytes = await readBody(response)
  const body = status === 204 ? {} : bytes === null ? null : parse(bytes)
  if (bytes === null || body === null) return { kind: 'not_gateway', status, contentType }
  return { kind: 'response', status, headers: [...response.headers], body, size: bytes.length }
}

/** The body, or null if it is longer than a gateway's can be. */
async function readBody(response: Response): Promise<Uint8Array | null> {
  const reader = response.body?.getReader()
  const bytes = new Uint8Array(MAX_BODY_SIZE)
  let size = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    if (size + value.length > MAX_BODY_SIZE) {
      await reader.cancel()
      return null
    }
    bytes.set(value, size)
    size += value.length
  }
  return bytes.subarray(0, size)
}

function parse(bytes: Uint8Array): Fields | null {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isFields(body) ? body : null
  } catch {
    return null
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Finds out why a request failed. A browser hides the reason from a page, so this sends two health
 * checks: an ordinary one, and one in `no-cors` mode, which succeeds whatever origin is allowed.
 */
async function diagnose(url: string): Promise<Result> {
  const health = (settings: RequestInit) =>
    fetch(`${url}/healthz`, {
      ...ISOLATED,
      ...settings,
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    }).then(
      () => true,
      () => false,
    )
  if (await health({})) return { kind: 'connection_lost' }
  // `no-cors` does not allow `redirect: 'error'`.
  const isRunning = await health({ mode: 'no-cors', redirect: 'follow' })
  return isRunning ? { kind: 'origin_refused' } : { kind: 'unreachable' }
}
