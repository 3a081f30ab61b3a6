'use strict'

// `@utdk/plaid/playwright`: Link and Plaid's API in the browser of a Playwright test, answered by the
// Sandbox. It uses only what Playwright hands to it, so it works with every version.

const { buffer } = require('node:stream/consumers')
const { invalid, read } = require('./lib/options.js')
const {
  eventsOption,
  returnedHeaders,
  sandboxOrigin,
  sandboxPath,
  send,
  unreachable,
} = require('./lib/to-sandbox.js')

const HOSTS = /^https:\/\/(?:cdn|sandbox)\.plaid\.com\//

async function routePlaidLink(context, sandbox, options = {}) {
  checkContext(context)
  const origin = sandboxOrigin(sandbox, 'sandbox')
  const hasLiveEvents = eventsOption(read(options, ['events'], 'routePlaidLink').events)
  /** Later failures only abort their requests: a test needs to fail once. */
  let hasFailed = false

  // Not `route.fetch`: it would use the context's proxy and cookies, and run on the browser's machine.
  async function answer(route) {
    try {
      await route.fulfill(await reply(origin, route.request(), hasLiveEvents))
    } catch (error) {
      await route.abort('connectionrefused').catch(() => {})
      // A test that is over closes its pages and its Sandbox in any order.
      if (hasFailed || isPageClosed(route.request())) return
      hasFailed = true
      throw error
    }
  }

  await context.route(HOSTS, answer)
  return () => context.unroute(HOSTS, answer)
}

async function reply(origin, request, hasLiveEvents) {
  const { pathname, search } = new URL(request.url())
  const response = await send(origin, {
    method: request.method(),
    path: sandboxPath(pathname + search, hasLiveEvents),
    headers: await request.allHeaders(),
    body: request.postDataBuffer(),
  })
  const body = await buffer(response).catch((cause) => {
    throw unreachable(origin, cause)
  })
  return { status: response.statusCode, headers: returnedHeaders(response), body }
}

function isPageClosed(request) {
  try {
    return request.frame().page().isClosed()
  } catch {
    // A service worker's request has no frame.
    return false
  }
}

function checkContext(context) {
  if (typeof context?.newPage === 'function' && typeof context.route === 'function') return
  if (typeof context?.context === 'function') {
    throw invalid(
      'context',
      'is a page: pass page.context(), whose routes also apply to service workers and popups',
    )
  }
  if (typeof context?.newContext === 'function') {
    throw invalid('context', 'is a browser: pass one of its contexts')
  }
  throw invalid('context', 'must be a browser context of Playwright')
}

module.exports = { routePlaidLink }
