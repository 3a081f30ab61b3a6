// The one call that the page makes, and what became of it.

import { type Answer, ask, type Fields, type Gateway, isFields } from './ask'
import { type Meaning, meaningOf, OF_THE_PAGE } from './meanings'

/** What the operation is called with; empty fields are left out. */
export interface Input {
  client_id: string
  secret: string
  access_token: string
}

export interface Outcome {
  kind: 'cancelled' | 'done' | 'failed'
  at: Date
  /** From the click to the end of the reply. */
  ms: number
  /** The access token, shortened. */
  token: string
  /** The HTTP status; null where no reply came. */
  status: number | null
  /** What came back; null where nothing did that could be read. */
  body: Fields | null
  requestId: string | null
  /** Of an error. */
  code: string | null
  meaning: Meaning
}

/** Resets the login of an Item; never rejects. */
export async function call(gateway: Gateway, input: Input, signal: AbortSignal): Promise<Outcome> {
  const at = new Date()
  const began = performance.now()
  const became = await ask(gateway, 'POST', TOOL, signal, { args: argumentsOf(input) }).then(
    (answer) => outcomeOf(answer, gateway.url),
    () => ({ ...NOTHING, kind: 'cancelled' as const, ...ofThePage('CANCELLED', gateway.url) }),
  )
  return { at, ms: performance.now() - began, token: shortened(input.access_token), ...became }
}

/** The route of the operation below a gateway's URL. */
export const TOOL = '/tools/plaid/sandboxitemresetlogin'

/** The fields that were filled in. */
export function argumentsOf(input: Input): Partial<Input> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== ''))
}

/** A token that can be told from others, and cannot be used. */
export function shortened(token: string): string {
  const kind = /^access-sandbox-(?=.{12})/.exec(token)?.[0] ?? ''
  return kind === '' ? HIDDEN : `${kind}••••${token.slice(-4)}`
}

/** What stands for a secret. */
export const HIDDEN = '••••••••'

type Became = Omit<Outcome, 'at' | 'ms' | 'token'>

const NOTHING = { status: null, body: null, requestId: null }

function outcomeOf(answer: Answer, url: string): Became {
  switch (answer.kind) {
    case 'reply':
      return ofReply(answer)
    case 'stranger': {
      const was = `status ${answer.status}, ${answer.contentType}`
      const page = ofThePage('NOT_A_GATEWAY', url, was)
      return { ...NOTHING, kind: 'failed', ...page, status: answer.status }
    }
    case 'refused':
      return { ...NOTHING, kind: 'failed', ...ofThePage('ORIGIN_REFUSED', url) }
    case 'lost':
      return { ...NOTHING, kind: 'failed', ...ofThePage('CONNECTION_LOST', url) }
    case 'unreachable':
      return { ...NOTHING, kind: 'failed', ...ofThePage('GATEWAY_UNREACHABLE', url) }
  }
}

function ofThePage(code: keyof typeof OF_THE_PAGE, url: string, was = '') {
  return { code, meaning: OF_THE_PAGE[code](url, was) }
}

function ofReply({ status, body, retryAfter }: Answer & { kind: 'reply' }): Became {
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
