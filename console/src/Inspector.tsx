// Everything that the local Sandbox sees: requests, webhooks, and its clock and faults.

import { useState } from 'preact/hooks'
import { Code } from './Code'
import { CopyButton } from './CopyButton'
import type { Controls } from './controls'
import { SandboxControls } from './SandboxControls'
import type { LocalSandbox } from './sandbox'
import type { LinkSession, LoggedRequest, Webhook } from './snapshot'
import { useSignature } from './useSignature'

type Entry =
  | { kind: 'request'; key: string; at: Date; itemId: string | null; request: LoggedRequest }
  | { kind: 'webhook'; key: string; at: Date; itemId: string | null; webhook: Webhook }
  | { kind: 'link'; key: string; at: Date; itemId: string | null; session: LinkSession }

const KINDS = { all: 'Everything', request: 'Requests', webhook: 'Webhooks', link: 'Link sessions' }

export function Inspector({ sandbox }: { sandbox: LocalSandbox }) {
  const [kind, setKind] = useState<keyof typeof KINDS>('all')
  const [itemId, setItemId] = useState('')
  const [selectedKey, setSelectedKey] = useState<string | null>(null)
  const entries = entriesOf(sandbox).filter(
    (entry) =>
      (kind === 'all' || entry.kind === kind) && (itemId === '' || entry.itemId === itemId),
  )
  const selected = entries.find(({ key }) => key === selectedKey) ?? null

  return (
    <section class="card inspector" aria-labelledby="inspector">
      <div class="title">
        <h2 id="inspector">Inspector</h2>
        <div class="filters">
          <select
            aria-label="Kind"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as keyof typeof KINDS)}
          >
            {Object.entries(KINDS).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
          <select
            aria-label="Item"
            value={itemId}
            onChange={(event) => setItemId(event.currentTarget.value)}
          >
            <option value="">All Items</option>
            {sandbox.items.toReversed().map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        </div>
      </div>
      <p>
        Every request to the Sandbox, every webhook that it sends, and every session of Link. The
        latest first.
      </p>
      <SandboxControls sandbox={sandbox} />
      <div class="panes">
        <ol class="timeline" aria-labelledby="inspector">
          {entries.length === 0 && <li class="empty">Nothing yet.</li>}
          {entries.map((entry) => (
            <li key={entry.key}>
              <button
                type="button"
                aria-current={entry === selected}
                onClick={() => setSelectedKey(entry.key)}
              >
                <Row entry={entry} />
              </button>
            </li>
          ))}
        </ol>
        <section class="details" aria-label="Details">
          {selected === null && <p class="empty">Select an entry to see its details.</p>}
          {selected?.kind === 'request' && <RequestDetails request={selected.request} />}
          {selected?.kind === 'webhook' && (
            <WebhookDetails webhook={selected.webhook} controls={sandbox.controls} />
          )}
          {selected?.kind === 'link' && <SessionDetails session={selected.session} />}
        </section>
      </div>
    </section>
  )
}

/** The latest first. */
function entriesOf({ requests, sessions, webhooks }: LocalSandbox): Entry[] {
  const entries: Entry[] = [
    ...sessions.map((session) => ({
      kind: 'link' as const,
      key: `link ${session.id}`,
      at: session.at,
      itemId: session.itemId,
      session,
    })),
    ...webhooks.map((webhook) => ({
      kind: 'webhook' as const,
      key: `webhook ${webhook.id}`,
      at: webhook.at,
      itemId: webhook.itemId,
      webhook,
    })),
    ...requests.map((request) => ({
      kind: 'request' as const,
      key: `request ${request.id}`,
      at: request.at,
      itemId: request.itemId,
      request,
    })),
  ]
  return entries.sort((one, other) => one.at.getTime() - other.at.getTime()).reverse()
}

function Row({ entry }: { entry: Entry }) {
  const time = (
    <time dateTime={entry.at.toISOString()} title={entry.at.toLocaleString()}>
      {entry.at.toLocaleTimeString()}
    </time>
  )
  if (entry.kind === 'webhook') {
    const { type, code, attempts } = entry.webhook
    const last = attempts.at(-1)
    return (
      <>
        {time}
        <code>
          → {type} {code}
        </code>
        <span class={`chip ${last?.isDelivered ? 'good' : 'warn'}`}>
          {last === undefined ? 'Sending' : last.isDelivered ? last.result : 'Not delivered'}
        </span>
      </>
    )
  }
  if (entry.kind === 'link') {
    const { events, itemId } = entry.session
    const { text, look } = endOf(entry.session)
    return (
      <>
        {time}
        <code>Link{itemId !== null && ', update mode'}</code>
        <span class="note">{events.length} events</span>
        <span class={`chip ${look}`}>{text}</span>
      </>
    )
  }
  const { path, status, errorCode, fault, isEmulated, tookMs } = entry.request
  const look = status !== null && status < 400 ? 'good' : 'bad'
  return (
    <>
      {time}
      <code>{path}</code>
      {errorCode !== null && <code class="note">{errorCode}</code>}
      {!isEmulated && <span class="chip warn">Not emulated</span>}
      {fault !== null && <span class="chip warn">Fault</span>}
      <span class="took">{milliseconds(tookMs)}</span>
      <span class={`chip ${look}`}>{status ?? 'No response'}</span>
    </>
  )
}

