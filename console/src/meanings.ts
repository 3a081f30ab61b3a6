// What an outcome means and what to do next: for Plaid's error codes that this call can return, the
// gateway's, and the page's own.

import type { Fields } from './request'

export interface Meaning {
  summary: string
  nextStep: string
  /** Plaid's page about it. */
  docs: string | null
}

const RETRY = 'Safe to retry.'

const CREDENTIALS =
  'Compare client_id and secret with those of the Sandbox in Plaid’s dashboard, under Keys.'

const NEW_TOKEN =
  'Use the access token of an existing Item. Create one with /sandbox/public_token/create and /item/public_token/exchange.'

/** By error code. */
const CODES: Record<string, readonly [summary: string, nextStep: string]> = {
  INVALID_ACCESS_TOKEN: ['Access token not found.', NEW_TOKEN],
  ITEM_NOT_FOUND: ['The Item was removed.', NEW_TOKEN],
  INVALID_API_KEYS: ['Wrong client_id or secret.', CREDENTIALS],
  MISSING_FIELDS: ['A required field is missing.', 'Fill in the field that the message names.'],
  INVALID_FIELD: ['A field has the wrong format.', 'Correct the field that the message names.'],
  UNKNOWN_FIELDS: ['A field is unknown to Plaid.', 'Remove the field that the message names.'],
  INVALID_BODY: ['The request body could not be read.', RETRY],
  SANDBOX_ONLY: [
    'This route exists only in Plaid’s Sandbox.',
    'Start the gateway with the Sandbox as its base URL.',
  ],
  RATE_LIMIT: ['Too many requests for this Item or these credentials.', 'Wait a minute.'],
  INTERNAL_SERVER_ERROR: ['Plaid had an internal error.', RETRY],
  PLANNED_MAINTENANCE: ['Plaid is under maintenance.', 'Check Plaid’s status page.'],
  MISSING_CREDENTIALS: [
    'Neither the gateway nor the request has Plaid credentials.',
    'Configure credentials above, or fill in client_id and secret.',
  ],
  UNAUTHORIZED: ['Wrong gateway token.', 'Enter the token that the gateway was started with.'],
  RATE_LIMITED: ['Too many requests to the gateway from this address.', 'Wait a moment.'],
  OVERLOADED: ['The gateway’s queue is full.', 'Wait a moment.'],
  FORBIDDEN_HOST: [
    'The gateway accepts requests only from its own machine.',
    'Use 127.0.0.1 or localhost in the gateway URL.',
  ],
  NOT_A_SANDBOX_TOKEN: [
    'The gateway sends only Sandbox tokens. Nothing was sent.',
    'Use a token that starts with access-sandbox-.',
  ],
  TIMEOUT: ['Plaid did not respond to the gateway in time.', RETRY],
  UNEXPECTED_RESPONSE: [
    'The response did not come from Plaid.',
    'Check the gateway’s base URL, and any proxy in between.',
  ],
}

const CONNECTION: readonly [string, string] = [
  'The gateway could not reach Plaid.',
  'Check the gateway’s base URL, proxy and network. The message says what failed.',
]

/** What a response with `code`, or a success, means. */
export function meaningOf(code: string | null, body: Fields, retryAfter: string | null): Meaning {
  if (code === null) {
    return {
      summary: 'The Item is in ITEM_LOGIN_REQUIRED, as if its bank login had stopped working.',
      nextStep:
        'Check that your backend received ITEM / ERROR, and opens Link in update mode to repair the Item.',
      docs: 'https://plaid.com/docs/link/update-mode/',
    }
  }
  const unknown = ['The request was refused. The message says why.', RETRY] as const
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined
  const [summary, nextStep] = known ?? (body.kind === 'connection' ? CONNECTION : unknown)
  const wait = /^\d{1,5}$/.test(retryAfter ?? '') ? ` Retry after ${retryAfter} s.` : ''
  return { summary, nextStep: nextStep + wait, docs: docsOf(body) }
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
    summary: `No response from ${url}: the gateway does not run, or stopped during the call.`,
    nextStep: `Start the gateway again (${howToStart(url)}). ${RETRY}`,
    docs: null,
  }),
  CONNECTION_LOST: () => ({
    summary: 'The connection closed before the response. The login may have been reset.',
    nextStep: RETRY,
    docs: null,
  }),
  ORIGIN_REFUSED: () => ({
    summary: 'The gateway does not accept requests from this page.',
    nextStep: `Allow this page: ${howToAllow()}. ${RETRY}`,
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
  return `start a gateway with npx @utdk/plaid gateway${port === '' ? '' : ` --port ${port}`}`
}
