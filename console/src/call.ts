// A call of the operation, and its outcome.

import { type Meaning, meaningOf, PAGE_ERRORS } from './meanings'
import { type Fields, type Gateway, isFields, type Result, request } from './request'

/** The operation's input. Empty fields are not sent. */
export interface Input {
  client_id: string
  secret: string
  access_token: string
}

/** A call in progress. */
export interface Running {
  startedAt: number
  cancel(): void
}

export interface Outcome {
  kind: 'cancelled' | 'done' | 'failed'
  at: Date
  /** From the click to the end of the response. */
  ms: number
  /** The access token, shortened. */
  token: string
  /** The HTTP status; null without a response. */
  status: number | null
  /** The response body; null if there is none, or none that can be read. */
  body: Fields | null
  requestId: string | null
  /** The error code; null after a success. */
  code: string | null
  meaning: Meaning
}

/** Resets the login of an Item. Never rejects. */
export async function call(gateway: Gateway, input: Input, signal: AbortSignal): Promise<Outcome> {
  const at = new Date()
  const startedAt = performance.now()
  const args = argumentsOf(input)
  const ending = await request(gateway, 'POST', TOOL_PATH, signal, { args }).then(
    (result) => endingOf(result, gateway.url),
    () => ({ ...NO_RESPONSE, kind: 'cancelled' as const, ...pageError('CANCELLED', gateway.url) }),
  )
  return { at, ms: performance.now() - startedAt, token: shortened(input.access_token), ...ending }
}

/** The operation's path below a gateway's URL. */
export const TOOL_PATH = '/tools/plaid/sandboxitemresetlogin'

/** The fields that are not empty. */
export function argumentsOf(input: Input): Partial<Input> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== ''))
}

/** Enough of a token to recognise it, and too little to use it. */
export function shortened(token: string): string {
  const kind = /^access-sandbox-(?=.{12})/.exec(token)?.[0] ?? ''
  return kind === '' ? MASK : `${kind}••••${token.slice(-4)}`
}

/** Shown instead of a secret. */
export const MASK = '••••••••'

type Ending = Omit<Outcome, 'at' | 'ms' | 'token'>

const NO_RESPONSE = { status: null, body: null, requestId: null }

function endingOf(result: Result, url: string): Ending {
  switch (result.kind) {
    case 'response':
      return ofResponse(result)
    case 'not_gateway': {
      const received = `status ${result.status}, ${result.contentType}`
      const error = pageError('NOT_A_GATEWAY', url, received)
      return { ...NO_RESPONSE, kind: 'failed', ...error, status: result.status }
    }
    case 'origin_refused':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('ORIGIN_REFUSED', url) }
    case 'connection_lost':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('CONNECTION_LOST', url) }
    case 'unreachable':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('GATEWAY_UNREACHABLE', url) }
  }
}

function pageError(code: keyof typeof PAGE_ERRORS, url: string, received = '') {
  return { code, meaning: PAGE_ERRORS[code](url, received) }
}

function ofResponse({ status, body, retryAfter }: Result & { kind: 'response' }): Ending {
  const { data, meta } = body
  if (status === 200 && isFields(data) && isFields(meta)) {
    return {
      kind: 'done',
      status,
      body: data,
      requestId: text(data, 'request_id') ?? text(meta, 'requestId'),
      code: null,
      meaning: meaningOf(null, data, retryAfter),
    }
  }
  const code = text(body, 'error_code') ?? 'UNKNOWN'
  return {
    kind: 'failed',
    status,
    body,
    requestId: text(body, 'request_id'),
    code,
    meaning: meaningOf(code, body, retryAfter),
  }
}

function text(body: Fields, name: string): string | null {
  const value = body[name]
  return typeof value === 'string' ? value : null
}
