// A call's outcome, its response and its request.

import type { Ref } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code'
import { CopyButton } from './CopyButton'
import { argumentsOf, masked, type Outcome, PATH, type Running, shortened } from './call'
import type { Item } from './snapshot'
import { Tabs } from './Tabs'

interface Props {
  running: Running | null
  outcome: Outcome | null
  /** The outcome's Item, as it is now. */
  item: Item | null
  element: Ref<HTMLElement>
}

/** After this long, the page says that the call is slow. */
const SLOW_MS = 5_000

export function Output({ running, outcome, item, element }: Props) {
  return (
    <section
      id="output"
      class="card output"
      aria-labelledby="output-title"
      tabIndex={-1}
      ref={element}
      aria-busy={running !== null}
    >
      <div class="title">
        <h3 id="output-title">Output</h3>
        {running === null && outcome !== null && <Status outcome={outcome} />}
      </div>
      {running !== null && <Waiting startedAt={running.startedAt} />}
      {running === null && outcome === null && (
        <p class="empty">Send a request to see the response.</p>
      )}
      {running === null && outcome !== null && <Details outcome={outcome} item={item} />}
    </section>
  )
}

export function Status({ outcome, isShort }: { outcome: Outcome; isShort?: boolean }) {
  const { kind, status, ms } = outcome
  const text = kind === 'cancelled' ? 'Cancelled' : named(status, isShort)
  return (
    <span class="figures">
      <span class={`chip ${LOOKS[kind]}`}>{text}</span>
      <span>{duration(ms)}</span>
    </span>
  )
}

const LOOKS = { cancelled: '', done: 'good', failed: 'bad' }

/** A status with its text, which HTTP/2 does not send. */
function named(status: number | null, isShort?: boolean): string {
  if (status === null) return 'No response'
  const text = STATUS_TEXTS[status]
  return text === undefined || isShort ? String(status) : `${status} ${text}`
}

const STATUS_TEXTS: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

const TABS = ['Response', 'Headers', 'Request'] as const

function Details({ outcome, item }: { outcome: Outcome; item: Item | null }) {
  const { kind, code, meaning, requestId, itemId, input, response, endedAt } = outcome
  const [tab, setTab] = useState<(typeof TABS)[number]>('Response')
  const change = kind === 'done' ? changeSince(endedAt, item) : null
  const text = textOf(tab, outcome)
  return (
    <>
      <div role="status" class={`meaning ${LOOKS[kind]}`}>
        {code !== null && <code>{code}</code>}
        <p>{meaning.summary}</p>
        {change !== null && <p class="stale">{change}</p>}
        <p>
          {meaning.nextStep}{' '}
          {meaning.docs !== null && (
            <a href={meaning.docs} target="_blank" rel="noreferrer">
              Plaid’s documentation
            </a>
          )}
        </p>
      </div>
      <dl class="facts">
        <dt>{itemId === null ? 'Token' : 'Item'}</dt>
        <dd>
          <code>{itemId ?? shortened(input.access_token)}</code>
        </dd>
        <dt>Ended</dt>
        <dd>
          {endedAt.toLocaleTimeString()}
          {response !== null && `, ${size(response.size)}`}
        </dd>
        {requestId !== null && (
          <>
            <dt>Request ID</dt>
            <dd>
              <code>{requestId}</code> <CopyButton name="request ID" text={requestId} />
            </dd>
          </>
        )}
      </dl>
      <div class="dark tabbed">
        <Tabs id="output" label="Output" names={TABS} selected={tab} onSelect={setTab}>
          {text === null ? (
            <p class="empty">No response.</p>
          ) : (
            <Code text={text} language={tab === 'Response' ? 'json' : 'plaintext'} class="body" />
          )}
        </Tabs>
        {text !== null && <CopyButton name={COPIED[tab]} text={text} />}
      </div>
    </>
  )
}

const COPIED = { Response: 'response body', Headers: 'response headers', Request: 'request' }

function textOf(tab: (typeof TABS)[number], { response, input }: Outcome): string | null {
  switch (tab) {
    case 'Response':
      return response === null ? null : JSON.stringify(response.body, null, 2)
    case 'Headers':
      return response?.headers.map(([name, value]) => `${name}: ${value}`).join('\n') ?? null
    case 'Request': {
      const body = JSON.stringify(argumentsOf(masked(input)), null, 2)
      return `POST ${PATH}\ncontent-type: application/json\n\n${body}`
    }
  }
}

/** What happened to an Item after its login was reset at `time`; null if nothing did. */
function changeSince(time: Date, item: Item | null): string | null {
  if (item === null || item.state === 'login_required' || item.changedAt < time) return null
  return item.state === 'removed'
    ? 'Outdated: the Item was removed since.'
    : 'Outdated: the login was repaired since.'
}

function Waiting({ startedAt }: { startedAt: number }) {
  const [now, setNow] = useState(startedAt)
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100)
    return () => clearInterval(timer)
  }, [])
  const isSlow = now - startedAt >= SLOW_MS
  return (
    <>
      <p>
        Waiting for the response… <span aria-hidden="true">{duration(now - startedAt)}</span>
      </p>
      <p role="status">
        {isSlow &&
          'Taking longer than usual. The gateway waits up to 30 s by default. You can cancel and retry.'}
      </p>
    </>
  )
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`
}
