// What an outcome means and what to do next: for Plaid's error codes that this call can return, the
// gateway's, and the page's own.

import { HAS_SANDBOX, HOME, IS_SANDBOX } from './home'
import type { Fields, GatewayResponse } from './request'

export interface Meaning {
  summary: string
  nextStep: string
  /** Plaid's page about it. */
  docs: string | null
}

/** An error code, as the reference lists it. */
export interface ErrorCode {
  code: string
  /** The HTTP status it comes with. */
  status: number
  from: 'gateway' | 'Plaid'
  summary: string
  nextStep: string
}

const RETRY = 'Safe to retry.'

const CREDENTIALS =
  'Compare client_id and secret with those of the Sandbox in Plaid’s dashboard, under Keys.'

const LOCAL_CREDENTIALS =
  'Use the local Sandbox’s client_id and secret, or leave both fields empty to use the gateway’s.'

const NEW_TOKEN =
  'Use the access token of an existing Item. Create one with /sandbox/public_token/create and /item/public_token/exchange.'

const MALFORMED = [
  'The access token is malformed.',
  'Copy the whole token: access-sandbox- and 36 more characters.',
] as const

const OTHER_ENVIRONMENT = [
  'The access token belongs to another environment.',
  'Use the access token of a Sandbox Item.',
] as const

/** Status, meaning and next step by code: Plaid's first, in the order of its checks. */
const PLAID: Record<string, readonly [status: number, summary: string, nextStep: string]> = {
  INVALID_BODY: [400, 'The request body could not be read as JSON.', 'Send a JSON object.'],
  SANDBOX_ONLY: [
    400,
    'This route exists only in Plaid’s Sandbox.',
    'Use https://sandbox.plaid.com as the base URL.',
  ],
  INVALID_API_KEYS: [400, 'Wrong client_id or secret.', CREDENTIALS],
  MISSING_FIELDS: [400, 'A required field is missing.', 'Add the field that the message names.'],
  INVALID_FIELD: [
    400,
    'A field has the wrong format.',
    'Correct the field that the message names.',
  ],
  UNKNOWN_FIELDS: [400, 'A field is unknown to Plaid.', 'Remove the field that the message names.'],
  INVALID_ACCESS_TOKEN: [400, 'Access token not found.', NEW_TOKEN],
  ITEM_NOT_FOUND: [400, 'The Item was removed.', NEW_TOKEN],
  RATE_LIMIT: [
    429,
    'Too many requests for this Item or these credentials.',
    'Wait a minute, then retry.',
  ],
  INTERNAL_SERVER_ERROR: [500, 'Plaid had an internal error.', RETRY],
  PLANNED_MAINTENANCE: [503, 'Plaid is under maintenance.', 'Check https://status.plaid.com.'],
}

const GATEWAY: typeof PLAID = {
  UNAUTHORIZED: [401, 'Wrong gateway token.', 'Enter the token that the gateway was started with.'],
  FORBIDDEN_HOST: [
    403,
    'The gateway accepts requests only from its own machine.',
    'Use 127.0.0.1 or localhost in the gateway URL.',
  ],
  MISSING_CREDENTIALS: [
    400,
    'Neither the gateway nor the request has Plaid credentials.',
    'Save credentials to the gateway, or fill in client_id and secret.',
  ],
  NOT_A_SANDBOX_TOKEN: [
    400,
    'The gateway sends only Sandbox tokens. Nothing was sent.',
    'Use a token that starts with access-sandbox-.',
  ],
  RATE_LIMITED: [429, 'Too many requests to the gateway from this address.', 'Wait, then retry.'],
  OVERLOADED: [503, 'The gateway’s queue is full.', 'Wait, then retry.'],
  TIMEOUT: [504, 'Plaid did not respond to the gateway in time.', RETRY],
  UNEXPECTED_RESPONSE: [
    502,
    'The response did not come from Plaid.',
    'Check the gateway’s base URL, and any proxy in between.',
  ],
}

export const ERROR_CODES: ErrorCode[] = [
  ...Object.entries(PLAID).map((entry) => errorCode('Plaid', entry)),
  ...Object.entries(GATEWAY).map((entry) => errorCode('gateway', entry)),
]

function errorCode(
  from: ErrorCode['from'],
  [code, [status, summary, nextStep]]: [string, readonly [number, string, string]],
): ErrorCode {
  return { code, status, from, summary, nextStep }
}

const CONNECTION = [
  'The gateway could not reach Plaid.',
  'Check the gateway’s base URL, proxy and network. The message says what failed.',
] as const

