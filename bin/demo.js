'use strict'

// `demo`: the whole flow in the terminal. It uses only the public surface of the package.

const { once } = require('node:events')
const http = require('node:http')
const { createPlaidClient } = require('../index.js')
const { startSandbox } = require('../sandbox.js')
const { createWebhookVerifier } = require('../webhooks.js')

/** @returns whether every step succeeded */
async function demo({ env = process.env, output = process.stdout } = {}) {
  const steps = new Steps(output)
  try {
    await (env.PLAID_ACCESS_TOKEN ? onPlaid(steps, env) : onLocalSandbox(steps))
    return true
  } catch (error) {
    steps.failed(error)
    return false
  }
}

async function onLocalSandbox(steps) {
  steps.title('Break a bank login, verify the webhook, repair the login. No account, no network.')
  const started = performance.now()
  await withOpen(await startSandbox(), async (sandbox) => {
    steps.step(`Started a local Plaid Sandbox at ${sandbox.url} in ${since(started)}`)
    await withOpen(await startReceiver(), async (receiver) => {
      const { access_token, item_id } = await sandbox.createItem({ webhook: receiver.url })
      steps.step(`Created an Item; its webhooks go to ${receiver.url}`)
      const { url: baseUrl, clientId, secret } = sandbox
      await breakAndRepair(steps, { baseUrl, clientId, secret, access_token, item_id, receiver })
    })
  })
  steps.end('Next, do the same in the browser:', 'npx @utdk/plaid console')
  steps.end(
    "Or break an Item of your own in Plaid's Sandbox: set PLAID_CLIENT_ID,\nPLAID_SECRET and PLAID_ACCESS_TOKEN, then run",
    'npx @utdk/plaid demo',
  )
}

async function breakAndRepair(steps, { access_token, item_id, receiver, ...credentials }) {
  await expectItemError(credentials, access_token, null)
  steps.step('/item/get: the Item is healthy, its error is null')

  await resetLogin(steps, credentials, access_token)

  const webhook = await receiver.next()
  expect('webhook', `ITEM / ERROR / ITEM_LOGIN_REQUIRED / ${item_id}`, describe(webhook.body))
  steps.step('Received the webhook: ITEM / ERROR, with ITEM_LOGIN_REQUIRED')

  const kid = await verifySignature(webhook, credentials)
  steps.step(`Verified its signature: ES256, with key ${kid} from Plaid's API`)

  await expectItemError(credentials, access_token, 'ITEM_LOGIN_REQUIRED')
  steps.step('/item/get: the login is broken, its error is ITEM_LOGIN_REQUIRED')

  const page = await updateModePage(credentials, access_token)
  steps.step(`/link/token/create: a page for Link's update mode at ${page}`)

  await logInAgain(page)
  steps.step('Logged in again on that page: this program submitted its form')

  await expectItemError(credentials, access_token, null)
  steps.step('/item/get: the Item is healthy again, its error is null')
}

/** The page where the user repairs an Item. An access token without products is update mode. */
async function updateModePage(credentials, access_token) {
  const { hosted_link_url } = await post(credentials, '/link/token/create', {
    access_token,
    client_name: 'The demo',
    country_codes: ['US'],
    language: 'en',
    user: { client_user_id: 'demo' },
    hosted_link: {},
  })
  return hosted_link_url
}

/** Loads the page and submits its first form, as a browser does. */
async function logInAgain(page) {
  const html = await (await fetch(page)).text()
  const [, action] = /<form [^>]*action="([^"]+)"/.exec(html) ?? []
  expect('the page has a form', true, action !== undefined)
  const { status } = await fetch(new URL(action, page), { method: 'POST' })
  expect('the status of the page', 200, status)
}

