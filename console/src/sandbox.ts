// The gateway's local Sandbox, kept up to date.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Controlled, Controls, type Credentials, type NewItem } from './controls'
import { type Following, follow } from './follow'
import type { Item, Snapshot } from './snapshot'
import { storedTokens, storeTokens, type Tokens } from './tokens'

export interface LocalSandbox extends Snapshot {
  /** Null without a Sandbox, as are the two that follow. */
  url: string | null
  controls: Controls | null
  credentials: Credentials | null
  /** Creates an Item, whose token this tab keeps. */
  createItem(item: NewItem): Promise<Controlled<Item>>
  /** Starts over: no Items, webhooks, requests or faults, and the clock as at the start. */
  reset(): Promise<void>
}

const CONNECTING: Snapshot = {
  state: 'connecting',
  items: [],
  webhooks: [],
  requests: [],
  sessions: [],
}
const UNAVAILABLE: Snapshot = { ...CONNECTING, state: 'unavailable' }

/**
 * Follows the Sandbox at `url`: null if there is none, undefined until that is known. Calls `onLost`
 * each time that the Sandbox does not respond.
 */
export function useSandbox(url: string | null | undefined, onLost: () => void): LocalSandbox {
  const [snapshot, setSnapshot] = useState(CONNECTING)
  const [tokens, setTokens] = useState<Tokens>({})
  const [credentials, setCredentials] = useState<Credentials | null>(null)
  const following = useRef<Following | null>(null)
  const controls = useMemo(() => (url ? new Controls(url) : null), [url])
  const isLive = snapshot.state === 'live'

  useEffect(() => {
    setSnapshot(url === null ? UNAVAILABLE : CONNECTING)
    setCredentials(null)
    if (!url || controls === null) return undefined
    setTokens(storedTokens(url))
    following.current = follow(url, controls, setSnapshot, () => {
      setSnapshot((snapshot) => ({ ...snapshot, state: 'stopped' }))
      onLost()
    })
    return following.current.stop
  }, [url, controls, onLost])

  // A Sandbox that was restarted has others.
  useEffect(() => {
    let isCurrent = true
    if (isLive) controls?.credentials().then((it) => isCurrent && setCredentials(it))
    return () => {
      isCurrent = false
    }
  }, [controls, isLive])

  return useMemo(() => {
    const items = snapshot.items.map((item) => ({ ...item, token: tokens[item.id] ?? null }))
    return {
      ...snapshot,
      items,
      url: url ?? null,
      controls,
      credentials,
      async createItem(item) {
        if (controls === null) return { problem: 'There is no Sandbox.' }
        const created = await controls.createItem(item)
        if ('value' in created) {
          const { id, token } = created.value
          setTokens((tokens) => {
            const changed = { ...tokens, ...(token !== null && { [id]: token }) }
            storeTokens(String(url), changed)
            return changed
          })
        }
        return created
      },
      async reset() {
        await controls?.post('reset')
        following.current?.reload()
      },
    }
  }, [snapshot, tokens, url, controls, credentials])
}
