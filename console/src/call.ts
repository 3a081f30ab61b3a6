// A call of the operation, and its outcome.

import type { Credentials } from './controls'
import { type Meaning, meaningOf, PAGE_ERRORS } from './meanings'
import { type Fields, type Gateway, type GatewayResponse, type Result, request } from './request'

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
  /** The call's input, kept in memory to send it again. */
  input: Input
  /** The Item's ID, if the local Sandbox knows the token. */
  itemId: string | null
  startedAt: Date
  endedAt: Date
  ms: number
  /** The HTTP status; null without a response. */
  status: number | null
  /** The gateway's response; null if there is none, or another server's. */
  response: GatewayResponse | null
  requestId: string | null
  /** The error code; null after a success. */
  code: string | null
  meaning: Meaning
}

/** Where a call goes. */
export interface Target {
  gateway: Gateway
  /** Whether the gateway sends requests to a server on its own machine. */
  isLocal: boolean
  /** A Sandbox's, sent where the input has none: without a gateway, nothing adds them. */
  credentials: Credentials | null
}

/** The operation's path. The gateway serves it as Plaid does. */
export const PATH = '/sandbox/item/reset_login'

/** Resets the login of an Item. Never rejects. */
export async function call(
  target: Target,
  input: Input,
  itemId: string | null,
  signal: AbortSignal,
): Promise<Outcome> {
  const startedAt = new Date()
  const start = performance.now()
  const { gateway, credentials } = target
  const sent = { ...credentials, ...argumentsOf(input) }
  const ending = await request(gateway, 'POST', PATH, signal, sent).then(
    (result) => endingOf(result, target),
    () => ({ ...NO_RESPONSE, kind: 'cancelled' as const, ...pageError('CANCELLED', gateway.url) }),
  )
  const ms = performance.now() - start
  return { input, itemId, startedAt, endedAt: new Date(), ms, ...ending }
}

/** The fields that are not empty. */
export function argumentsOf(input: Input): Partial<Input> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== ''))
}

/** The same input with its secrets masked. */
export function masked(input: Input): Input {
  const mask = (secret: string) => (secret === '' ? '' : MASK)
  return {
    client_id: mask(input.client_id),
    secret: mask(input.secret),
    access_token: shortened(input.access_token),
  }
}

/** Enough of a token to recognise it, and too little to use it. */
export function shortened(token: string): string {
  const kind = /^access-sandbox-(?=.{12})/.exec(token)?.[0] ?? ''
  return kind === '' ? MASK : `${kind}••••${token.slice(-4)}`
}

/** Shown instead of a secret. */
const MASK = '••••••••'

type Ending = Pick<Outcome, 'code' | 'kind' | 'meaning' | 'requestId' | 'response' | 'status'>

const NO_RESPONSE = { status: null, response: null, requestId: null }

function endingOf(result: Result, { gateway, isLocal }: Target): Ending {
  switch (result.kind) {
    case 'response':
      return ofResponse(result, isLocal)
    case 'not_gateway': {
      const received = `status ${result.status}, ${result.contentType}`
      const error = pageError('NOT_A_GATEWAY', gateway.url, received)
      return { ...NO_RESPONSE, kind: 'failed', ...error, status: result.status }
    }
    case 'origin_refused':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('ORIGIN_REFUSED', gateway.url) }
    case 'connection_lost':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('CONNECTION_LOST', gateway.url) }
    case 'unreachable':
      return { ...NO_RESPONSE, kind: 'failed', ...pageError('GATEWAY_UNREACHABLE', gateway.url) }
  }
}

function pageError(code: keyof typeof PAGE_ERRORS, url: string, received = '') {
  return { code, meaning: PAGE_ERRORS[code](url, received) }
}

function ofResponse(response: GatewayResponse, isLocal: boolean): Ending {
  const { status, body } = response
  const isDone = status === 200 && body.reset_login === true
  const code = isDone ? null : (text(body, 'error_code') ?? 'UNKNOWN')
  return {
    kind: isDone ? 'done' : 'failed',
    status,
    response,
    requestId: text(body, 'request_id'),
    code,
    meaning: meaningOf(code, response, isLocal),
  }
}

function text(body: Fields, name: string): string | null {
  const value = body[name]
  return typeof value === 'string' ? value : null
}

/** The result of a check of the gateway's credentials. */
export type Verification = { kind: 'accepted' | 'rejected' } | { kind: 'unknown'; problem: string }

/** Well-formed, and no Item's. */
const NIL_TOKEN = 'access-sandbox-00000000-0000-0000-0000-000000000000'

/**
 * Checks the gateway's credentials by a call that can reset nothing: Plaid rejects wrong
 * credentials before it looks for the token.
 */
export async function verifyCredentials(target: Target): Promise<Verification> {
  const input = { client_id: '', secret: '', access_token: NIL_TOKEN }
  const { code, meaning } = await call(target, input, null, new AbortController().signal)
  switch (code) {
    case 'INVALID_ACCESS_TOKEN':
    case 'ITEM_NOT_FOUND':
      return { kind: 'accepted' }
    case 'INVALID_API_KEYS':
      return { kind: 'rejected' }
    default:
      return { kind: 'unknown', problem: meaning.summary }
  }
}
