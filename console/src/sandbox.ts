// The gateway's local Sandbox: its Items and webhooks, kept up to date, and its controls.

import { useCallback, useEffect, useState } from 'preact/hooks'
import { type Fields, isFields } from './request'
import { storedTokens, storeTokens, type Tokens } from './tokens'
import { type Webhook, webhookOf } from './webhook'

export interface Item {
  id: string
  /** `healthy`, `login_required` or `removed`. */
  state: string
  /** When this page last saw the state change. */
  changedAt: Date
  /** Null for an Item that this tab did not create. */
  token: string | null
}

/** An Item to create. Empty fields take the Sandbox's defaults. */
export interface NewItem {
  webhook: string
  institution_id: string
  /** Separated by commas. */
  products: string
  user_id: string
}

/** A value, or the Sandbox's message about why there is none. */
export type Controlled<T> = { value: T } | { problem: string }

export interface LocalSandbox {
  state: 'connecting' | 'live' | 'stopped' | 'unavailable'
  /** The newest last. */
  items: Item[]
  webhooks: Webhook[]
  /** Creates an Item. Without a webhook URL its webhooks go to the Sandbox itself. */
  createItem(item: NewItem): Promise<Controlled<Item>>
  /** Creates a Link page in update mode, and returns its URL. */
  createUpdatePage(item: Item): Promise<Controlled<string>>
}

type Snapshot = Pick<LocalSandbox, 'items' | 'state' | 'webhooks'>

const CONNECTING: Snapshot = { state: 'connecting', items: [], webhooks: [] }
const UNAVAILABLE: Snapshot = { ...CONNECTING, state: 'unavailable' }

/** How long to wait before connecting again. */
const RECONNECT_MS = 2_000

/**
 * Follows the Sandbox at `url`: null if there is none, undefined until that is known. Calls `onLost`
 * each time that the Sandbox does not respond.
 */
export function useSandbox(url: string | null | undefined, onLost: () => void): LocalSandbox {
  const [snapshot, setSnapshot] = useState(CONNECTING)
  const [tokens, setTokens] = useState<Tokens>({})

  useEffect(() => {
    setSnapshot(url === null ? UNAVAILABLE : CONNECTING)
    if (typeof url !== 'string') return undefined
    setTokens(storedTokens(url))
    return follow(url, setSnapshot, () => {
      setSnapshot((snapshot) => ({ ...snapshot, state: 'stopped' }))
      onLost()
    })
  }, [url, onLost])

  const createItem = useCallback(
    async (item: NewItem) => {
      const created = await control(url, 'items', optionsOf(item, `${url}/_sandbox/inbox`))
      if ('problem' in created) return created
      const { item_id: id, access_token: token } = created.value
      if (typeof id !== 'string' || typeof token !== 'string' || !TOKEN.test(token))
        return UNREADABLE
      setTokens((tokens) => {
        const changed = { ...tokens, [id]: token }
        storeTokens(String(url), changed)
        return changed
      })
      return { value: { id, token, state: 'healthy', changedAt: new Date() } }
    },
    [url],
  )

  const createUpdatePage = useCallback(
    async ({ id }: Item) => {
      const link = await control(url, `items/${encodeURIComponent(id)}/update`, {})
      if ('problem' in link) return link
      const page = String(link.value.hosted_link_url)
      // Never open another server's page.
      return page.startsWith(`${url}/hl/`) ? { value: page } : UNREADABLE
    },
    [url],
  )

  const items = snapshot.items.map((item) => ({ ...item, token: tokens[item.id] ?? null }))
  return { ...snapshot, items, createItem, createUpdatePage }
}

/** The tokens that a Sandbox makes up. */
const TOKEN = /^access-sandbox-[\w-]{1,100}$/

const UNREADABLE = { problem: 'The Sandbox’s response could not be read. See its log.' }

function optionsOf({ webhook, products, ...rest }: NewItem, inbox: string): Fields {
  const list = products.split(',').map((name) => name.trim())
  const fields = { ...rest, webhook: webhook || inbox }
  const filled = Object.entries(fields).filter(([, value]) => value !== '')
  return { ...Object.fromEntries(filled), ...(products === '' ? {} : { products: list }) }
}

type Update = (snapshot: Snapshot) => Snapshot

/** Follows the event stream until the returned function is called. */
function follow(url: string, apply: (update: Update) => void, onLost: () => void): () => void {
  const events = new EventSource(`${url}/_sandbox/events`)
  let isStopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopNext = () => {}
  // Events that arrive while the lists load are applied after them.
  let pending: Update[] | null = null

  function onEvent(update: Update) {
    if (pending === null) apply(update)
    else pending.push(update)
  }
  async function loadLists() {
    pending = []
    const [items, webhooks] = await Promise.all([control(url, 'items'), control(url, 'webhooks')])
    const updates = pending ?? []
    pending = null
    if (isStopped || 'problem' in items || 'problem' in webhooks) return
    apply((before) => {
      const loaded: Snapshot = {
        state: 'live',
        items: listOf(items.value.items, itemOf).map((item) => {
          const known = before.items.find(({ id }) => id === item.id)
          return known?.state === item.state ? known : item
        }),
        webhooks: listOf(webhooks.value.webhooks, webhookOf),
      }
      return updates.reduce((snapshot, update) => update(snapshot), loaded)
    })
  }
  events.addEventListener('open', loadLists)
  events.addEventListener('missed', loadLists)
  events.addEventListener('item', ({ data }) => {
    const item = itemOf(JSON.parse(data))
    if (item === null) return
    onEvent((snapshot) => ({ ...snapshot, items: withEntry(snapshot.items, item) }))
  })
  events.addEventListener('webhook', ({ data }) => {
    const webhook = webhookOf(JSON.parse(data))
    if (webhook === null) return
    onEvent((snapshot) => ({ ...snapshot, webhooks: withEntry(snapshot.webhooks, webhook) }))
  })
  // Browsers differ in when they reconnect, so the page does it.
  events.addEventListener('error', () => {
    if (isStopped) return
    stop()
    onLost()
    timer = setTimeout(() => {
      stopNext = follow(url, apply, onLost)
    }, RECONNECT_MS)
  })

  function stop() {
    isStopped = true
    events.close()
  }
  return () => {
    stop()
    clearTimeout(timer)
    stopNext()
  }
}

/** Requests a control: POST with `body`, GET without. */
async function control(
  url: string | null | undefined,
  path: string,
  body?: Fields,
): Promise<Controlled<Fields>> {
  try {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
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

function itemOf(value: unknown): Item | null {
  if (!isFields(value)) return null
  const { item_id: id, state } = value
  if (typeof id !== 'string' || typeof state !== 'string') return null
  return { id, state, token: null, changedAt: new Date() }
}

function listOf<T>(values: unknown, read: (value: unknown) => T | null): T[] {
  if (!Array.isArray(values)) return []
  return values.map(read).filter((it) => it !== null)
}

/** Replaces the entry with the same id, or appends. */
function withEntry<T extends { id: string }>(entries: T[], entry: T): T[] {
  const index = entries.findIndex(({ id }) => id === entry.id)
  return index === -1 ? [...entries, entry] : entries.with(index, entry)
}