/** Breaks an Item of the user's in Plaid's own Sandbox. */
async function onPlaid(steps, env) {
  const credentials = {
    baseUrl: env.PLAID_BASE_URL || 'https://sandbox.plaid.com',
    clientId: env.PLAID_CLIENT_ID,
    secret: env.PLAID_SECRET,
  }
  const access_token = env.PLAID_ACCESS_TOKEN
  steps.title(`Break the login of the Item in PLAID_ACCESS_TOKEN at ${credentials.baseUrl}`)
  await resetLogin(steps, credentials, access_token)
  await expectItemError(credentials, access_token, 'ITEM_LOGIN_REQUIRED')
  steps.step('/item/get: the login is broken, its error is ITEM_LOGIN_REQUIRED')
  steps.end('To repair it, open Link in update mode:', 'https://plaid.com/docs/link/update-mode/')
}

async function resetLogin(steps, credentials, access_token) {
  const plaid = createPlaidClient(credentials)
  const called = performance.now()
  const reply = await plaid.sandboxitemresetlogin({ access_token })
  const took = since(called)
  expect('reset_login', true, reply.reset_login)
  steps.step(`plaid.sandboxitemresetlogin() returned ${JSON.stringify(reply)} in ${took}`)
}

async function expectItemError(credentials, access_token, code) {
  const { item } = await post(credentials, '/item/get', { access_token })
  expect('the error of /item/get', code, item.error?.error_code ?? null)
}

/** Makes a call with `fetch`. */
async function post({ baseUrl, clientId, secret }, path, body) {
  const response = await fetch(new URL(path, baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'plaid-client-id': clientId,
      'plaid-secret': secret,
    },
    body: JSON.stringify(body),
  })
  const reply = await response.json().catch(() => {
    throw new Error(`${path} answered ${response.status} with something that is not JSON`)
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${reply.error_code}`)
  return reply
}

/** A webhook endpoint like the one in your backend. */
async function startReceiver() {
  const webhooks = []
  const server = http.createServer(async (request, response) => {
    const chunks = await request.toArray()
    webhooks.push({
      raw: Buffer.concat(chunks),
      body: JSON.parse(Buffer.concat(chunks)),
      verification: request.headers['plaid-verification'],
    })
    server.emit('webhook')
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/webhook`,
    next: async () => {
      if (webhooks.length === 0) {
        await once(server, 'webhook', { signal: AbortSignal.timeout(5_000) })
      }
      return webhooks.shift()
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Verifies the signature, and returns the id of the key that made it. */
async function verifySignature({ raw, verification }, credentials) {
  await createWebhookVerifier(credentials)(raw, verification)
  const [header] = verification.split('.')
  return JSON.parse(Buffer.from(header, 'base64url')).kid
}

function describe({ webhook_type, webhook_code, error, item_id }) {
  return [webhook_type, webhook_code, error?.error_code, item_id].join(' / ')
}

function expect(what, wanted, found) {
  if (found !== wanted) throw new Error(`${what}: expected ${wanted}, got ${found}`)
}

function since(start) {
  return `${(performance.now() - start).toFixed(1)} ms`
}

/** Like `await using`, which Node.js 20 does not have. */
async function withOpen(resource, use) {
  try {
    await use(resource)
  } finally {
    await resource.close()
  }
}

/** Prints one line per step. */
class Steps {
  #output
  #colour

  constructor(output) {
    this.#output = output
    this.#colour = output.isTTY === true && !process.env.NO_COLOR
  }

  title(text) {
    this.#write(`\n${this.#paint(1, text)}\n\n`)
  }

  step(text) {
    this.#write(`  ${this.#paint(32, '✓')} ${text}\n`)
  }

  failed(error) {
    const code = error.code ? `${error.code}: ` : ''
    this.#write(`  ${this.#paint(31, '✗')} ${code}${error.message}\n\n`)
  }

  end(text, command) {
    this.#write(`\n${text}\n  ${this.#paint(36, command)}\n`)
  }

  #paint(code, text) {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text
  }

  #write(text) {
    this.#output.write(text)
  }
}

module.exports = { demo }
