// The operation: its input, and what sends it.

import type { Running } from './Console'
import type { Input } from './call'
import { Field } from './Field'
import type { Standing } from './gateway'
import { accessTokenHint, clientIdHint, type Hint, secretHint } from './hints'

interface Props {
  input: Input
  onInput(input: Input): void
  /** What keeps the call from being sent. */
  missing: string | null
  running: Running | null
  onSend(): void
}

export function Operation({ input, onInput, missing, running, onSend }: Props) {
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
        if (missing === null && running === null) onSend()
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
          description="Your Plaid client ID, or the gateway’s."
        />
        <Field
          {...field('secret')}
          note="optional"
          isSecret
          description="Your Plaid secret, or the gateway’s."
        />
      </div>
      <Field
        {...field('access_token')}
        note="required"
        isRequired
        isSecret
        placeholder="access-sandbox-…"
        description="The access token of the Item whose login is to stop working."
      />
      <div class="actions">
        <button
          type="submit"
          class="primary"
          aria-disabled={missing !== null || running !== null}
          aria-describedby="send-reason"
        >
          {running === null ? 'Send' : 'Sending …'}
        </button>
        {running !== null && (
          <button type="button" class="quiet" onClick={running.cancel}>
            Cancel
          </button>
        )}
        <p id="send-reason" role="status">
          {running === null ? missing : ''}
        </p>
      </div>
    </form>
  )
}

function hintsOf(input: Input): Record<keyof Input, Hint | null> {
  return {
    client_id: clientIdHint(input.client_id.trim()),
    secret: secretHint(input.secret.trim()),
    access_token: accessTokenHint(input.access_token.trim()),
  }
}

/** What keeps the call from being sent. */
export function reason(standing: Standing, input: Input): string | null {
  if (standing.kind === 'none') return 'Enter a gateway URL above to enable sending.'
  if (standing.kind === 'malformed') return 'Correct the gateway URL above to enable sending.'
  if (standing.kind === 'token_missing' || standing.kind === 'token_wrong') {
    return 'Enter the gateway’s token above to enable sending.'
  }
  if (input.access_token.trim() === '') return 'Enter an access token to enable sending.'
  const wrong = Object.entries(hintsOf(input)).find(([, hint]) => hint?.kind === 'error')
  if (wrong !== undefined) return `Correct the ${wrong[0]} to enable sending.`
  const isWithout = standing.kind === 'reachable' && standing.config.credentials === 'none'
  if (isWithout && (input.client_id.trim() === '' || input.secret.trim() === '')) {
    return 'Configure credentials above, or fill in client_id and secret, to enable sending.'
  }
  return null
}
