// `node --import @utdk/plaid/intercept app.js`: connections of this process, its Workers and its child
// processes to sandbox.plaid.com:443 go to the local Sandbox at PLAID_SANDBOX_URL. It loads no native
// binary, and ends the process if it cannot do that: nothing may reach the real host instead.

import net from 'node:net'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import children from './lib/intercept-children.js'
import hooks from './lib/intercept-hooks.js'

const { HOST, NAME, PORT, PRODUCTION } = hooks

/** The Sandbox is local: it answers in milliseconds, or not at all. */
const PATIENCE_MS = 5_000
const LONGEST_REPLY = 64 * 1024

/** A reason that ends the process. */
class Refusal extends Error {}

// It is loaded twice if it is named twice, such as by its name and by a path.
if (!hooks.isInstalled()) {
  try {
    await start()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    process.stderr.write(`${NAME}: ${error.message}\n`)
    process.exit(1)
  }
}

async function start() {
  if (process.env.NODE_ENV === 'production') throw new Refusal(PRODUCTION)
  // A Worker can have another environment, but no other Sandbox.
  const known = getEnvironmentData(NAME)
  const inherited = known?.url ?? new URL(import.meta.url).searchParams.get('sandbox')
  const url = sandboxUrl(process.env.PLAID_SANDBOX_URL || inherited)
  const target = known?.url === url ? known : await ask(url)
  hooks.install(target)
  children.reachChildren(url)
  setEnvironmentData(NAME, target)
  if (inherited !== url) {
    process.stderr.write(
      `${NAME}: connections to ${HOST}:${PORT} go to the local Sandbox at ${url}\n`,
    )
  }
}

/** @returns the origin */
function sandboxUrl(text) {
  if (!text) {
    throw new Refusal(
      'PLAID_SANDBOX_URL is not set. Start your app with `npx @utdk/plaid run -- node app.js`, or set it to the URL of a running Sandbox',
    )
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin = url?.protocol === 'http:' && url.href === `${url.origin}/`
  if (!isOrigin || url.hostname === HOST) {
    throw new Refusal(
      'PLAID_SANDBOX_URL must be the http URL that the Sandbox prints, such as http://127.0.0.1:8321',
    )
  }
  return url.origin
}

/** Where the Sandbox at `url` answers over TLS, and the authority to trust for it. */
async function ask(url) {
  const { status, text } = await get(`${url}/_sandbox/tls`).catch((error) => {
    throw new Refusal(
      `no Sandbox answers at PLAID_SANDBOX_URL, ${url} (${error.code ?? error.message}). Start one with \`npx @utdk/plaid sandbox\``,
    )
  })
  const { ca, port, error_message: refusal } = parsed(text)
  const isTarget = Number.isInteger(port) && typeof ca === 'string' && ca.startsWith('-----BEGIN')
  if (status === 200 && isTarget) {
    return { url, host: bare(new URL(url).hostname), port, ca }
  }
  const why = status === 403 && typeof refusal === 'string' ? `: ${refusal.slice(0, 300)}` : ''
  throw new Refusal(
    `what answers at PLAID_SANDBOX_URL, ${url}, does not open TLS for this process${why || '. Is it a Sandbox of @utdk/plaid of this version?'}`,
  )
}

/** Written by hand, because loading node:http takes longer than all the rest. */
function get(url) {
  const { hostname, port, host, pathname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port || 80), bare(hostname))
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`))
    }, PATIENCE_MS)
    let reply = ''
    socket.setEncoding('utf8')
    socket.on('data', (part) => {
      reply += part
      if (reply.length > LONGEST_REPLY) socket.destroy(new Error('its answer is too long'))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      const [head, text = ''] = reply.split('\r\n\r\n')
      resolve({ status: Number(head.match(/^HTTP\/1\.[01] (\d{3}) /)?.[1]), text })
    })
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    socket.write(`GET ${pathname} HTTP/1.0\r\nhost: ${host}\r\n\r\n`)
  })
}

/** An IPv6 address without the brackets that it has in a URL. */
function bare(hostname) {
  return hostname.replace(/^\[|\]$/g, '')
}

/** The object that `text` is as JSON, or an empty one. */
function parsed(text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
