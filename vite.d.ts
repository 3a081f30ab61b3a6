/** Plaid Link in a browser at Vite's server, answered by the local Sandbox. */

/** The options of the plugin. */
export interface PlaidLinkOptions {
  /**
   * The URL of the Sandbox, or what `startSandbox` resolves with. Default: the environment variable
   * `PLAID_SANDBOX_URL`; without both, the plugin does nothing.
   */
  sandbox?: string | { readonly url: string } | undefined
  /**
   * When `onEvent` gets Link's events. `at_end`: OPEN at once, all others before `onSuccess` or `onExit`,
   * as with Plaid. `live`: each when it happens. Default: `at_end`.
   */
  events?: 'at_end' | 'live' | undefined
}

/**
 * A plugin for Vite 5 to 8. In `vite` and `vite preview`, Link's script, its frame and its API come from
 * the Sandbox: the script's URL is replaced in your code, in your dependencies and in your HTML, and
 * Vite's server sends the requests on.
 *
 * In the mode `production`, the mode of a plain `vite build`, it changes nothing: Link comes from Plaid.
 */
export function plaidLink(options?: PlaidLinkOptions): { name: string }
