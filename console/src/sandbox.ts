// The local Sandbox, where the gateway has one: its Items and webhooks, as they are and as they
// change, and what can be done with them. The tokens of its Items are kept by this page alone.

import { useCallback, useEffect, useState } from 'preact/hooks'
import { type Fields, isFields } from './ask'
import { type Webhook, webhookOf } from './webhook'

export interface Item {
  id: string
  /** `healthy`, `login_required` or `removed`. */
  state: string
  /** Known to the page that made it, and not to the next. */
  token: string | null
}

export interface LocalSandbox {
  standing: 'connecting' | 'elsewhere' | 'gone' | 'there'
  /** The newest last. */
  items: Item[]
  webhooks: Webhook[]
  /** Makes an Item, whose webhooks the Sandbox itself takes; null if it does not answer. */
  createItem(): Promise<Item | null>
  /** Makes a page to log in again on, and returns its URL; null if the Sandbox does not answer. */
  updatePage(item: Item): Promise<string | null>
}

interface Seen {
  standing: LocalSandbox['standing']
  items: Item[]
  webhooks: Webhook[]
}

const NOTHING: Seen = { standing: 'connecting', items: [], webhooks: [] }

/** How long to wait before a Sandbox that was lost is looked for. */
const PAUSE_MS = 2_000

const ELSEWHERE: Seen = { ...NOTHING, standing: 'elsewhere' }

/**
 * Reads along at `url`, which is null where there is no Sandbox and undefined until that is known;
 * `onLost` is told each time that nothing answers there.
 */
export function useSandbox(url: string | null | undefined, onLost: () => void): LocalSandbox {
  const [seen, setSeen] = useState(NOTHING)
  const [tokens, setTokens] = useState<Record<string, string>>({})

  useEffect(() => {
    setSeen(url === null ? ELSEWHERE : NOTHING)
    if (typeof url !== 'string') return undefined
    return readAlong(url, setSeen, () => {
      setSeen((seen) => ({ ...seen, standing: 'gone' }))
      onLost()
    })
  }, [url, onLost])

  const createItem = useCallback(async () => {
    const made = await control(url, 'items', { webhook: `${url}/_sandbox/inbox` })
    const { item_id: id, access_token: token } = made ?? {}
    if (typeof id !== 'string' || typeof token !== 'string') return null
    setTokens((tokens) => ({ ...tokens, [id]: token }))
    return { id, token, state: 'healthy' }
  }, [url])

  const updatePage = useCallback(
    async ({ id }: Item) => {
      const link = await control(url, `items/${encodeURIComponent(id)}/update`, {})
      const page = String(link?.hosted_link_url)
      // Nobody else's page is opened.
      return page.startsWith(`${url}/hl/`) ? page : null
    },
    [url],
  )

  const items = seen.items.map((item) => ({ ...item, token: tokens[item.id] ?? null }))
  return { ...seen, items, createItem, updatePage }
}

type Change = (seen: Seen) => Seen

/** Reads along until it is told to stop. */
function readAlong(url: string, change: (change: Change) => void, onLost: () => void): () => void {
  const events = new EventSource(`${url}/_sandbox/events`)
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopNext = () => {}
  // What happens while the lists are under way comes after them.
  let waiting: Change[] | null = null

  function happen(next: Change) {
    if (waiting === null) change(next)
    else waiting.push(next)
  }
  async function readLists() {
    waiting = []
    const [items, webhooks] = await Promise.all([control(url, 'items'), control(url, 'webhooks')])
    const since = waiting ?? []
    waiting = null
    if (isOver || items === null || webhooks === null) return
    const seen = {
      standing: 'there' as const,
      items: all(items.items, itemOf),
      webhooks: all(webhooks.webhooks, webhookOf),
    }
    change(() => since.reduce((seen, next) => next(seen), seen as Seen))
  }
  events.addEventListener('open', readLists)
  events.addEventListener('missed', readLists)
  events.addEventListener('item', ({ data }) => {
    const item = itemOf(JSON.parse(data))
    if (item !== null) happen((seen) => ({ ...seen, items: put(seen.items, item) }))
  })
  events.addEventListener('webhook', ({ data }) => {
    const webhook = webhookOf(JSON.parse(data))
    if (webhook !== null) happen((seen) => ({ ...seen, webhooks: put(seen.webhooks, webhook) }))
  })
  // Browsers differ in what they try again, and when.
  events.addEventListener('error', () => {
    if (isOver) return
    stop()
    onLost()
    timer = setTimeout(() => {
      stopNext = readAlong(url, change, onLost)
    }, PAUSE_MS)
  })

  function stop() {
    isOver = true
    events.close()
  }
  return () => {
    stop()
    clearTimeout(timer)
    stopNext()
  }
}

/** Asks a control route: with `body` to do something, without one to be told something. */
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
    const answer: unknown = await response.json()
    return response.ok && isFields(answer) ? answer : null
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

function all<T>(values: unknown, read: (value: unknown) => T | null): T[] {
  if (!Array.isArray(values)) return []
  return values.map(read).filter((it) => it !== null)
}

/** In the place of the one with its id, or at the end. */
function put<T extends { id: string }>(all: T[], one: T): T[] {
  const place = all.findIndex(({ id }) => id === one.id)
  return place === -1 ? [...all, one] : all.with(place, one)
}
