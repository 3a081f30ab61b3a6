// Credentials for Plaid: handed to the gateway, and forgotten here.

import { useState } from 'preact/hooks'
import { type Answer, ask } from './ask'
import { Field } from './Field'
import type { PageGateway, Standing } from './gateway'
import { clientIdHint, type Hint, secretHint } from './hints'

const NONE = { client_id: '', secret: '' }

export function Authentication({ gateway }: { gateway: PageGateway }) {
  const { standing } = gateway
  const [pair, setPair] = useState(NONE)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const given = { client_id: pair.client_id.trim(), secret: pair.secret.trim() }
  const hints = { client_id: clientIdHint(given.client_id), secret: secretHint(given.secret) }
  const source = standing.kind === 'reachable' ? standing.config.credentials : null
  const placeholder = source === null || source === 'none' ? '' : 'Configured, not shown'
  const missing = reason(standing, given, hints)

  async function tell(method: 'DELETE' | 'PUT', body?: typeof NONE) {
    setBusy(true)
    const answer = await ask(gateway, method, '/credentials', new AbortController().signal, body)
    const isDone = answer.kind === 'reply' && answer.status === 204
    setProblem(isDone ? null : problemOf(answer))
    if (isDone) setPair(NONE)
    setBusy(false)
    gateway.lookAgain()
  }

  return (
    <form
      class="card"
      aria-labelledby="authentication"
      onSubmit={(event) => {
        event.preventDefault()
        if (missing === null && !isBusy) tell('PUT', given)
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
        <button type="submit" aria-disabled={missing !== null || isBusy}>
          Hand to the gateway
        </button>
        <button
          type="button"
          class="quiet"
          aria-disabled={source !== 'console' || isBusy}
          onClick={() => {
            if (source === 'console' && !isBusy) tell('DELETE')
          }}
        >
          Forget
        </button>
        <p class={problem === null ? '' : 'error'} role="status">
          {problem ?? missing ?? 'Kept in the gateway’s memory, never in this browser.'}
        </p>
      </div>
    </form>
  )
}

/** Where the gateway has its credentials from. */
const SOURCES = {
  console: 'Configured here',
  none: 'Not configured',
  start: 'Configured',
}

/** What keeps the credentials from being handed over. */
function reason(
  standing: Standing,
  given: typeof NONE,
  hints: Record<keyof typeof NONE, Hint | null>,
): string | null {
  if (standing.kind !== 'reachable') return 'The gateway below must be reachable first.'
  if (given.client_id === '' && given.secret === '') {
    return 'Kept in the gateway’s memory, never in this browser.'
  }
  if (given.client_id === '') return 'The client ID is missing.'
  if (given.secret === '') return 'The secret is missing.'
  const isWrong = hints.client_id?.kind === 'error' || hints.secret?.kind === 'error'
  return isWrong ? 'Correct the field above first.' : null
}

function problemOf(answer: Answer): string {
  if (answer.kind !== 'reply') return 'The gateway did not answer: see its state below.'
  const { error } = answer.body
  return typeof error === 'string' ? `The gateway refused: ${error}.` : 'The gateway refused.'
}
