'use strict'

// Sends a browser's requests for Plaid's hosts to the Sandbox, for `playwright.js` and `vite.js`.
// It does not load the binary.

const http = require('node:http')
const { PlaidConnectionError } = require('./errors.js')
const { invalid, text } = require('./options.js')

/** Not Node's default agent: with NODE_USE_ENV_PROXY, that one uses a proxy. */
const agent = new http.Agent({ keepAlive: true })

const SCRIPT = '/link/v2/stable/link-initialize.js'

/** Headers of one connection, and those that the browser has for Plaid's host or for the app's. */
const NOT_SENT = /^(?::.*|host|connection|keep-alive|transfer-encoding|upgrade|cookie|te)$/
const NOT_RETURNED = /^(?:connection|keep-alive|transfer-encoding)$/

/** The origin of a Sandbox: its handle, another object with a `url`, or the URL. */
function sandboxOrigin(sandbox, field) {
  const given = typeof sandbox === 'object' && sandbox !== null ? sandbox.url : sandbox
  if (given === undefined || given === null) {
    throw invalid(field, 'is missing: pass what startSandbox() resolves with, or its URL')
  }
  const url = parsed(text(given, field))
  if (url?.protocol !== 'http:' || /(?:^|\.)plaid\.com$/.test(url.hostname)) {
    throw invalid(field, 'must be the plain URL of a Sandbox, such as http://127.0.0.1:8321')
  }
  return url.origin
}

/** As `URL.parse`, which Node 20 does not have. */
function parsed(given) {
  try {
    return new URL(given)
  } catch {
    return null
  }
}

/** Whether Link's events are live: `live` or, as in Plaid's Link, all but a few at the end. */
function eventsOption(value) {
  if (value === undefined || value === 'live' || value === 'at_end') return value === 'live'
  throw invalid('events', 'must be live or at_end')
}

/** The path of the Sandbox for one of Plaid's. */
function sandboxPath(path, hasLiveEvents) {
  const isScript = hasLiveEvents && path.startsWith(SCRIPT)
  return isScript ? `${SCRIPT}?events=live` : path
}

/**
 * Sends a request to the Sandbox. `body` is a stream, bytes, or nothing.
 *
 * @returns the response, a stream; rejects with a `PlaidConnectionError` if there is none
 */
function send(origin, { method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = Object.entries(headers).filter(([name]) => !NOT_SENT.test(name))
    const request = http.request(origin + path, {
      agent,
      method,
      headers: Object.fromEntries(sent),
    })
    request.once('response', resolve)
    request.on('error', (cause) => reject(unreachable(origin, cause)))
    if (typeof body?.pipe === 'function') body.pipe(request)
    else request.end(body ?? undefined)
  })
}

function returnedHeaders({ headers }) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_RETURNED.test(name)))
}

function unreachable(origin, cause) {
  return new PlaidConnectionError(
    `the Sandbox at ${origin} does not answer (${cause.code ?? cause.message}): it must run as long as a page uses Link. No request was sent to Plaid.`,
    { code: cause.code ?? 'ECONNRESET', cause },
  )
}

module.exports = {
  eventsOption,
  returnedHeaders,
  sandboxOrigin,
  sandboxPath,
  send,
  unreachable,
}
