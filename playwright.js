'use strict'

// `@utdk/plaid/playwright`: Link and Plaid's API in the browser of a Playwright test, answered by the
// Sandbox. It uses only what Playwright hands to it, so it works with every version.

const { PlaidResponseError } = require('./lib/errors.js')
const { invalid, read } = require('./lib/options.js')
const {
  eventsOption,
  returnedHeaders,
  sandboxOrigin,
  sandboxPath,
  send,
  unreachable,
} = require('./lib/to-sandbox.js')

const LONGEST_REPLY = 32 * 1024 * 1024
const TOO_LONG = new Error('the reply is too long')

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
  const status = response.statusCode
  const body = await bytesOf(response).catch((cause) => {
    if (cause !== TOO_LONG) throw unreachable(origin, cause)
    const message = `what answers at ${origin} is no Sandbox: its reply is longer than 32 MiB`
    throw new PlaidResponseError(message, { code: 'UNEXPECTED_RESPONSE', status })
  })
  return { status, headers: returnedHeaders(response), body }
}

/** Rejects with `TOO_LONG`, or with the error of the connection. */
async function bytesOf(response) {
  const chunks = []
  let left = LONGEST_REPLY
  for await (const chunk of response) {
    left -= chunk.length
    if (left < 0) throw TOO_LONG
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
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
