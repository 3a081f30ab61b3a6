// The signature of a webhook's last attempt, once it is verified.

import { useEffect, useState } from 'preact/hooks'
import type { Controls } from './controls'
import { type Signature, verify } from './signature'
import type { Webhook } from './snapshot'

export function useSignature(controls: Controls | null, webhook: Webhook): Signature | null {
  const [signature, setSignature] = useState<Signature | null>(null)
  const { body, attempts } = webhook
  const attempt = attempts.at(-1)
  useEffect(() => {
    let isCurrent = true
    if (controls !== null && attempt !== undefined) {
      verify(controls, attempt, body).then((verified) => isCurrent && setSignature(verified))
    }
    return () => {
      isCurrent = false
    }
  }, [controls, attempt?.verification, body])
  return signature
}
