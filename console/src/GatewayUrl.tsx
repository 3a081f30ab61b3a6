// Where the gateway is, and how it stands.

import { Field } from './Field'
import type { PageGateway, Standing } from './gateway'

export function GatewayUrl({ gateway }: { gateway: PageGateway }) {
  const { standing } = gateway
  return (
    <form
      class="card"
      aria-labelledby="gateway"
      onSubmit={(event) => {
        event.preventDefault()
        gateway.lookAgain()
      }}
    >
      <div class="title near">
        <h3 id="gateway">Gateway</h3>
        <span class={`chip ${CHIPS[standing.kind].look}`}>{CHIPS[standing.kind].text}</span>
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
            standing.kind === 'malformed' || standing.kind === 'out_of_reach'
              ? { kind: 'error', text: standing.problem }
              : null
          }
          status={sentence(standing)}
        />
        <Field
          name="Gateway token"
          description="If it asks for one. Never saved."
          isSecret
          value={gateway.token}
          onInput={gateway.setToken}
          hint={tokenHint(standing)}
        />
      </div>
    </form>
  )
}

const CHIPS: Record<Standing['kind'], { text: string; look: string }> = {
  none: { text: 'No URL', look: '' },
  malformed: { text: 'No URL', look: '' },
  checking: { text: 'Checking …', look: '' },
  reachable: { text: 'Reachable', look: 'good' },
  token_missing: { text: 'Needs a token', look: 'warn' },
  token_wrong: { text: 'Needs a token', look: 'warn' },
  out_of_reach: { text: 'Unreachable', look: 'bad' },
}

/** What there is to say of a gateway that has no problem. */
function sentence(standing: Standing): string | undefined {
  switch (standing.kind) {
    case 'reachable':
      return `It sends the call to ${standing.config.upstream}.`
    case 'token_missing':
    case 'token_wrong':
      return 'It asks for its token.'
    default:
      return undefined
  }
}

function tokenHint(standing: Standing) {
  switch (standing.kind) {
    case 'token_missing':
      return { kind: 'error', text: 'Enter the gateway’s token.' } as const
    case 'token_wrong':
      return { kind: 'error', text: 'It does not take this token.' } as const
    default:
      return null
  }
}
