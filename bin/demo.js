'use strict'

// `demo`: the whole story in the terminal, through the package's public surface and nothing else.

const { createHash, createPublicKey, verify } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const { createPlaidClient } = require('../index.js')
const { startSandbox } = require('../sandbox.js')

/** @returns whether every step was what it must be. */
async function demo({ env = process.env, output = process.stdout } = {}) {
  const story = new Story(output)
  try {
    await (env.PLAID_ACCESS_TOKEN ? onPlaid(story, env) : onLocalSandbox(story))
    return true
  } catch (error) {
    story.failed(error)
    return false
  }
}

async function onLocalSandbox(story) {
  story.title('Breaking a bank login, proving it, repairing it: no account, no network.')
  const started = performance.now()
  await withOpen(await startSandbox(), async (sandbox) => {
    story.step(`A local Plaid Sandbox runs at ${sandbox.url} (up in ${since(started)})`)
    await withOpen(await startReceiver(), async (receiver) => {
      const { access_token, item_id } = await sandbox.createItem({ webhook: receiver.url })
      story.step(`An Item stands for a user's bank login; its webhooks go to ${receiver.url}`)
      const { url: baseUrl, clientId, secret } = sandbox
      await tell(story, { baseUrl, clientId, secret, access_token, item_id, receiver })
    })
  })
  story.end(
    'Now with an Item of your own, in Plaid’s Sandbox:',
    'PLAID_CLIENT_ID=… PLAID_SECRET=… PLAID_ACCESS_TOKEN=access-sandbox-… npm start',
  )
}

async function tell(story, { access_token, item_id, receiver, ...credentials }) {
  await expectItemError(credentials, access_token, null)
  story.step('/item/get says that the Item is healthy: its error is null')

  await resetLogin(story, credentials, access_token)

  const webhook = await receiver.next()
  expect('webhook', `ITEM / ERROR / ITEM_LOGIN_REQUIRED / ${item_id}`, describe(webhook.body))
  story.step('The webhook came: ITEM / ERROR, because of ITEM_LOGIN_REQUIRED')

  const kid = await verifySignature(webhook, credentials)
  story.step(`Its signature is genuine: ES256, by the key ${kid} that Plaid's API hands out`)

  await expectItemError(credentials, access_token, 'ITEM_LOGIN_REQUIRED')
  story.step('/item/get says that the login is broken: ITEM_LOGIN_REQUIRED')

  const page = await updateModePage(credentials, access_token)
  story.step(`/link/token/create made a page for Link's update mode: ${page}`)

  await logInAgain(page)
  story.step('The user logged in again there: this program pressed the button, as a browser would')

  await expectItemError(credentials, access_token, null)
  story.step('/item/get says that the Item is healthy again: its error is null')
}

/** Where an Item's user repairs it: with an access token and no products it is update mode. */
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

/** What a browser does: shows the page, and sends the form of its first button. */
async function logInAgain(page) {
  const html = await (await fetch(page)).text()
  const [, action] = /<form [^>]*action="([^"]+)"/.exec(html) ?? []
  expect('the page has a form', true, action !== undefined)
  const { status } = await fetch(new URL(action, page), { method: 'POST' })
  expect('the status of the page', 200, status)
}

/** The same call on an Item that the user names, at Plaid. */
async function onPlaid(story, env) {
  const credentials = {
    baseUrl: env.PLAID_BASE_URL || 'https://sandbox.plaid.com',
    clientId: env.PLAID_CLIENT_ID,
    secret: env.PLAID_SECRET,
  }
  const access_token = env.PLAID_ACCESS_TOKEN
  story.title(`Breaking the login of the Item of PLAID_ACCESS_TOKEN at ${credentials.baseUrl}`)
  await resetLogin(story, credentials, access_token)
  await expectItemError(credentials, access_token, 'ITEM_LOGIN_REQUIRED')
  story.step('/item/get says that the login is broken: ITEM_LOGIN_REQUIRED')
  story.end('To repair it, open Link in update mode:', 'https://plaid.com/docs/link/update-mode/')
}

async function resetLogin(story, credentials, access_token) {
  const plaid = createPlaidClient(credentials)
  const called = performance.now()
  const reply = await plaid.sandboxitemresetlogin({ access_token })
  const took = since(called)
  expect('reset_login', true, reply.reset_login)
  story.step(`plaid.sandboxitemresetlogin() answered ${JSON.stringify(reply)} in ${took}`)
}

async function expectItemError(credentials, access_token, code) {
  const { item } = await post(credentials, '/item/get', { access_token })
  expect('the error of /item/get', code, item.error?.error_code ?? null)
}

/** The story's other calls, by the means every Node has. */
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

/** As Plaid documents it: the algorithm, the key, the age, the signature, then the body's hash. */
async function verifySignature({ raw, verification }, credentials) {
  const [header, payload, signature] = verification.split('.')
  const { alg, kid } = decode(header)
  expect('the algorithm of the signature', 'ES256', alg)
  const { key } = await post(credentials, '/webhook_verification_key/get', { key_id: kid })
  const genuine = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  expect('the signature', true, genuine)
  const { iat, request_body_sha256 } = decode(payload)
  expect('signed within five minutes', true, Math.abs(Date.now() / 1000 - iat) < 300)
  expect(
    'the hash of the body',
    createHash('sha256').update(raw).digest('hex'),
    request_body_sha256,
  )
  return kid
}

function decode(part) {
  return JSON.parse(Buffer.from(part, 'base64url'))
}

function describe({ webhook_type, webhook_code, error, item_id }) {
  return [webhook_type, webhook_code, error?.error_code, item_id].join(' / ')
}

function expect(what, wanted, found) {
  if (found !== wanted) throw new Error(`${what}: expected ${wanted}, but it is ${found}`)
}

function since(start) {
  return `${(performance.now() - start).toFixed(1)} ms`
}

/** What `await using` does, for the Nodes that do not have it yet. */
async function withOpen(resource, use) {
  try {
    await use(resource)
  } finally {
    await resource.close()
  }
}

/** Writes the story, a line a step. */
class Story {
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
    this.#write(`\n${text}\n  ${this.#paint(36, command)}\n\n`)
  }

  #paint(code, text) {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text
  }

  #write(text) {
    this.#output.write(text)
  }
}

module.exports = { demo }
