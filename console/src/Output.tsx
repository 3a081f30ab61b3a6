// What came of a call.

import type { Ref } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code'
import type { Running } from './Console'
import type { Outcome } from './call'

interface Props {
  running: Running | null
  outcome: Outcome | null
  element: Ref<HTMLElement>
}

/** After so long a call is said to be slow. */
const SLOW_MS = 5_000

export function Output({ running, outcome, element }: Props) {
  return (
    <section
      class="card output"
      aria-labelledby="output"
      ref={element}
      aria-busy={running !== null}
    >
      <div class="title">
        <h3 id="output">Output</h3>
        {running === null && outcome !== null && <Status outcome={outcome} />}
      </div>
      {running !== null && <Waiting began={running.began} />}
      {running === null && outcome === null && (
        <p class="empty">Nothing was sent yet: the reply will stand here.</p>
      )}
      {running === null && outcome !== null && <Reply outcome={outcome} />}
    </section>
  )
}

export function Status({ outcome: { kind, status, ms } }: { outcome: Outcome }) {
  const text = kind === 'cancelled' ? 'Cancelled' : (status ?? 'No reply')
  return (
    <span class="figures">
      <span class={`chip ${LOOKS[kind]}`}>{text}</span>
      <span>{duration(ms)}</span>
    </span>
  )
}

const LOOKS = { cancelled: '', done: 'good', failed: 'bad' }

function Reply({ outcome }: { outcome: Outcome }) {
  const { kind, body, code, requestId, meaning } = outcome
  return (
    <>
      <div role="status" class={`meaning ${LOOKS[kind]}`}>
        {code !== null && <code>{code}</code>}
        <p>{meaning.says}</p>
        <p>
          {meaning.next}{' '}
          {meaning.docs !== null && (
            <a href={meaning.docs} target="_blank" rel="noreferrer">
              Plaid’s page about it
            </a>
          )}
        </p>
      </div>
      {body !== null && (
        <div class="dark">
          <Code text={JSON.stringify(body, null, 2)} language="json" class="body" />
        </div>
      )}
      {requestId !== null && (
        <p class="request-id">
          Request id <code>{requestId}</code>
        </p>
      )}
    </>
  )
}

function Waiting({ began }: { began: number }) {
  const [now, setNow] = useState(began)
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100)
    return () => clearInterval(timer)
  }, [])
  const isSlow = now - began >= SLOW_MS
  return (
    <>
      <p>
        Waiting for the reply … <span aria-hidden="true">{duration(now - began)}</span>
      </p>
      <p role="status">
        {isSlow &&
          'This takes long. The gateway waits up to 30 seconds for Plaid, if it was not told otherwise; you can cancel and send again.'}
      </p>
    </>
  )
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