function RequestDetails({ request }: { request: LoggedRequest }) {
  const { method, path, status, errorCode, requestId, itemId, fault, isEmulated, fields } = request
  return (
    <>
      <h3>
        {method} {path}
      </h3>
      {!isEmulated && (
        <p>Plaid has this route, but the Sandbox does not emulate it. Stub it in your tests.</p>
      )}
      <Facts
        facts={{
          Time: request.at.toLocaleString(),
          Status: String(status ?? 'No response'),
          Duration: milliseconds(request.tookMs),
          'Error code': errorCode,
          'Request ID': requestId,
          Item: itemId,
          Fault: fault,
        }}
      />
      {fields !== null && (
        <div class="dark">
          <Code text={JSON.stringify(fields, null, 2)} language="json" class="body" />
        </div>
      )}
    </>
  )
}

/** How a session ended. */
function endOf({ events }: LinkSession): { text: string; look: string } {
  switch (events.at(-1)?.name) {
    case 'HANDOFF':
      return { text: 'Success', look: 'good' }
    case 'EXIT':
      return { text: 'Exited', look: 'warn' }
    default:
      return { text: 'Open', look: '' }
  }
}

function SessionDetails({ session }: { session: LinkSession }) {
  const { id, itemId, at, events } = session
  return (
    <>
      <h3>Link session</h3>
      <Facts
        facts={{
          Started: at.toLocaleString(),
          'Session ID': id,
          Item: itemId,
          End: endOf(session).text,
        }}
      />
      <h4 id="link-events">Events</h4>
      <ol class="attempts" aria-labelledby="link-events">
        {events.map(({ at, name, detail }, index) => (
          <li key={index}>
            <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>
            <code>{name}</code>
            {detail !== null && <span class="note">{detail}</span>}
          </li>
        ))}
      </ol>
    </>
  )
}

function WebhookDetails({ webhook, controls }: { webhook: Webhook; controls: Controls | null }) {
  const signature = useSignature(controls, webhook)
  const [problem, setProblem] = useState<string | null>(null)
  const { id, type, code, body, attempts, url, itemId, nextAttemptAt } = webhook
  const verification = attempts.at(-1)?.verification
  async function redeliver() {
    const delivered = await controls?.post(`webhooks/${id}/redeliver`)
    setProblem(delivered && 'problem' in delivered ? delivered.problem : null)
  }
  return (
    <>
      <h3>
        Webhook {type} {code}
      </h3>
      <Facts
        facts={{
          URL: url,
          Item: itemId,
          Signature: signature && `${signature.problem ?? 'Valid'} (${signature.algorithm})`,
          Key: signature?.kid,
          'Next attempt': nextAttemptAt?.toLocaleString(),
        }}
      />
      <h4 id="attempts">Attempts</h4>
      <ol class="attempts" aria-labelledby="attempts">
        {attempts.map(({ at, isDelivered, result }) => (
          <li key={at.getTime()}>
            <time dateTime={at.toISOString()}>{at.toLocaleString()}</time>
            <span class={`chip ${isDelivered ? 'good' : 'bad'}`}>{result}</span>
          </li>
        ))}
      </ol>
      <div class="buttons">
        <button type="button" class="small" onClick={redeliver}>
          Redeliver
        </button>
        <CopyButton name="the body" label="Copy body" text={body} />
        {verification !== undefined && (
          <CopyButton name="the JWT" label="Copy JWT" text={verification} />
        )}
      </div>
      {problem !== null && (
        <p class="error" role="status">
          {problem}
        </p>
      )}
      <div class="dark">
        <Code text={body} language="json" class="body" />
      </div>
    </>
  )
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

/** Leaves out what has no value. */
function Facts({ facts }: { facts: Record<string, string | null | undefined> }) {
  return (
    <dl class="facts">
      {Object.entries(facts).map(
        ([name, value]) =>
          typeof value === 'string' && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ),
      )}
    </dl>
  )
}
