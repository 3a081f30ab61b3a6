// What an outcome means, and what to do next: for the codes of Plaid's that this call can end in,
// for those of the gateway, and for what happens on the way to it.

import type { Fields } from './ask'
import { howToAllow, howToStart } from './gateway'

export interface Meaning {
  /** What it means. */
  says: string
  /** What to do next. */
  next: string
  /** Plaid's page about it. */
  docs: string | null
}

const TRY_AGAIN = 'Send it again: doing so twice does no harm.'

const CREDENTIALS =
  'Compare client_id and secret with those of the Sandbox in Plaid’s dashboard, under Keys.'

const NEW_TOKEN =
  'Take the access token of an Item that exists: /sandbox/public_token/create and /item/public_token/exchange make one.'

/** What the code means, and what to do next. */
const OF_CODE: Record<string, readonly [says: string, next: string]> = {
  INVALID_ACCESS_TOKEN: ['Plaid knows no such access token.', NEW_TOKEN],
  ITEM_NOT_FOUND: ['The Item was removed.', NEW_TOKEN],
  INVALID_API_KEYS: ['Plaid does not know this client_id with this secret.', CREDENTIALS],
  MISSING_FIELDS: ['A field that Plaid needs did not arrive.', 'Fill in what the message names.'],
  INVALID_FIELD: ['A field does not have the form that it needs.', 'Correct the one it names.'],
  UNKNOWN_FIELDS: ['Plaid does not know one of the fields.', 'Leave out the one it names.'],
  INVALID_BODY: ['The body could not be read.', TRY_AGAIN],
  SANDBOX_ONLY: [
    'The call went to another environment than the Sandbox.',
    'Start the gateway with the Sandbox as its base URL.',
  ],
  RATE_LIMIT: ['Plaid has had too many calls about this Item or from you.', 'Wait a minute.'],
  INTERNAL_SERVER_ERROR: ['Something went wrong at Plaid.', TRY_AGAIN],
  PLANNED_MAINTENANCE: ['Plaid is being maintained.', 'Look at Plaid’s status page, and wait.'],
  MISSING_CREDENTIALS: [
    'The gateway has no credentials for Plaid, and the call brought none.',
    'Configure them above, or fill in client_id and secret.',
  ],
  UNAUTHORIZED: [
    'The gateway does not take this token.',
    'Enter the token that the gateway was started with, beside its URL.',
  ],
  RATE_LIMITED: ['The gateway has had too many calls from this address.', 'Wait a moment.'],
  OVERLOADED: ['Too many calls wait at the gateway already.', 'Wait a moment.'],
  FORBIDDEN_HOST: [
    'The gateway serves its own machine alone.',
    'Call it by 127.0.0.1 or localhost.',
  ],
  NOT_A_SANDBOX_TOKEN: [
    'The gateway sends Sandbox tokens alone; nothing was sent.',
    'Use a token that begins with access-sandbox-.',
  ],
  TIMEOUT: ['Plaid did not answer the gateway in time.', TRY_AGAIN],
  UNEXPECTED_RESPONSE: [
    'What answered the gateway does not answer as Plaid does.',
    'Look at the gateway’s base URL, and at a proxy in between.',
  ],
}

const CONNECTION: readonly [string, string] = [
  'The gateway could not reach Plaid.',
  'Look at the gateway’s base URL, its proxy and its network; the message says how it failed.',
]

/** What a reply with `code`, or a success, means. */
export function meaningOf(code: string | null, body: Fields, retryAfter: string | null): Meaning {
  if (code === null) {
    return {
      says: 'The Item is in ITEM_LOGIN_REQUIRED now, as if its bank login had stopped working.',
      next: 'See that your backend received ITEM / ERROR, and opens Link in update mode to repair it.',
      docs: 'https://plaid.com/docs/link/update-mode/',
    }
  }
  const unknown = ['The call was refused; the message says why.', TRY_AGAIN] as const
  const known = Object.hasOwn(OF_CODE, code) ? OF_CODE[code] : undefined
  const [says, next] = known ?? (body.kind === 'connection' ? CONNECTION : unknown)
  const seconds = /^\d{1,5}$/.test(retryAfter ?? '') ? ` It asks for ${retryAfter} s.` : ''
  return { says, next: next + seconds, docs: pageOf(body) }
}

/** Plaid's page about an error of its own: as the reply names it, or where such a page stands. */
function pageOf({ documentation_url, error_type, error_code }: Fields): string | null {
  const plaids = 'https://plaid.com/'
  if (typeof documentation_url === 'string' && documentation_url.startsWith(plaids)) {
    return documentation_url
  }
  const type = typeof error_type === 'string' ? SLUGS[error_type] : undefined
  if (type === undefined || typeof error_code !== 'string' || !/^\w+$/.test(error_code)) return null
  return `${plaids}docs/errors/${type}/#${error_code.toLowerCase()}`
}

const SLUGS: Record<string, string> = {
  API_ERROR: 'api',
  INVALID_INPUT: 'invalid-input',
  INVALID_REQUEST: 'invalid-request',
  ITEM_ERROR: 'item',
  RATE_LIMIT_EXCEEDED: 'rate-limit-exceeded',
}

/** What keeps a reply from coming; `url` is the gateway's, `was` what came instead. */
export const OF_THE_PAGE = {
  GATEWAY_UNREACHABLE: (url: string) => ({
    says: `No reply came from ${url}: nothing listens there, or it ended during the call.`,
    next: `Bring the gateway back (${howToStart(url)}), then send it again: doing so twice does no harm.`,
    docs: null,
  }),
  CONNECTION_LOST: () => ({
    says: 'The connection ended before the reply; whether the Item was reached is not known.',
    next: TRY_AGAIN,
    docs: null,
  }),
  ORIGIN_REFUSED: () => ({
    says: 'The gateway is there, but does not take calls from this page.',
    next: `Allow this page, and send it again: ${howToAllow()}.`,
    docs: null,
  }),
  NOT_A_GATEWAY: (url: string, was: string) => ({
    says: `What came from ${url} is not a gateway’s reply (${was}): another program, or a proxy in between, answers there.`,
    next: 'Check the gateway URL, and what stands between this page and the gateway.',
    docs: null,
  }),
  CANCELLED: () => ({
    says: 'You cancelled the call. It may have reached the Item all the same.',
    next: TRY_AGAIN,
    docs: null,
  }),
} satisfies Record<string, (url: string, was: string) => Meaning>
