// What served this page: a gateway, or a local Sandbox itself. It marks its page with `data-server`, so
// that the page knows it at the first paint.

const SERVED_BY = document.documentElement.dataset.server

/** Whether a local Sandbox served the page, without a gateway. */
export const IS_SANDBOX = SERVED_BY === 'itself'

/** Whether the page has a local Sandbox: the server itself, or its gateway's. */
export const HAS_SANDBOX = IS_SANDBOX || SERVED_BY === 'sandbox'

/** The server's URL, also below a proxy's path. Empty for a page that no server of ours served. */
export const HOME =
  SERVED_BY && location.host ? location.origin + location.pathname.replace(/\/+$/, '') : ''
