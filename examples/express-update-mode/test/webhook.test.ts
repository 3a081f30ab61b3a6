// Webhooks that are forged, old, repeated, late or out of order, and webhooks while one side is down.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { Plaid } from '../plaid.ts'
import { startBackend } from './support.ts'

const DELIVERED = { kind: 'delivered', status: 200 }

afterEach(() => {
  vi.restoreAllMocks()
})

/** A backend that was down while an Item broke, so it missed the webhook. It is up again. */
async function startBackendThatMissedAWebhook() {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  backend.down(true)
  await backend.breakItem(itemId)
  const { outcome, rawBody, verification } = await backend.nextWebhook('ERROR')
  expect(outcome.kind).toBe('failed')
  backend.down(false)
  expect(await backend.needsAttention(itemId)).toBe(false)
  return { backend, itemId, rawBody, verification }
}

interface Genuine {
  rawBody: string
  verification: string
}

function forge({ verification }: Genuine, alg: string, key: KeyObject | Uint8Array, kid?: string) {
  const header = decodeProtectedHeader(verification)
  return new SignJWT(decodeJwt(verification))
    .setProtectedHeader({ ...header, alg, kid: kid ?? String(header.kid) })
    .sign(key)
}

const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const UNKNOWN_KID = '00000000-0000-4000-8000-000000000000'

/** Changes a genuine webhook into a forged one, and says why it is refused. */
type Forgery = (genuine: Genuine) => Promise<{ body?: string; token?: string; why: string }>

test.each<[string, Forgery]>([
  ['has no signature', async () => ({ why: 'MISSING_SIGNATURE' })],
  [
    'has a signature that is not a JWT',
    async () => ({ token: 'a.b.c', why: 'MALFORMED_SIGNATURE' }),
  ],
  [
    'is signed by another key',
    async (it) => ({
      token: await forge(it, 'ES256', stranger),
      why: 'BAD_SIGNATURE',
    }),
  ],
  [
    'is signed by a key that Plaid does not know',
    async (it) => ({
      token: await forge(it, 'ES256', stranger, UNKNOWN_KID),
      why: 'UNKNOWN_KEY',
    }),
  ],
  [
    'is signed by another algorithm',
    async (it) => ({ token: await forge(it, 'HS256', new Uint8Array(32)), why: 'WRONG_ALGORITHM' }),
  ],
  [
    'is signed without an algorithm',
    async ({ verification }) => ({
      token: new UnsecuredJWT(decodeJwt(verification)).encode(),
      why: 'WRONG_ALGORITHM',
    }),
  ],
  [
    'has a changed body',
    async ({ rawBody, verification }) => ({
      token: verification,
      body: rawBody.replace('ITEM_LOGIN_REQUIRED', 'ITEM_LOGIN_REQUIRED '),
      why: 'BODY_MISMATCH',
    }),
  ],
  [
    'has a body that was serialized again',
    async ({ rawBody, verification }) => ({
      token: verification,
      body: JSON.stringify(JSON.parse(rawBody), null, 4),
      why: 'BODY_MISMATCH',
    }),
  ],
])('a webhook that %s is refused and changes nothing', async (_, forgery) => {
  const { backend, itemId, ...genuine } = await startBackendThatMissedAWebhook()
  const { body = genuine.rawBody, token, why } = await forgery(genuine)
  expect(await backend.postWebhook(body, token)).toBe(401)
  expect(backend.logged.at(-1)).toContain(why)
  expect(await backend.needsAttention(itemId)).toBe(false)

  expect(await backend.postWebhook(genuine.rawBody, genuine.verification)).toBe(200)
  expect(await backend.needsAttention(itemId)).toBe(true)
})

test('a webhook that was signed more than five minutes ago is refused', async () => {
  const { backend, itemId, rawBody } = await startBackendThatMissedAWebhook()
  const signedAgo = (minutes: number) =>
    backend.sandbox.signWebhook(rawBody, { iat: Math.floor(Date.now() / 1000) - 60 * minutes })
  expect(await backend.postWebhook(rawBody, await signedAgo(6))).toBe(401)
  expect(backend.logged.at(-1)).toContain('TOO_OLD')
  expect(await backend.needsAttention(itemId)).toBe(false)

  expect(await backend.postWebhook(rawBody, await signedAgo(4))).toBe(200)
  expect(await backend.needsAttention(itemId)).toBe(true)
})

