// The gateway's URL, token and state.

import { Field } from './Field'
import type { GatewayState, PageGateway } from './gateway'

export function GatewayUrl({ gateway }: { gateway: PageGateway }) {
  const { state } = gateway
  return (
    <form
      class="card"
      aria-labelledby="gateway"
      onSubmit={(event) => {
        event.preventDefault()
        gateway.checkAgain()
      }}
    >
      <div class="title near">
        <h3 id="gateway">Gateway</h3>
        <span class={`chip ${CHIPS[state.kind].look}`}>{CHIPS[state.kind].text}</span>
      </div>
      <p>
        The gateway proxies requests and injects credentials server-side. Configure credentials
        above, then enter your gateway URL.
      </p>
      <div class="pair wide-first">
        <Field
          name="Gateway URL"
          description="Saved automatically to browser storage."
          placeholder="http://localhost:4000"
          value={gateway.typed}
          onInput={gateway.setTyped}
          hint={
            state.kind === 'malformed' || state.kind === 'unreachable'
              ? { kind: 'error', text: state.problem }
              : null
          }
          status={statusOf(state)}
        />
        <Field
          name="Gateway token"
          description="Only if the gateway requires one. Never saved."
          isSecret
          value={gateway.token}
          onInput={gateway.setToken}
          hint={tokenHint(state)}
        />
      </div>
    </form>
  )
}

const CHIPS: Record<GatewayState['kind'], { text: string; look: string }> = {
  none: { text: 'No URL', look: '' },
  malformed: { text: 'Invalid URL', look: '' },
  checking: { text: 'Checking…', look: '' },
  reachable: { text: 'Reachable', look: 'good' },
  token_missing: { text: 'Token required', look: 'warn' },
  token_wrong: { text: 'Token required', look: 'warn' },
  unreachable: { text: 'Unreachable', look: 'bad' },
}

/** Shown below the URL of a gateway without a problem. */
function statusOf(state: GatewayState): string | undefined {
  switch (state.kind) {
    case 'reachable':
      return `Sends requests to ${state.config.upstream}.`
    case 'token_missing':
    case 'token_wrong':
      return 'Token required.'
    default:
      return undefined
  }
}

function tokenHint(state: GatewayState) {
  switch (state.kind) {
    case 'token_missing':
      return { kind: 'error', text: 'Enter the gateway’s token.' } as const
    case 'token_wrong':
      return { kind: 'error', text: 'Wrong token.' } as const
    default:
      return null
  }
}
