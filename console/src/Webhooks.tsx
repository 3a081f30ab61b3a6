// The webhooks of an Item, as they arrive.

import { useEffect, useState } from 'preact/hooks'
import { Code } from './Code'
import { type Signature, signatureOf, type Webhook } from './webhook'

/** The latest comes first. */
export function Webhooks({ webhooks }: { webhooks: Webhook[] }) {
  return (
    <div class="webhooks">
      <h3 id="webhooks">Webhooks</h3>
      <div class="shelf">
        {webhooks.length === 0 && <p>What the Sandbox sends about the Item arrives here.</p>}
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
            class={`chip ${signature === null ? 'unknown' : signature.isOfBody ? 'good' : 'bad'}`}
          >
            {signature?.isOfBody === false ? 'Signed for another body' : 'Signed'}
          </span>
        </span>
      </summary>
      {signature !== null && (
        <p>
          {signature.algorithm}, by the key <code>{signature.kid}</code>. The SHA-256 in the
          signature {signature.isOfBody ? 'is this body’s.' : 'is not this body’s.'}
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
    let isThere = true
    signatureOf(webhook).then((signature) => isThere && setSignature(signature))
    return () => {
      isThere = false
    }
  }, [webhook])
  return signature
}
