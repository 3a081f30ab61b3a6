// The controls of a local Sandbox, over HTTP.

import { type Fields, isFields } from './request'
import type { Item } from './snapshot'

/** A value, or why there is none. */
export type Controlled<T> = { value: T } | { problem: string }

/** An Item to create. Empty fields take the Sandbox's defaults. */
export interface NewItem {
  /** Empty for the Sandbox itself. */
  webhook: string
  institution_id: string
  /** Separated by commas. */
  products: string
  user_id: string
}

export interface Credentials {
  client_id: string
  secret: string
}

/** What `FAULTS` can make the next request do. */
export type FaultName = keyof typeof FAULTS

/** Each affects one request. */
export const FAULTS = {
  INTERNAL_SERVER_ERROR: { error_code: 'INTERNAL_SERVER_ERROR' },
  PLANNED_MAINTENANCE: { error_code: 'PLANNED_MAINTENANCE' },
  RATE_LIMIT: { error_code: 'RATE_LIMIT' },
  'An HTML page': { kind: 'html', status: 502 },
  'A reset connection': { kind: 'reset' },
  'A truncated body': { kind: 'cut_short' },
  'No response': { kind: 'hang' },
  'A delay of 5 s': { kind: 'delay', ms: 5_000 },
} satisfies Record<string, Fields>

export class Controls {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Creates an Item, and returns it with its token. */
  async createItem({ webhook, products, ...rest }: NewItem): Promise<Controlled<Item>> {
    const fields = { ...rest, webhook: webhook || `${this.#url}/_sandbox/inbox` }
    const filled = Object.entries(fields).filter(([, value]) => value !== '')
    const list = products === '' ? {} : { products: products.split(',').map((it) => it.trim()) }
    const created = await this.post('items', { ...Object.fromEntries(filled), ...list })
    if ('problem' in created) return created
    const { item_id: id, access_token: token } = created.value
    if (typeof id !== 'string' || typeof token !== 'string' || !TOKEN.test(token)) return UNREADABLE
    return { value: { id, token, state: 'healthy', changedAt: new Date() } }
  }

  /** Creates a Link page in update mode, and returns its URL. */
  async createUpdatePage({ id }: Item): Promise<Controlled<string>> {
    const link = await this.post(`items/${encodeURIComponent(id)}/update`)
    if ('problem' in link) return link
    const page = String(link.value.hosted_link_url)
    // Never open another server's page.
    return page.startsWith(`${this.#url}/hl/`) ? { value: page } : UNREADABLE
  }

  /** What a backend sends to the Sandbox; null if the Sandbox does not show it. */
  async credentials(): Promise<Credentials | null> {
    const shown = await this.get('credentials')
    const { client_id, secret } = 'value' in shown ? shown.value : {}
    const isPlain = (text: unknown): text is string =>
      typeof text === 'string' && /^[\w-]{1,100}$/.test(text)
    return isPlain(client_id) && isPlain(secret) ? { client_id, secret } : null
  }

  /** How far the Sandbox's clock is ahead of this machine's, in milliseconds. */
  async clockOffset(): Promise<number> {
    const clock = await this.get('clock')
    const now = 'value' in clock ? Date.parse(String(clock.value.now)) : Number.NaN
    return Number.isNaN(now) ? 0 : now - Date.now()
  }

  get(path: string): Promise<Controlled<Fields>> {
    return this.#request('GET', path)
  }

  post(path: string, body: Fields = {}): Promise<Controlled<Fields>> {
    return this.#request('POST', path, body)
  }

  delete(path: string): Promise<Controlled<Fields>> {
    return this.#request('DELETE', path)
  }

  async #request(method: string, path: string, body?: Fields): Promise<Controlled<Fields>> {
    try {
      const response = await fetch(`${this.#url}/_sandbox/${path}`, {
        method,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
      })
      const fields: unknown = await response.json()
      if (!isFields(fields)) return UNREADABLE
      return response.ok ? { value: fields } : { problem: String(fields.error_message) }
    } catch {
      return { problem: 'No response from the Sandbox. See its log.' }
    }
  }
}

/** The tokens that a Sandbox makes up. */
const TOKEN = /^access-sandbox-[\w-]{1,100}$/

const UNREADABLE = { problem: 'The Sandbox’s response could not be read. See its log.' }
