'use strict'

// `@utdk/plaid/vite`: Link in a person's browser, or in Cypress, answered by the Sandbox. The plugin
// replaces Plaid's CDN by a path of Vite's server, and sends that path to the Sandbox.

const { pipeline } = require('node:stream')
const { read } = require('./lib/options.js')
const {
  eventsOption,
  returnedHeaders,
  sandboxOrigin,
  sandboxPath,
  send,
} = require('./lib/to-sandbox.js')

const NAME = 'utdk-plaid-link'
const CDN = 'https://cdn.plaid.com'
/** What the Sandbox serves of Plaid's CDN: script and frame, and the API of the frame. */
const LINK_PATH = /^\/link\/(?:v2\/stable|_api)\//

/** Link's URL where a string or an attribute starts. A Content-Security-Policy stays as it is. */
const LINK_URL = /(["'`]|\b(?:src|href)=)(?:https?:)?\/\/cdn\.plaid\.com(\/link\/v2\/stable\/)/g

function plaidLink(options = {}) {
  const { events, sandbox } = read(options, ['events', 'sandbox'], 'plaidLink')
  const hasLiveEvents = eventsOption(events)
  const given = sandbox ?? process.env.PLAID_SANDBOX_URL
  // Vite names its cache of dependencies after the plugins: with another name, no rewritten file stays.
  if (!given) return { name: `${NAME}-off` }
  const origin = sandboxOrigin(given, 'sandbox')
  let config
  const isOn = () => config.mode !== 'production'
  const rewritten = (text) => text.replace(LINK_URL, `$1${config.server?.origin ?? ''}$2`)

  return {
    name: NAME,
    configResolved(resolved) {
      config = resolved
    },
    buildStart() {
      if (config.command !== 'build') return
      config.logger.warn(
        isOn()
          ? `${NAME}: this build loads Link from the Sandbox, through \`vite preview\`. Do not deploy it.`
          : `${NAME}: off, because the mode is production. For a build to test, use another: \`vite build --mode test\`.`,
      )
    },
    transform(code, id = '') {
      // `transformIndexHtml` is for pages: Vite must not take the path for one of its own files.
      if (!isOn() || id.endsWith('.html') || !code.includes('//cdn.plaid.com/')) return undefined
      return { code: rewritten(code), map: null }
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html) => (isOn() ? rewritten(html) : html),
    },
    configureServer(server) {
      if (!isOn()) return
      config.logger.info(`${NAME}: Link comes from the Sandbox at ${origin}`)
      server.middlewares.use(toSandbox(origin, hasLiveEvents, config.logger))
    },
    configurePreviewServer(server) {
      server.middlewares.use(toSandbox(origin, hasLiveEvents, config.logger))
    },
  }
}

/** Middleware that sends Link's paths to the Sandbox. */
function toSandbox(origin, hasLiveEvents, logger) {
  return async (request, response, next) => {
    if (!LINK_PATH.test(request.url)) return next()
    const { method, url, headers } = request
    try {
      const reply = await send(origin, {
        method,
        path: sandboxPath(url, hasLiveEvents),
        headers: asFromPlaid(headers),
        body: request,
      })
      response.writeHead(reply.statusCode, returnedHeaders(reply))
      pipeline(reply, response, () => {})
    } catch (error) {
      logger.error(`${NAME}: ${error.message}`, { error })
      response.writeHead(502, { 'content-type': 'text/plain' }).end(error.message)
    }
  }
}

/** The frame's own origin becomes Plaid's. The Sandbox refuses the origin of any other page. */
function asFromPlaid(headers) {
  // HTTP/2, which Vite uses for https, has no Host header.
  const host = headers[':authority'] ?? headers.host
  const isOwn =
    headers.origin && URL.canParse(headers.origin) && new URL(headers.origin).host === host
  return isOwn ? { ...headers, origin: CDN } : headers
}

module.exports = { plaidLink }
