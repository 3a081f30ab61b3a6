// Plaid credentials, which the page sends to the gateway and then clears.

import { useState } from 'preact/hooks'
import { type Target, verifyCredentials } from './call'
import { Field } from './Field'
import { Fold } from './Fold'
import type { GatewayState, PageGateway } from './gateway'
import { clientIdHint, type Hint, secretHint } from './hints'
import { type Result, request } from './request'

const EMPTY = { client_id: '', secret: '' }

interface Props {
  gateway: PageGateway
  target: Target
}

export function Authentication({ gateway, target }: Props) {
  const { state } = gateway
  const [pair, setPair] = useState(EMPTY)
  const [report, setReport] = useState<Report | null>(null)
  const [isBusy, setBusy] = useState(false)
  const given = { client_id: pair.client_id.trim(), secret: pair.secret.trim() }
  const hints = { client_id: clientIdHint(given.client_id), secret: secretHint(given.secret) }
  const source = state.kind === 'reachable' ? state.config.credentials : null
  const isConfigured = source !== null && source !== 'none'
  const placeholder = isConfigured ? 'Configured, not shown' : ''
  const blocker = saveBlocker(state, given, hints)
  const status = report ?? { isProblem: false, text: blocker ?? STORED }

  async function change(method: 'DELETE' | 'PUT', body?: typeof EMPTY) {
    setBusy(true)
    const signal = new AbortController().signal
    const result = await request(gateway, method, '/credentials', signal, body)
    const isDone = result.kind === 'response' && result.status === 204
    if (isDone) setPair(EMPTY)
    if (!isDone) setReport({ isProblem: true, text: problemOf(result) })
    else if (method === 'DELETE') setReport(null)
    else setReport(await verify(target))
    setBusy(false)
    gateway.checkAgain()
  }
  function type(changed: Partial<typeof EMPTY>) {
    setPair({ ...pair, ...changed })
    setReport(null)
  }

  return (
    <Fold
      id="authentication"
      title="Authentication"
      chip={{ text: SOURCES[source ?? 'unknown'], look: isConfigured ? 'good' : '' }}
      startsFolded={state.kind === 'checking' ? null : source !== 'none'}
    >
      <form
        aria-labelledby="authentication"
        onSubmit={(event) => {
          event.preventDefault()
          if (blocker === null && !isBusy) change('PUT', given)
        }}
      >
        <p>Configure credentials for The Plaid API</p>
        <div class="pair">
          <Field
            name="Client ID"
            placeholder={placeholder}
            value={pair.client_id}
            onInput={(client_id) => type({ client_id })}
            hint={hints.client_id}
          />
          <Field
            name="Secret"
            placeholder={placeholder}
            isSecret
            value={pair.secret}
            onInput={(secret) => type({ secret })}
            hint={hints.secret}
          />
        </div>
        <div class="actions">
          <button type="submit" aria-disabled={blocker !== null || isBusy}>
            {isBusy ? 'Saving…' : 'Save to gateway'}
          </button>
          <button
            type="button"
            class="quiet"
            aria-disabled={source !== 'console' || isBusy}
            onClick={() => {
              if (source === 'console' && !isBusy) change('DELETE')
            }}
          >
            Forget
          </button>
          <p class={status.isProblem ? 'error' : ''} role="status">
            {status.text}
          </p>
        </div>
      </form>
    </Fold>
  )
}

interface Report {
  isProblem: boolean
  text: string
}

const STORED = 'Stored only in the gateway’s memory, never in your browser.'

/** Where the gateway's credentials come from. */
const SOURCES = {
  console: 'Configured here',
  none: 'Not configured',
  start: 'Configured',
  unknown: '',
}

/** Why the credentials cannot be saved yet. */
function saveBlocker(
  state: GatewayState,
  given: typeof EMPTY,
  hints: Record<keyof typeof EMPTY, Hint | null>,
): string | null {
  if (state.kind !== 'reachable') return 'Connect to a gateway first.'
  if (given.client_id === '' && given.secret === '') return STORED
  if (given.client_id === '') return 'The client ID is missing.'
  if (given.secret === '') return 'The secret is missing.'
  const isWrong = hints.client_id?.kind === 'error' || hints.secret?.kind === 'error'
  return isWrong ? 'Correct the field above first.' : null
}

function problemOf(result: Result): string {
  if (result.kind !== 'response') return 'No response from the gateway.'
  const { error } = result.body
  return typeof error === 'string' ? `The gateway refused: ${error}.` : 'The gateway refused.'
}

/** Checks the credentials that were just saved. */
async function verify(target: Target): Promise<Report> {
  const who = target.isLocal ? 'the Sandbox' : 'Plaid'
  const verification = await verifyCredentials(target)
  switch (verification.kind) {
    case 'accepted':
      return { isProblem: false, text: `Saved, and ${who} accepts them.` }
    case 'rejected':
      return { isProblem: true, text: `Saved, but ${who} rejects them: wrong client_id or secret.` }
    case 'unknown':
      return { isProblem: true, text: `Saved, but not verified. ${verification.problem}` }
  }
}
