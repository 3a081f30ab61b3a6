// Plaid credentials, which the page sends to the gateway and then clears.

import { useState } from 'preact/hooks'
import { Field } from './Field'
import type { GatewayState, PageGateway } from './gateway'
import { clientIdHint, type Hint, secretHint } from './hints'
import { type Result, request } from './request'

const EMPTY = { client_id: '', secret: '' }

export function Authentication({ gateway }: { gateway: PageGateway }) {
  const { state } = gateway
  const [pair, setPair] = useState(EMPTY)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const given = { client_id: pair.client_id.trim(), secret: pair.secret.trim() }
  const hints = { client_id: clientIdHint(given.client_id), secret: secretHint(given.secret) }
  const source = state.kind === 'reachable' ? state.config.credentials : null
  const placeholder = source === null || source === 'none' ? '' : 'Configured, not shown'
  const blocker = saveBlocker(state, given, hints)

  async function change(method: 'DELETE' | 'PUT', body?: typeof EMPTY) {
    setBusy(true)
    const result = await request(
      gateway,
      method,
      '/credentials',
      new AbortController().signal,
      body,
    )
    const isDone = result.kind === 'response' && result.status === 204
    setProblem(isDone ? null : problemOf(result))
    if (isDone) setPair(EMPTY)
    setBusy(false)
    gateway.checkAgain()
  }

  return (
    <form
      class="card"
      aria-labelledby="authentication"
      onSubmit={(event) => {
        event.preventDefault()
        if (blocker === null && !isBusy) change('PUT', given)
      }}
    >
      <div class="title near">
        <h3 id="authentication">Authentication</h3>
        <span class={`chip ${source !== null && source !== 'none' ? 'good' : ''}`} role="status">
          {source && SOURCES[source]}
        </span>
      </div>
      <p>Configure credentials for The Plaid API</p>
      <div class="pair">
        <Field
          name="Client ID"
          placeholder={placeholder}
          value={pair.client_id}
          onInput={(client_id) => setPair({ ...pair, client_id })}
          hint={hints.client_id}
        />
        <Field
          name="Secret"
          placeholder={placeholder}
          isSecret
          value={pair.secret}
          onInput={(secret) => setPair({ ...pair, secret })}
          hint={hints.secret}
        />
      </div>
      <div class="actions">
        <button type="submit" aria-disabled={blocker !== null || isBusy}>
          Save to gateway
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
        <p class={problem === null ? '' : 'error'} role="status">
          {problem ?? blocker ?? STORED}
        </p>
      </div>
    </form>
  )
}

const STORED = 'Stored only in the gateway’s memory, never in your browser.'

/** Where the gateway's credentials come from. */
const SOURCES = {
  console: 'Configured here',
  none: 'Not configured',
  start: 'Configured',
}

/** Why the credentials cannot be saved yet. */
function saveBlocker(
  state: GatewayState,
  given: typeof EMPTY,
  hints: Record<keyof typeof EMPTY, Hint | null>,
): string | null {
  if (state.kind !== 'reachable') return 'Connect to a gateway first.'
  if (given.client_id === '' && given.secret === '') {
    return STORED
  }
  if (given.client_id === '') return 'The client ID is missing.'
  if (given.secret === '') return 'The secret is missing.'
  const isWrong = hints.client_id?.kind === 'error' || hints.secret?.kind === 'error'
  return isWrong ? 'Correct the field above first.' : null
}

function problemOf(result: Result): string {
  if (result.kind !== 'response') return 'No response from the gateway. See its state below.'
  const { error } = result.body
  return typeof error === 'string' ? `The gateway refused: ${error}.` : 'The gateway refused.'
}
