// An Item's webhooks, live.

import { Code } from './Code'
import type { Controls } from './controls'
import type { Webhook } from './snapshot'
import { useSignature } from './useSignature'

interface Props {
  controls: Controls | null
  webhooks: Webhook[]
}

/** The latest first. */
export function Webhooks({ controls, webhooks }: Props) {
  return (
    <div class="webhooks">
      <h3 id="webhooks">Webhooks</h3>
      <div class="list-box">
        {webhooks.length === 0 && <p>No webhooks yet.</p>}
        <ol aria-labelledby="webhooks" aria-live="polite">
          {webhooks.toReversed().map((webhook) => (
            <li key={webhook.id}>
              <Delivery controls={controls} webhook={webhook} />
            </li>
          ))}
        </ol>
      </div>
    </div>
  )
}

function Delivery({ controls, webhook }: { controls: Controls | null; webhook: Webhook }) {
  const { code, at, body, attempts } = webhook
  const signature = useSignature(controls, webhook)
  const isDelivered = attempts.at(-1)?.isDelivered
  return (
    <details>
      <summary>
        <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>
        <code>{code}</code>
        <span class="chips">
          <span class={`chip ${isDelivered ? 'good' : 'warn'}`}>
            {isDelivered ? 'Delivered' : 'Not delivered'}
          </span>
          <span
            class={`chip ${signature === null ? 'unknown' : signature.problem ? 'bad' : 'good'}`}
          >
            {signature?.problem ? 'Not verified' : 'Verified'}
          </span>
        </span>
      </summary>
      {signature !== null && (
        <p>
          {signature.problem ?? 'The signature is valid.'} {signature.algorithm}, key{' '}
          <code>{signature.kid}</code>
        </p>
      )}
      <div class="dark">
        <Code text={body} language="json" class="body" />
      </div>
    </details>
  )
}
