// The gateway that served this page. It marks its page with `data-gateway`, so that the page knows
// its gateway at the first paint.

const SERVED_BY = document.documentElement.dataset.gateway

/** Whether that gateway has a local Sandbox. */
export const HAS_SANDBOX = SERVED_BY === 'sandbox'

/** That gateway's URL, also below a proxy's path. Empty for a page that no gateway served. */
export const HOME =
  SERVED_BY && location.host ? location.origin + location.pathname.replace(/\/+$/, '') : ''
