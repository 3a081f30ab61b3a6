// Follows a local Sandbox's event stream.

import type { Controls } from './controls'
import {
  itemOf,
  type LinkSession,
  listOf,
  requestOf,
  type Snapshot,
  sessionOf,
  webhookOf,
  withEntry,
  withSession,
} from './snapshot'

export type Update = (snapshot: Snapshot) => Snapshot

/** How many webhooks, and how many requests, the page keeps. */
const MAX_ENTRIES = 200
const MAX_ITEMS = 1_000

/** How long to wait before connecting again. */
const RECONNECT_MS = 2_000

/** Events that arrive within this time are shown at once, so that a busy backend leaves time to type. */
const BATCH_MS = 50

export interface Following {
  /** Loads everything anew. */
  reload(): void
  stop(): void
}

/** Calls `apply` with every change, and `onLost` each time that the Sandbox does not respond. */
export function follow(
  url: string,
  controls: Controls,
  apply: (update: Update) => void,
  onLost: () => void,
): Following {
  const events = new EventSource(`${url}/_sandbox/events`)
  let isStopped = false
  let next: Following | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let batch: ReturnType<typeof setTimeout> | undefined
  let isLoading = false
  let pending: Update[] = []

  function flush() {
    batch = undefined
    if (isLoading) return
    const updates = pending
    pending = []
    apply((snapshot) => updates.reduce((snapshot, update) => update(snapshot), snapshot))
  }
  function onEvent(name: string, updateOf: (value: unknown) => Update | null) {
    events.addEventListener(name, ({ data }) => {
      const update = updateOf(JSON.parse(data))
      if (update === null) return
      pending.push(update)
      batch ??= setTimeout(flush, BATCH_MS)
    })
  }
  // Events that arrive while the lists load are applied after them.
  async function load() {
    isLoading = true
    pending = []
    const [items, webhooks, requests, link] = await Promise.all(
      ['items', 'webhooks', 'requests', 'link/events'].map((list) => controls.get(list)),
    )
    isLoading = false
    if (isStopped || !items || !webhooks || !requests || !link) return
    if ('problem' in items || 'problem' in webhooks) return
    if ('problem' in requests || 'problem' in link) return
    pending.unshift((before) => ({
      state: 'live',
      items: listOf(items.value.items, itemOf)
        .slice(-MAX_ITEMS)
        .map((item) => {
          const known = before.items.find(({ id }) => id === item.id)
          return known?.state === item.state ? known : item
        }),
      webhooks: listOf(latestOf(webhooks.value.webhooks), webhookOf),
      requests: listOf(latestOf(requests.value.requests), requestOf),
      sessions: listOf(link.value.events, sessionOf).reduce(
        (sessions: LinkSession[], event) => withSession(sessions, event, MAX_ENTRIES),
        [],
      ),
    }))
    flush()
  }

  events.addEventListener('open', load)
  events.addEventListener('missed', load)
  onEvent('item', (value) => {
    const item = itemOf(value)
    return item && ((it) => ({ ...it, items: withEntry(it.items, item, MAX_ITEMS) }))
  })
  onEvent('webhook', (value) => {
    const webhook = webhookOf(value)
    return webhook && ((it) => ({ ...it, webhooks: withEntry(it.webhooks, webhook, MAX_ENTRIES) }))
  })
  onEvent('request', (value) => {
    const request = requestOf(value)
    return request && ((it) => ({ ...it, requests: withEntry(it.requests, request, MAX_ENTRIES) }))
  })
  onEvent('link', (value) => {
    const event = sessionOf(value)
    return event && ((it) => ({ ...it, sessions: withSession(it.sessions, event, MAX_ENTRIES) }))
  })
  // Browsers differ in when they reconnect, so the page does it.
  events.addEventListener('error', () => {
    if (isStopped) return
    stop()
    onLost()
    timer = setTimeout(() => {
      next = follow(url, controls, apply, onLost)
    }, RECONNECT_MS)
  })

  function stop() {
    isStopped = true
    clearTimeout(batch)
    events.close()
  }
  return {
    reload() {
      if (next !== null) next.reload()
      else if (!isStopped) load()
    },
    stop() {
      stop()
      clearTimeout(timer)
      next?.stop()
    },
  }
}

function latestOf(values: unknown): unknown[] {
  return Array.isArray(values) ? values.slice(-MAX_ENTRIES) : []
}
