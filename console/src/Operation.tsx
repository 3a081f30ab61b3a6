// The operation: its input and Send.

import type { Input, Running } from './call'
import { Field } from './Field'
import type { GatewayState } from './gateway'
import { accessTokenHint, clientIdHint, type Hint, secretHint } from './hints'
import { IS_SANDBOX } from './home'

interface Props {
  input: Input
  onInput(input: Input): void
  /** Why the call cannot be sent yet. */
  blocker: string | null
  running: Running | null
  onSend(): void
}

/** What adds the credentials to a call without any. */
const SERVER = IS_SANDBOX ? 'Sandbox' : 'gateway'

export function Operation({ input, onInput, blocker, running, onSend }: Props) {
  const hints = hintsOf(input)
  const field = (name: keyof Input) => ({
    name,
    isCode: true,
    value: input[name],
    onInput: (value: string) => onInput({ ...input, [name]: value }),
    hint: hints[name],
  })
  return (
    <form
      class="card"
      aria-labelledby="operation"
      onSubmit={(event) => {
        event.preventDefault()
        if (blocker === null && running === null) onSend()
      }}
    >
      <div class="title">
        <h3 id="operation" class="code">
          sandboxitemresetlogin
        </h3>
        <span class="route">
          <span class="badge method">POST</span> <code>/sandbox/item/reset_login</code>
        </span>
      </div>
      <h4>Input</h4>
      <div class="pair">
        <Field
          {...field('client_id')}
          note="optional"
          description={`Defaults to the ${SERVER}’s client ID.`}
        />
        <Field
          {...field('secret')}
          note="optional"
          isSecret
          description={`Defaults to the ${SERVER}’s secret.`}
        />
      </div>
      <Field
        {...field('access_token')}
        note="required"
        isRequired
        isSecret
        placeholder="access-sandbox-…"
        description="The Item’s access token."
      />
      <div class="actions">
        <button
          type="submit"
          class="primary"
          aria-disabled={blocker !== null || running !== null}
          aria-describedby="send-reason"
        >
          {running === null ? 'Send' : 'Sending…'}
        </button>
        {running !== null && (
          <button type="button" class="quiet" onClick={running.cancel}>
            Cancel
          </button>
        )}
        <p id="send-reason" role="status">
          {running === null ? (blocker ?? SHORTCUT) : ''}
        </p>
      </div>
    </form>
  )
}

const KEY = /Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl'

/** Shown only where there is a keyboard. */
const SHORTCUT = matchMedia('(hover: none)').matches ? '' : `${KEY} + Enter sends from any field.`

function hintsOf(input: Input): Record<keyof Input, Hint | null> {
  return {
    client_id: clientIdHint(input.client_id.trim()),
    secret: secretHint(input.secret.trim()),
    access_token: accessTokenHint(input.access_token.trim()),
  }
}

/** Why the call cannot be sent yet. */
export function sendBlocker(state: GatewayState, input: Input): string | null {
  if (state.kind === 'none') return 'Enter a gateway URL to enable sending.'
  if (state.kind === 'malformed') return 'Correct the gateway URL to enable sending.'
  if (state.kind === 'token_missing' || state.kind === 'token_wrong') {
    return 'Enter the gateway’s token to enable sending.'
  }
  if (input.access_token.trim() === '') return 'Enter an access token to enable sending.'
  const invalid = Object.entries(hintsOf(input)).find(([, hint]) => hint?.kind === 'error')
  if (invalid !== undefined) return `Correct the ${invalid[0]} to enable sending.`
  const hasNoCredentials = state.kind === 'reachable' && state.config.credentials === 'none'
  if (hasNoCredentials && (input.client_id.trim() === '' || input.secret.trim() === '')) {
    return 'Configure credentials, or fill in client_id and secret, to enable sending.'
  }
  return null
}
