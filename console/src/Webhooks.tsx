// An Item's webhooks, live.

import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code'
import { type Signature, signatureOf, type Webhook } from './webhook'

/** The latest first. */
export function Webhooks({ webhooks }: { webhooks: Webhook[] }) {
  return (
    <div class="webhooks">
      <h3 id="webhooks">Webhooks</h3>
      <div class="list-box">
        {webhooks.length === 0 && <p>No webhooks yet.</p>}
        <ol aria-labelledby="webhooks" aria-live="polite">
          {webhooks.toReversed().map((webhook) => (
            <li key={webhook.id}>
              <Delivery webhook={webhook} />
            </li>
          ))}
        </ol>
      </div>
    </div>
  )
}

function Delivery({ webhook }: { webhook: Webhook }) {
  const { code, at, body, isDelivered } = webhook
  const signature = useSignature(webhook)
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
            class={`chip ${signature === null ? 'unknown' : signature.matchesBody ? 'good' : 'bad'}`}
          >
            {signature?.matchesBody === false ? 'Signature does not match' : 'Signed'}
          </span>
        </span>
      </summary>
      {signature !== null && (
        <p>
          Signed with {signature.algorithm}, key <code>{signature.kid}</code>. The signed SHA-256{' '}
          {signature.matchesBody ? 'matches this body.' : 'does not match this body.'}
        </p>
      )}
      <div class="dark">
        <Code text={body} language="json" class="body" />
      </div>
    </details>
  )
}

function useSignature(webhook: Webhook): Signature | null {
  const [signature, setSignature] = useState<Signature | null>(null)
  useEffect(() => {
    let isMounted = true
    signatureOf(webhook).then((signature) => isMounted && setSignature(signature))
    return () => {
      isMounted = false
    }
  }, [webhook])
  return signature
}
