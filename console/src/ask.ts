// One request to a gateway, and what can become of it.

/** Where a gateway is, and the token that it may ask for. */
export interface Gateway {
  /** Without a slash at its end. */
  url: string
  token: string
}

export type Fields = Record<string, unknown>

export type Answer =
  | { kind: 'reply'; status: number; body: Fields; retryAfter: string | null }
  /** Something answered that is no gateway: it sent no JSON object. */
  | { kind: 'stranger'; status: number; contentType: string }
  /** It is there, but not for pages of this origin. */
  | { kind: 'refused' }
  /** It is there, but the connection ended before its reply. */
  | { kind: 'lost' }
  | { kind: 'unreachable' }

/** Nothing that a gateway answers is longer, in characters. */
const LONGEST_REPLY = 64 * 1024

/** How long a gateway may take to say that it is there. */
const HEALTH_MS = 5_000

/**
 * Asks `path` of a gateway, with `body` as JSON if there is one.
 *
 * Rejects with the reason of `signal` when that is aborted, and with nothing else.
 */
export async function ask(
  { url, token }: Gateway,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<Answer> {
  const headers = new Headers()
  if (token !== '') headers.set('authorization', `Bearer ${token}`)
  if (body !== undefined) headers.set('content-type', 'application/json')
  try {
    const response = await fetch(url + path, {
      ...ALONE,
      method,
      headers,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
    })
    return await read(response)
  } catch {
    signal.throwIfAborted()
    const answer = await diagnosis(url)
    signal.throwIfAborted()
    return answer
  }
}

/** Whether there is a gateway, and whether it needs a token. */
export function askHealth(url: string, signal: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_MS)])
  return ask({ url, token: '' }, 'GET', '/healthz', limit).catch((reason) => {
    signal.throwIfAborted()
    if (limit.aborted) return { kind: 'unreachable' }
    throw reason
  })
}

/** Nothing of the browser's goes along, and nobody is followed elsewhere. */
const ALONE = {
  cache: 'no-store',
  credentials: 'omit',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
} satisfies RequestInit

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response
  const contentType = headers.get('content-type') ?? 'no content type'
  const text = await readText(response)
  if (status === 204) return { kind: 'reply', status, body: {}, retryAfter: null }
  const body = text === null ? null : parse(text)
  if (body === null) return { kind: 'stranger', status, contentType }
  return { kind: 'reply', status, body, retryAfter: headers.get('retry-after') }
}

/** The body, or null if it is longer than a gateway's can be. */
async function readText(response: Response): Promise<string | null> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    text += value
    if (text.length > LONGEST_REPLY) {
      await reader.cancel()
      return null
    }
  }
  return text
}

function parse(text: string): Fields | null {
  try {
    const body: unknown = JSON.parse(text)
    return isFields(body) ? body : null
  } catch {
    return null
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Why a request came to nothing. A browser does not tell a page, so that this asks twice more: as
 * the page, and as anybody, whose reply a page may not read.
 */
async function diagnosis(url: string): Promise<Answer> {
  const health = (settings: RequestInit) =>
    fetch(`${url}/healthz`, {
      ...ALONE,
      ...settings,
      signal: AbortSignal.timeout(HEALTH_MS),
    }).then(
      () => true,
      () => false,
    )
  if (await health({})) return { kind: 'lost' }
  // Who may not read a reply cannot refuse to follow it, either.
  const isThere = await health({ mode: 'no-cors', redirect: 'follow' })
  return isThere ? { kind: 'refused' } : { kind: 'unreachable' }
}