/** What a response with `code`, or a success, means. `isLocal`: it comes from a local Sandbox. */
export function meaningOf(
  code: string | null,
  { status, headers, body }: Omit<GatewayResponse, 'kind'>,
  isLocal: boolean,
): Meaning {
  if (code === null) {
    return {
      summary: 'The Item went into ITEM_LOGIN_REQUIRED, as if its bank login had stopped working.',
      nextStep:
        'Check that your backend received ITEM / ERROR, and opens Link in update mode to repair the Item.',
      docs: 'https://plaid.com/docs/link/update-mode/',
    }
  }
  const [summary, nextStep] = adviceOn(code, status, body, isLocal)
  const [, retryAfter = ''] = headers.find(([name]) => name === 'retry-after') ?? []
  const wait = /^\d{1,5}$/.test(retryAfter) ? ` Retry after ${retryAfter} s.` : ''
  return { summary, nextStep: nextStep + wait, docs: docsOf(body) }
}

function adviceOn(
  code: string,
  status: number,
  body: Fields,
  isLocal: boolean,
): readonly [summary: string, nextStep: string] {
  if (code === 'INVALID_API_KEYS' && isLocal) {
    return ['Wrong client_id or secret.', LOCAL_CREDENTIALS]
  }
  if (code === 'INVALID_ACCESS_TOKEN') {
    const message = String(body.error_message)
    if (message.includes('invalid format')) return MALFORMED
    if (message.includes('wrong Plaid environment')) return OTHER_ENVIRONMENT
  }
  for (const codes of [PLAID, GATEWAY]) {
    const known = Object.hasOwn(codes, code) ? codes[code] : undefined
    if (known !== undefined) return [known[1], known[2]]
  }
  if (body.kind === 'connection') return CONNECTION
  return [
    'The request was refused. The message says why.',
    status < 500 ? 'Correct the request as the message says.' : RETRY,
  ]
}

/** Plaid's page about one of its errors: from the response, or by its type and code. */
function docsOf({ documentation_url, error_type, error_code }: Fields): string | null {
  const plaid = 'https://plaid.com/'
  if (typeof documentation_url === 'string' && documentation_url.startsWith(plaid)) {
    return documentation_url
  }
  const type = typeof error_type === 'string' ? SLUGS[error_type] : undefined
  if (type === undefined || typeof error_code !== 'string' || !/^\w+$/.test(error_code)) return null
  return `${plaid}docs/errors/${type}/#${error_code.toLowerCase()}`
}

const SLUGS: Record<string, string> = {
  API_ERROR: 'api',
  INVALID_INPUT: 'invalid-input',
  INVALID_REQUEST: 'invalid-request',
  ITEM_ERROR: 'item',
  RATE_LIMIT_EXCEEDED: 'rate-limit-exceeded',
}

/** Failures between the page and the gateway at `url`; `received` describes a wrong response. */
export const PAGE_ERRORS = {
  GATEWAY_UNREACHABLE: (url: string) => ({
    summary: `No response from ${url}: the ${IS_SANDBOX ? 'Sandbox' : 'gateway'} does not run, or stopped during the call.`,
    nextStep: `${capitalized(howToStart(url))}. ${RETRY}`,
    docs: null,
  }),
  CONNECTION_LOST: () => ({
    summary: 'The connection closed before the response. The login may have been reset.',
    nextStep: RETRY,
    docs: null,
  }),
  ORIGIN_REFUSED: (url: string) => ({
    summary: `A server runs at ${url}, but it does not accept requests from this page.`,
    nextStep: `If it is a gateway, ${howToAllow()}. ${RETRY}`,
    docs: null,
  }),
  NOT_A_GATEWAY: (url: string, received: string) => ({
    summary: `The response from ${url} did not come from a gateway (${received}).`,
    nextStep: 'Check the gateway URL, and any proxy in between.',
    docs: null,
  }),
  CANCELLED: () => ({
    summary: 'You cancelled the call. The login may have been reset.',
    nextStep: RETRY,
    docs: null,
  }),
} satisfies Record<string, (url: string, received: string) => Meaning>

/** What to do about a gateway that does not allow this page's origin. */
export function howToAllow(): string {
  return location.protocol === 'file:'
    ? 'open the page at the gateway’s URL, not as a file'
    : `start it with --allow-origin ${location.origin}`
}

/** What to do if no gateway runs at `url`. */
export function howToStart(url: string): string {
  const { port } = new URL(url)
  const [what, command] =
    url !== HOME || !HAS_SANDBOX
      ? ['a gateway', 'gateway']
      : IS_SANDBOX
        ? ['the Sandbox again', 'sandbox']
        : ['the console again', 'console']
  return `start ${what} with npx @utdk/plaid ${command}${port === '' ? '' : ` --port ${port}`}`
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
