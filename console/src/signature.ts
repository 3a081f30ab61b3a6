// Verifies a webhook as a receiver does: the JWT's ES256 signature, and its hash of the body.

import type { Controls } from './controls'
import { isFields } from './request'
import type { Attempt } from './snapshot'

export interface Signature {
  algorithm: string
  kid: string
  /** Why it is not valid; null if it is. */
  problem: string | null
}

/** Verifies an attempt's signature of `body` with the Sandbox's public key. */
export async function verify(
  controls: Controls,
  { verification }: Attempt,
  body: string,
): Promise<Signature> {
  const unreadable = { algorithm: '', kid: '', problem: 'The signature cannot be read.' }
  try {
    const [header = '', claims = '', signature = ''] = verification.split('.')
    const { alg, kid } = decoded(header)
    const result = { algorithm: String(alg), kid: String(kid) }
    if (alg !== 'ES256') return { ...result, problem: 'The algorithm is not ES256.' }
    const key = await controls.get(`keys/${encodeURIComponent(result.kid)}`)
    if ('problem' in key) return { ...result, problem: 'The key is unknown.' }
    const { crv, kty, x, y } = key.value as JsonWebKey
    const curve = { name: 'ECDSA', namedCurve: 'P-256' }
    const jwk = { crv, kty, x, y } as JsonWebKey
    const imported = await crypto.subtle.importKey('jwk', jwk, curve, false, ['verify'])
    const isSigned = await crypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      imported,
      bytesOf(signature),
      new TextEncoder().encode(`${header}.${claims}`),
    )
    if (!isSigned) return { ...result, problem: 'The signature is not by this key.' }
    const hash = new Uint8Array(
      await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body)),
    )
    const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const isOfBody = decoded(claims).request_body_sha256 === hex
    return { ...result, problem: isOfBody ? null : 'The signature is of another body.' }
  } catch {
    return unreadable
  }
}

function decoded(part: string): Record<string, unknown> {
  const fields: unknown = JSON.parse(new TextDecoder().decode(bytesOf(part)))
  return isFields(fields) ? fields : {}
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  const text = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
