// The gateway's local Sandbox: its Items and webhooks, kept up to date, and its controls. Only this
// page keeps the tokens of the Items it created.

import { useCallback, useEffect, useState } from 'preact/hooks'
import { type Fields, isFields } from './request'
import { type Webhook, webhookOf } from './webhook'

export interface Item {
  id: string
  /** `healthy`, `login_required` or `removed`. */
  state: string
  /** Null for an Item that this page did not create. */
  token: string | null
}

export interface LocalSandbox {
  state: 'connecting' | 'live' | 'stopped' | 'unavailable'
  /** The newest last. */
  items: Item[]
  webhooks: Webhook[]
  /** Creates an Item whose webhooks go to the Sandbox itself; null without a response. */
  createItem(): Promise<Item | null>
  /** Creates a Link page in update mode, and returns its URL; null without a response. */
  createUpdatePage(item: Item): Promise<string | null>
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
  const [tokens, setTokens] = useState<Record<string, string>>({})

  useEffect(() => {
    setSnapshot(url === null ? UNAVAILABLE : CONNECTING)
    if (typeof url !== 'string') return undefined
    return follow(url, setSnapshot, () => {
      setSnapshot((snapshot) => ({ ...snapshot, state: 'stopped' }))
      onLost()
    })
  }, [url, onLost])

  const createItem = useCallback(async () => {
    const created = await control(url, 'items', { webhook: `${url}/_sandbox/inbox` })
    const { item_id: id, access_token: token } = created ?? {}
    if (typeof id !== 'string' || typeof token !== 'string') return null
    setTokens((tokens) => ({ ...tokens, [id]: token }))
    return { id, token, state: 'healthy' }
  }, [url])

  const createUpdatePage = useCallback(
    async ({ id }: Item) => {
      const link = await control(url, `items/${encodeURIComponent(id)}/update`, {})
      const page = String(link?.hosted_link_url)
      // Never open another server's page.
      return page.startsWith(`${url}/hl/`) ? page : null
    },
    [url],
  )

  const items = snapshot.items.map((item) => ({ ...item, token: tokens[item.id] ?? null }))
  return { ...snapshot, items, createItem, createUpdatePage }
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
    if (isStopped || items === null || webhooks === null) return
    const loaded: Snapshot = {
      state: 'live',
      items: listOf(items.items, itemOf),
      webhooks: listOf(webhooks.webhooks, webhookOf),
    }
    apply(() => updates.reduce((snapshot, update) => update(snapshot), loaded))
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
): Promise<Fields | null> {
  try {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
    })
    const fields: unknown = await response.json()
    return response.ok && isFields(fields) ? fields : null
  } catch {
    return null
  }
}

function itemOf(value: unknown): Item | null {
  if (!isFields(value)) return null
  const { item_id: id, state } = value
  if (typeof id !== 'string' || typeof state !== 'string') return null
  return { id, state, token: null }
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
