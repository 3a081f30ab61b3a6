// The gateway's URL, token and state.

import { Field } from './Field'
import { Fold } from './Fold'
import type { GatewayState, PageGateway } from './gateway'

export function GatewayUrl({ gateway }: { gateway: PageGateway }) {
  const { state } = gateway
  return (
    <Fold
      id="gateway"
      title="Gateway"
      chip={CHIPS[state.kind]}
      note={state.kind === 'unreachable' ? state.problem : gateway.url}
      startsFolded={state.kind === 'checking' ? null : state.kind === 'reachable'}
    >
      <form
        aria-labelledby="gateway"
        onSubmit={(event) => {
          event.preventDefault()
          gateway.checkAgain()
        }}
      >
        <p>The gateway proxies requests and injects credentials server-side.</p>
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
            description="Only if required. Never saved."
            isSecret
            value={gateway.token}
            onInput={gateway.setToken}
            hint={tokenHint(state)}
          />
        </div>
      </form>
    </Fold>
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