test('after Plaid rotates its key, webhooks signed with the old one are refused', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.breakItem(itemId)
  const old = await backend.nextWebhook('ERROR')
  expect(await backend.postWebhook(old.rawBody, old.verification)).toBe(200)

  const kid = await backend.sandbox.rotateWebhookKey()
  await backend.sandbox.repairItem(itemId)
  const repaired = await backend.nextWebhook('LOGIN_REPAIRED')
  expect(decodeProtectedHeader(repaired.verification).kid).toBe(kid)
  expect(repaired.outcome).toEqual(DELIVERED)
  expect(await backend.needsAttention(itemId)).toBe(false)

  expect(await backend.postWebhook(old.rawBody, old.verification)).toBe(401)
  const keys = (await backend.sandbox.requests()).filter(({ path }) => path.includes('_key/'))
  // The old key, the new key, and the old key again, to see whether it has expired.
  expect(keys).toHaveLength(3)
})

test('a webhook that the backend missed while it was down is delivered again', async () => {
  const { backend, itemId } = await startBackendThatMissedAWebhook()
  await backend.sandbox.advanceClock(30_000)
  await backend.settled()
  expect(await backend.needsAttention(itemId)).toBe(true)
  const [webhook] = await backend.sandbox.webhooks()
  expect(webhook?.attempts.map(({ outcome }) => outcome.kind)).toEqual(['failed', 'delivered'])
})

test('a webhook whose key cannot be fetched is delivered again', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.sandbox.failNext({
    path: '/webhook_verification_key/get',
    error_code: 'INVALID_API_KEYS',
  })
  await backend.breakItem(itemId)
  const { outcome } = await backend.nextWebhook('ERROR')
  expect(outcome).toEqual({ kind: 'refused', status: 503 })

  await backend.sandbox.advanceClock(30_000)
  await backend.settled()
  expect(await backend.needsAttention(itemId)).toBe(true)
})

test('a webhook that arrives twice changes the Item once', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.breakItem(itemId)
  const { id } = await backend.nextWebhook('ERROR')
  const logged = [...backend.logged]

  const { outcome } = await backend.sandbox.redeliverWebhook(id)
  await backend.settled()
  expect(outcome).toEqual(DELIVERED)
  expect(await backend.needsAttention(itemId)).toBe(true)
  expect(backend.logged).toEqual(logged)
})

test('a webhook that arrives after a newer one does not undo it', async () => {
  const { backend, itemId } = await startBackendThatMissedAWebhook()
  await backend.sandbox.repairItem(itemId)
  await backend.nextWebhook('LOGIN_REPAIRED')

  await backend.sandbox.advanceClock(30_000)
  await backend.settled()
  const [late] = await backend.sandbox.webhooks()
  expect(late?.body.webhook_code).toBe('ERROR')
  expect(late?.outcome).toEqual(DELIVERED)
  expect(await backend.needsAttention(itemId)).toBe(false)
})

test('an answer of Plaid that arrives after a newer one does not undo it', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  const ask = Plaid.prototype.loginStatus
  vi.spyOn(Plaid.prototype, 'loginStatus').mockImplementationOnce(async function (
    this: Plaid,
    accessToken,
  ) {
    const answer = await ask.call(this, accessToken)
    expect(answer).toBe('login_required')
    // Before it arrives, the user repairs the login elsewhere, and the backend gets that webhook.
    await backend.sandbox.repairItem(itemId)
    await backend.sandbox.nextWebhook({ webhook_code: 'LOGIN_REPAIRED' })
    await vi.waitFor(async () => expect((await backend.items.find(itemId))?.revision).toBe(1))
    return answer
  })

  await backend.breakItem(itemId)
  await backend.nextWebhook('ERROR')
  expect((await backend.items.find(itemId))?.revision).toBe(2)
  expect(await backend.needsAttention(itemId)).toBe(false)
})

test('when Plaid does not answer, the webhook decides', async () => {
  const backend = await startBackend()
  const itemId = await backend.linkItem()
  await backend.sandbox.failNext({ path: '/item/get', status: 500 })
  await backend.breakItem(itemId)
  await backend.nextWebhook('ERROR')
  expect(await backend.needsAttention(itemId)).toBe(true)
})

test('a webhook about an unknown Item is accepted and ignored', async () => {
  const backend = await startBackend()
  const { access_token } = await backend.sandbox.createItem({ webhook: backend.webhookUrl })
  await backend.plaid.sandboxitemresetlogin({ access_token })
  const { outcome } = await backend.nextWebhook('ERROR')
  expect(outcome).toEqual(DELIVERED)
  expect((await backend.call('GET', '/items')).body).toEqual({ items: [] })
})
