// The access tokens of a local Sandbox's Items that this tab created, kept while the tab is open. A
// local Sandbox makes them up, so they are no secrets. Plaid's own tokens are never stored.

/** Access tokens by Item ID. */
export type Tokens = Record<string, string>

const STORAGE_KEY = 'utdk_local_sandbox_tokens'
const MAX_TOKENS = 100

/** The stored tokens of the Sandbox at `url`. */
export function storedTokens(url: string): Tokens {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '{}')
    return stored.url === url ? Object.fromEntries(Object.entries<string>(stored.tokens)) : {}
  } catch {
    return {}
  }
}

export function storeTokens(url: string, tokens: Tokens) {
  try {
    const kept = Object.fromEntries(Object.entries(tokens).slice(-MAX_TOKENS))
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ url, tokens: kept }))
  } catch {
    // The browser refuses storage.
  }
}
