// Verifies a webhook and reads it, as documented:
// https://plaid.com/docs/api/webhooks/webhook-verification/

import { createHash, timingSafeEqual } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import type { JWKPublicKey } from 'plaid'
import type { LoginStatus } from './items.ts'
import { PlaidFailure } from './plaid.ts'

/** The webhook is not from Plaid, or is too old. */
export class WebhookRefused extends Error {}

/** An older webhook may be a replay. */
const MAX_AGE_S = 5 * 60
/** How far Plaid's clock may be ahead of this one. */
const CLOCK_SKEW_S = 5

export class WebhookVerifier {
  readonly #fetchKey: (kid: string) => Promise<JWKPublicKey>
  readonly #keys = new Map<string, JWKPublicKey>()

  constructor(fetchKey: (kid: string) => Promise<JWKPublicKey>) {
    this.#fetchKey = fetchKey
  }

  /**
   * @param body the bytes as received: JSON that was parsed and serialized again has another hash
   * @param token the `Plaid-Verification` header
   */
  async verify(body: Buffer, token: string | undefined): Promise<void> {
    if (token === undefined) throw new WebhookRefused('it is not signed')
    const { alg, kid } = header(token)
    // A forger can choose the algorithm, so accept only Plaid's.
    if (alg !== 'ES256') throw new WebhookRefused('its algorithm is not ES256')
    if (kid === undefined) throw new WebhookRefused('it names no key')

    const key = await this.#key(kid)
    const options = {
      algorithms: ['ES256'],
      // jose adds the tolerance to both limits.
      maxTokenAge: MAX_AGE_S - CLOCK_SKEW_S,
      clockTolerance: CLOCK_SKEW_S,
    }
    const { payload } = await jwtVerify(token, { ...key }, options).catch((error) => {
      throw new WebhookRefused(error.message)
    })

    const signed = Buffer.from(String(payload.request_body_sha256))
    const actual = Buffer.from(createHash('sha256').update(body).digest('hex'))
    if (signed.length !== actual.length || !timingSafeEqual(signed, actual)) {
      throw new WebhookRefused('its body is not what was signed')
    }
  }

  async #key(kid: string): Promise<JWKPublicKey> {
    const key = this.#keys.get(kid) ?? (await this.#newKey(kid))
    if (key.expired_at !== null) throw new WebhookRefused('its key has expired')
    return key
  }

  /** An unknown key means that Plaid rotated its keys, so the known ones may have expired. */
  async #newKey(kid: string): Promise<JWKPublicKey> {
    const key = await this.#fetchKey(kid).catch((failure) => {
      const isUnknown = failure instanceof PlaidFailure && failure.kind === 'refused'
      throw isUnknown ? new WebhookRefused('Plaid does not know its key') : failure
    })
    const known = [...this.#keys.values()].filter(({ expired_at }) => expired_at === null)
    const again = await Promise.all(known.map(({ kid }) => this.#fetchKey(kid)))
    for (const each of [...again, key]) this.#keys.set(each.kid, each)
    return key
  }
}

function header(token: string) {
  try {
    return decodeProtectedHeader(token)
  } catch {
    throw new WebhookRefused('its signature is not a JWT')
  }
}

/** What a webhook says about an Item's login, if anything. */
export function loginNews(body: Buffer): { itemId: string; login: LoginStatus } | undefined {
  const { webhook_type, webhook_code, item_id, error } = JSON.parse(body.toString())
  if (webhook_type !== 'ITEM') return undefined
  if (webhook_code === 'LOGIN_REPAIRED') return { itemId: item_id, login: 'healthy' }
  if (webhook_code === 'ERROR' && error?.error_code === 'ITEM_LOGIN_REQUIRED') {
    return { itemId: item_id, login: 'login_required' }
  }
  return undefined
}
