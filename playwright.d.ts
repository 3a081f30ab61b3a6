/** Plaid Link in the browser of a Playwright test, answered by the local Sandbox. */

/** A `BrowserContext`, of `playwright` and of `@playwright/test`, in every version. */
export interface RoutableContext {
  newPage(): Promise<unknown>
  // biome-ignore lint/suspicious/noExplicitAny: the types of Playwright are not known here.
  route(url: RegExp, handler: (route: any) => Promise<void>): Promise<unknown>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  unroute(url: RegExp, handler?: (route: any) => Promise<void>): Promise<void>
}

/** The options of {@link routePlaidLink}. */
export interface RouteOptions {
  /**
   * When `onEvent` gets Link's events. `at_end`: OPEN at once, all others before `onSuccess` or `onExit`,
   * as with Plaid. `live`: each when it happens. Default: `at_end`.
   */
  events?: 'at_end' | 'live' | undefined
}

/**
 * Sends the requests of a browser context to `https://cdn.plaid.com` and `https://sandbox.plaid.com` to a
 * Sandbox: Link's script, its frame and its API. The app loads Link as it does in production.
 *
 * If the Sandbox does not answer, the request fails in the page, and the first such failure also fails
 * the test, as a `PlaidConnectionError`. No request is sent to Plaid.
 *
 * @param context a browser context, not a page: a page's routes miss requests of service workers
 * @param sandbox what `startSandbox` resolves with, or the URL of a Sandbox
 * @returns a function that ends it
 */
export function routePlaidLink(
  context: RoutableContext,
  sandbox: string | { readonly url: string },
  options?: RouteOptions,
): Promise<() => Promise<void>>
