// What can be said of an input while it is typed. An error keeps the call from being sent; advice
// does not.

export interface Hint {
  kind: 'advice' | 'error'
  text: string
}

const SANDBOX = 'access-sandbox-'

/** `access-sandbox-` and a UUID. */
const WHOLE_TOKEN = /^access-sandbox-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

export function accessTokenHint(token: string): Hint | null {
  if (token === '' || WHOLE_TOKEN.test(token)) return null
  if (/\s/.test(token)) return error('A token has no spaces or line breaks in it.')
  const environment = /^access-(production|development)-/.exec(token)?.[1]
  if (environment !== undefined) {
    return error(`A ${environment} token is never sent: use a Sandbox token.`)
  }
  if (token.startsWith('public-')) {
    return error('A public token: exchange it at /item/public_token/exchange first.')
  }
  if (token.startsWith('link-')) return error('A link token: the Item’s access token is needed.')
  if (token.startsWith(SANDBOX)) {
    return { kind: 'advice', text: 'A token goes on with 36 letters, digits and hyphens.' }
  }
  // It may be on its way there.
  if (SANDBOX.startsWith(token)) return { kind: 'advice', text: `It begins with ${SANDBOX}.` }
  return error(`A Sandbox Item’s access token begins with ${SANDBOX}.`)
}

export function clientIdHint(clientId: string): Hint | null {
  return credentialHint(clientId, 24, 'client_id')
}

export function secretHint(secret: string): Hint | null {
  if (/^access-/.test(secret)) return error('That is an access token, not a secret.')
  return credentialHint(secret, 30, 'secret')
}

function credentialHint(text: string, length: number, name: string): Hint | null {
  if (text === '') return null
  if (/[^\x21-\x7e]/.test(text)) {
    return error(`A ${name} has no spaces or accents in it.`)
  }
  if (text.length === length && /^[\da-f]+$/.test(text)) return null
  return { kind: 'advice', text: `Plaid’s have ${length} characters: 0 to 9, a to f.` }
}

/** What keeps a gateway's URL from being used; nothing if it is empty. */
export function urlProblem(text: string): string | null {
  if (text === '') return null
  if (!/^https?:\/\//i.test(text)) return 'Begin with http:// or https://.'
  if (!URL.canParse(text)) return 'This is not a URL: write one such as http://localhost:4000.'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    return 'Leave out the user and password: a gateway takes its token below.'
  }
  if (/[?#]/.test(text)) return 'Leave out what follows ? or #: the URL is scheme, host and path.'
  // Elsewhere it would carry the token and the credentials in clear; and the page's policy allows
  // these names of this machine.
  if (url.protocol === 'http:' && !isThisMachine(url.hostname) && url.origin !== location.origin) {
    return 'Use https: plain http is for localhost and 127.0.0.1 alone.'
  }
  return null
}

function isThisMachine(host: string): boolean {
  return /^(localhost|.+\.localhost|127\.0\.0\.1)$/.test(host)
}

function error(text: string): Hint {
  return { kind: 'error', text }
}
