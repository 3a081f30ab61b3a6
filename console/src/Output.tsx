// A call's outcome.

import type { Ref } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code'
import type { Outcome, Running } from './call'

interface Props {
  running: Running | null
  outcome: Outcome | null
  element: Ref<HTMLElement>
}

/** After this long, the page says that the call is slow. */
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
      {running !== null && <Waiting startedAt={running.startedAt} />}
      {running === null && outcome === null && (
        <p class="empty">Send a request to see the response.</p>
      )}
      {running === null && outcome !== null && <Response outcome={outcome} />}
    </section>
  )
}

export function Status({ outcome: { kind, status, ms } }: { outcome: Outcome }) {
  const text = kind === 'cancelled' ? 'Cancelled' : (status ?? 'No response')
  return (
    <span class="figures">
      <span class={`chip ${LOOKS[kind]}`}>{text}</span>
      <span>{duration(ms)}</span>
    </span>
  )
}

const LOOKS = { cancelled: '', done: 'good', failed: 'bad' }

function Response({ outcome }: { outcome: Outcome }) {
  const { kind, body, code, requestId, meaning } = outcome
  return (
    <>
      <div role="status" class={`meaning ${LOOKS[kind]}`}>
        {code !== null && <code>{code}</code>}
        <p>{meaning.summary}</p>
        <p>
          {meaning.nextStep}{' '}
          {meaning.docs !== null && (
            <a href={meaning.docs} target="_blank" rel="noreferrer">
              Plaid’s documentation
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
          Request ID <code>{requestId}</code>
        </p>
      )}
    </>
  )
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
