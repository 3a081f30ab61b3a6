// A webhook that the Sandbox sent, and its signature.

import { isFields } from './request'

export interface Webhook {
  id: string
  /** None for a webhook about a Link session. */
  itemId: string | null
  code: string
  at: Date
  /** Exactly as sent. */
  body: string
  isDelivered: boolean
  /** The JWT in its header `Plaid-Verification`. */
  verification: string
}

export interface Signature {
  algorithm: string
  kid: string
  /** Whether the signed hash is that of the body. */
  matchesBody: boolean
}

export function webhookOf(value: unknown): Webhook | null {
  if (!isFields(value) || !Array.isArray(value.attempts)) return null
  const { id, item_id, webhook_code, firedAt, body } = value
  const last: unknown = value.attempts.at(-1)
  const { verification, outcome } = isFields(last) ? last : {}
  const kind = isFields(outcome) ? outcome.kind : null
  return {
    id: String(id),
    itemId: typeof item_id === 'string' ? item_id : null,
    code: String(webhook_code),
    at: new Date(String(firedAt)),
    body: String(body),
    isDelivered: kind === 'delivered',
    verification: String(verification),
  }
}

/** Decodes a signature, and compares its hash with the body's; null if it cannot be decoded. */
export async function signatureOf({ verification, body }: Webhook): Promise<Signature | null> {
  try {
    const [header, claims] = verification.split('.').slice(0, 2).map(decoded)
    if (!isFields(header) || !isFields(claims)) return null
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))
    const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0'))
    return {
      algorithm: String(header.alg),
      kid: String(header.kid),
      matchesBody: claims.request_body_sha256 === hex.join(''),
    }
  } catch {
    return null
  }
}

function decoded(part: string): unknown {
  return JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')))
}
