// Hints about an input while it is typed. An error disables Send; advice does not.

export interface Hint {
  kind: 'advice' | 'error'
  text: string
}

const PREFIX = 'access-sandbox-'

/** `access-sandbox-` and a UUID. */
const COMPLETE_TOKEN = /^access-sandbox-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

export function accessTokenHint(token: string): Hint | null {
  if (token === '' || COMPLETE_TOKEN.test(token)) return null
  if (/\s/.test(token)) return error('A token contains no spaces or line breaks.')
  const environment = /^access-(production|development)-/.exec(token)?.[1]
  if (environment !== undefined) {
    return error(`This is a ${environment} token, which is never sent. Use a Sandbox token.`)
  }
  if (token.startsWith('public-')) {
    return error('This is a public token. Exchange it at /item/public_token/exchange first.')
  }
  if (token.startsWith('link-')) {
    return error('This is a link token. Enter the Item’s access token.')
  }
  if (token.startsWith(PREFIX)) {
    return { kind: 'advice', text: `Incomplete: expected 36 more characters after ${PREFIX}.` }
  }
  // The prefix may still be typed.
  if (PREFIX.startsWith(token)) return { kind: 'advice', text: `Starts with ${PREFIX}.` }
  return error(`A Sandbox access token starts with ${PREFIX}.`)
}

export function clientIdHint(clientId: string): Hint | null {
  return credentialHint(clientId, 24, 'client_id')
}

export function secretHint(secret: string): Hint | null {
  if (/^access-/.test(secret)) return error('This is an access token, not a secret.')
  return credentialHint(secret, 30, 'secret')
}

function credentialHint(text: string, length: number, name: string): Hint | null {
  if (text === '') return null
  if (/[^\x21-\x7e]/.test(text)) {
    return error(`A ${name} contains no spaces or accents.`)
  }
  if (text.length === length && /^[\da-f]+$/.test(text)) return null
  return { kind: 'advice', text: `Plaid’s have ${length} characters: 0 to 9, a to f.` }
}

/** Why a gateway's URL cannot be used; null if it can, or is empty. */
export function urlProblem(text: string): string | null {
  if (text === '') return null
  if (!/^https?:\/\//i.test(text)) {
    const [, host] = /^(localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:\/|$)/.exec(text) ?? []
    if (host === undefined) return 'Start with http:// or https://.'
    return `Did you mean ${isLoopback(host) ? 'http' : 'https'}://${text}?`
  }
  if (!URL.canParse(text)) return 'Not a URL: enter one such as http://localhost:4000.'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    return 'Remove the user and password. Enter a token in the field for it.'
  }
  if (/[?#]/.test(text)) return 'Remove everything from ? or # on. Enter scheme, host and path.'
  // Otherwise the token and the credentials would travel unencrypted. The page's policy allows
  // the same names.
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && url.origin !== location.origin) {
    return 'Use https. Plain http works only for localhost and 127.0.0.1.'
  }
  return null
}

export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127\.0\.0\.1)$/.test(host)
}

function error(text: string): Hint {
  return { kind: 'error', text }
}
