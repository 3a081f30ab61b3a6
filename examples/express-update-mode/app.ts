// The routes of the backend.

import { PlaidWebhookError, type WebhookVerifier } from '@utdk/plaid/webhooks'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import type { Item, Items, LoginStatus } from './items.ts'
import { type Plaid, PlaidFailure } from './plaid.ts'
import { loginNews } from './webhook.ts'

export interface AppOptions {
  plaid: Plaid
  verifyWebhook: WebhookVerifier
  items: Items
  /** The user of a request, from your session; `undefined` if there is none. */
  userOf(request: Request): string | undefined
  log(line: string): void
}

export interface App {
  handler: Express
  /** Resolves when the work that webhooks started is done. Wait for it before the process ends. */
  settled(): Promise<void>
}

export function createApp({ plaid, verifyWebhook, items, userOf, log }: AppOptions): App {
  const app = express()
  const underWay = new Set<Promise<void>>()

  // Plaid calls this route. The signature covers the raw body, so no parser may run before it.
  app.post('/plaid/webhook', express.raw({ type: () => true }), async (request, response) => {
    const webhook = await verifyWebhook(request.body ?? '', request.headers)
    // Plaid sends the webhook again unless it gets 200 within 10 seconds, so answer first and work
    // afterwards. If the work must outlive this process, put it into your job queue here.
    response.sendStatus(200)
    const news = loginNews(webhook)
    if (news) inBackground(refresh(news.itemId, news.login))
  })

  app.use(express.json())

  /** Your page got a `public_token` from Link. */
  app.post('/items', async (request, response) => {
    const userId = user(request)
    const publicToken: unknown = request.body?.public_token
    if (typeof publicToken !== 'string') throw new Refusal(400, 'public_token_missing')
    const item = await plaid.exchange(publicToken)
    await items.add({ ...item, userId })
    log(`Item ${item.itemId}: linked`)
    response.status(201).json({ item_id: item.itemId })
  })

  /** Your page shows "log in again" next to the Items that need it. */
  app.get('/items', async (request, response) => {
    response.json({ items: (await items.ofUser(user(request))).map(view) })
  })

  /** The user pressed "log in again": your page sends the browser to `hosted_link_url`. */
  app.post('/items/:itemId/update-link', async (request, response) => {
    const { accessToken, userId } = await itemOf(request)
    const { url, until } = await plaid.updateLink(accessToken, userId)
    response.json({ hosted_link_url: url, expiration: until })
  })

  /**
   * The user is back from Link. Ask Plaid whether they logged in: your own update mode fires no
   * webhook, and the browser cannot be trusted.
   */
  app.post('/items/:itemId/updated', async (request, response) => {
    const { itemId } = await itemOf(request)
    response.json(view(await refresh(itemId)))
  })

  app.use(((error, _request, response, next) => {
    if (response.headersSent) return next(error)
    const { status, code, retryAfter } = replyTo(error)
    // Malformed requests are not logged.
    if (error instanceof PlaidWebhookError) log(`Webhook refused: ${error.code}, ${error.message}`)
    else if (error instanceof PlaidFailure) log(error.message)
    else if (status >= 500) log(error.stack)
    if (retryAfter !== undefined) response.set('Retry-After', retryAfter)
    response.status(status).json({ error: code })
  }) satisfies ErrorRequestHandler)

  return {
    handler: app,
    settled: async () => {
      await Promise.all(underWay)
    },
  }

  /**
   * Asks Plaid for the state of the login, and stores it. A webhook may arrive twice, or hours late,
   * after a newer one. So it is only a reason to ask; its own `reported` state is used only when
   * Plaid does not answer.
   */
  async function refresh(itemId: string, reported?: LoginStatus): Promise<Item> {
    const item = await items.find(itemId)
    if (item === undefined) throw new Refusal(404, 'item_unknown')
    const login = await plaid.loginStatus(item.accessToken).catch((error) => {
      if (reported === undefined) throw error
      log(error.message)
      return reported
    })
    const isStored = await items.setLogin(itemId, login, item.revision)
    // Another answer was stored in the meantime. Either may be the newer one, so ask again.
    if (!isStored) return refresh(itemId, reported)
    // Notify the user here: this is reached once per change.
    if (login !== item.login) log(`Item ${itemId}: ${login}`)
    return { ...item, login }
  }

  function inBackground(work: Promise<unknown>) {
    const ended = work
      .then(() => undefined)
      .catch((error: Error) => log(error.message))
      .finally(() => underWay.delete(ended))
    underWay.add(ended)
  }

  function user(request: Request): string {
    const userId = userOf(request)
    if (userId === undefined) throw new Refusal(401, 'not_logged_in')
    return userId
  }

  /** The Item in the path. Another user's Item is reported as unknown. */
  async function itemOf(request: Request): Promise<Item> {
    const userId = user(request)
    const item = await items.find(String(request.params.itemId))
    if (item?.userId !== userId) throw new Refusal(404, 'item_unknown')
    return item
  }
}

/** The part of an Item that a browser may see. */
function view({ itemId, login }: Item) {
  return { item_id: itemId, needs_attention: login !== 'healthy' }
}

/** The request cannot be served; `code` is for the caller. */
class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

interface ErrorReply {
  status: number
  code: string
  retryAfter?: string | undefined
}

function replyTo(error: unknown): ErrorReply {
  if (error instanceof Refusal) return error
  if (error instanceof PlaidWebhookError) {
    // 503: Plaid sends the webhook again, when its key can be fetched.
    return { status: error.retryable ? 503 : 401, code: 'webhook_refused' }
  }
  if (error instanceof PlaidFailure) return replyToFailure(error)
  // From express's parsers: the body is not JSON, or too long.
  const status = (error as { status?: unknown }).status
  if (typeof status === 'number' && status < 500) return { status, code: 'bad_request' }
  return { status: 500, code: 'internal_error' }
}

function replyToFailure({ kind, code, retryAfter }: PlaidFailure): ErrorReply {
  switch (kind) {
    case 'timeout':
      return { status: 504, code: 'plaid_timeout' }
    case 'unavailable':
      return { status: 503, code: 'plaid_unavailable', retryAfter }
    case 'refused':
      if (code === 'INVALID_PUBLIC_TOKEN') return { status: 400, code: 'public_token_invalid' }
      // The user revoked the permission, at the bank or at Plaid.
      if (code === 'ITEM_NOT_FOUND') return { status: 410, code: 'item_gone' }
      return { status: 502, code: 'plaid_refused' }
  }
}
