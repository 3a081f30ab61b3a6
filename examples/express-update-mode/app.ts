// The routes: link Items, notice when a login breaks, and have its user repair it.

import { PlaidWebhookError, type WebhookVerifier } from '@utdk/plaid/webhooks'
import express, { type ErrorRequestHandler, type Request } from 'express'
import { CountryCode, type PlaidApi } from 'plaid'

export interface Item {
  userId: string
  /** Encrypt it at rest. Send it only to Plaid. */
  accessToken: string
  needsAttention: boolean
}

export interface AppOptions {
  plaid: PlaidApi
  verifyWebhook: WebhookVerifier
  /** By `item_id`. Replace it with your database. */
  items: Map<string, Item>
  /** The user of a request, from your session. */
  userOf(request: Request): string | undefined
  log(line: string): void
}

export function createApp({ plaid, verifyWebhook, items, userOf, log }: AppOptions) {
  const app = express()

  // Plaid calls this route. The signature covers the raw body, so no parser may run before it.
  app.post('/plaid/webhook', express.raw({ type: () => true }), async (request, response) => {
    const { webhook_type, item_id = '' } = await verifyWebhook(request.body ?? '', request.headers)
    // Plaid sends the webhook again unless it gets 200 within 10 seconds, so answer first. If the
    // work must outlive this process, put it into your job queue here.
    response.sendStatus(200)
    if (webhook_type !== 'ITEM' || !items.has(item_id)) return
    await refresh(item_id).catch((error) => log(shown(error).code))
  })

  app.use(express.json())

  /** Your page got a `public_token` from Link. */
  app.post('/items', async (request, response) => {
    const userId = user(request)
    const { public_token } = request.body
    const { data } = await plaid.itemPublicTokenExchange({ public_token })
    items.set(data.item_id, { userId, accessToken: data.access_token, needsAttention: false })
    response.status(201).json({ item_id: data.item_id })
  })

  /** Your page shows "log in again" next to the Items that need it. */
  app.get('/items', (request, response) => {
    const own = [...items].filter(([, { userId }]) => userId === user(request))
    response.json({ items: own.map(([itemId, item]) => view(itemId, item)) })
  })

  /** The user pressed "log in again": your page sends the browser to `hosted_link_url`. */
  app.post('/items/:itemId/update-link', async (request, response) => {
    const { item } = itemOf(request)
    // It is update mode because it has an access token and no products.
    const { data } = await plaid.linkTokenCreate({
      access_token: item.accessToken,
      client_name: 'Example',
      language: 'en',
      country_codes: [CountryCode.Us],
      user: { client_user_id: item.userId },
      hosted_link: {},
    })
    response.json({ hosted_link_url: data.hosted_link_url })
  })

  /**
   * The user is back from Link. Ask Plaid whether they logged in: your own update mode fires no
   * webhook, and the browser cannot be trusted.
   */
  app.post('/items/:itemId/updated', async (request, response) => {
    const { itemId } = itemOf(request)
    response.json(view(itemId, await refresh(itemId)))
  })

  app.use(((error, _request, response, _next) => {
    const { status, code } = shown(error)
    log(`${status} ${code}`)
    response.status(status).json({ error: code })
  }) satisfies ErrorRequestHandler)

  return app

  /** A webhook may arrive twice, or late, after a newer one: so it is only a reason to ask. */
  async function refresh(itemId: string): Promise<Item> {
    const item = items.get(itemId)
    if (item === undefined) throw new Refusal(404, 'item_unknown')
    const { data } = await plaid.itemGet({ access_token: item.accessToken })
    item.needsAttention = data.item.error?.error_code === 'ITEM_LOGIN_REQUIRED'
    return item
  }

  function user(request: Request): string {
    const userId = userOf(request)
    if (userId === undefined) throw new Refusal(401, 'not_logged_in')
    return userId
  }

  /** The Item in the path. Another user's Item is reported as unknown. */
  function itemOf(request: Request): { itemId: string; item: Item } {
    const userId = user(request)
    const itemId = String(request.params.itemId)
    const item = items.get(itemId)
    if (item?.userId !== userId) throw new Refusal(404, 'item_unknown')
    return { itemId, item }
  }
}

/** The part of an Item that a browser may see. */
function view(itemId: string, { needsAttention }: Item) {
  return { item_id: itemId, needs_attention: needsAttention }
}

class Refusal extends Error {
  readonly status: number

  constructor(status: number, code: string) {
    super(code)
    this.status = status
  }
}

/** What a caller and the log learn of an error. Those of Plaid's client contain your secret. */
function shown(error: unknown): { status: number; code: string } {
  // 503: Plaid sends the webhook again, when its key can be fetched.
  if (error instanceof PlaidWebhookError) {
    return { status: error.retryable ? 503 : 401, code: error.code }
  }
  if (error instanceof Refusal) return { status: error.status, code: error.message }
  const { status = 503, code = 'FAILED', response } = error as ClientError
  if (response === undefined) return { status, code }
  const isRefused = response.status < 500 && response.status !== 429
  return { status: isRefused ? 502 : 503, code: response.data?.error_code ?? code }
}

/** What is read of the errors of Plaid's client, and of Express's parsers. */
interface ClientError {
  code?: string
  status?: number
  response?: { status: number; data?: { error_code?: string } }
}
