// Every method and option of the Sandbox, with their types.

import type { PlaidErrorCode } from '@utdk/plaid'
import {
  type ActiveFault,
  type Delay,
  type DeliveryAttempt,
  type DeliveryOutcome,
  type Failure,
  type FaultKind,
  type FaultTarget,
  type ItemSummary,
  type LoggedRequest,
  type NewItem,
  type PlaidProduct,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  type UpdateLink,
  type Webhook,
  type WebhookBody,
  type WebhookCode,
  type WebhookFilter,
  type WebhookType,
} from '@utdk/plaid/sandbox'

/** Compiles where `Actual` is `Expected` and nothing else. */
type Exactly<Expected, Actual> =
  (<T>() => T extends Expected ? 1 : 2) extends <T>() => T extends Actual ? 1 : 2 ? Actual : never
function is<Expected>() {
  return <Actual,>(value: Exactly<Expected, Actual>): void => void value
}

const none: SandboxOptions = {}
const all: Required<SandboxOptions> = {
  tls: 8443,
  clientId: '0123456789abcdef01234567',
  secret: 'secret',
  anyCredentials: true,
  port: 0,
  host: '127.0.0.1',
  seed: 42,
  now: new Date(),
  allowWebhookHosts: ['backend', 'backend:8080'],
  transactions: 'as_plaid',
  allowRemoteControl: true,
}
await startSandbox(none)
await startSandbox({ now: '2030-01-01' })
await startSandbox({ now: 0 })
const sandbox: Sandbox = await startSandbox(all)
is<string>()(sandbox.url)
is<string>()(sandbox.clientId)
is<string>()(sandbox.secret)
is<string | undefined>()(sandbox.tlsUrl)
is<string | undefined>()(sandbox.ca)
await startSandbox({ tls: true })

// Items and Link.
const plan: Required<NewItem> = {
  webhook: 'http://localhost:1/',
  products: ['auth'],
  institution_id: 'ins_109508',
  user_id: 'usr_one',
}
await sandbox.createItem()
const item = await sandbox.createItem(plan)
is<{ access_token: string; item_id: string }>()(item)
const items = await sandbox.items()
is<ItemSummary[]>()(items)
for (const { item_id, institution_id, products, webhook, user_id, state } of items) {
  is<string>()(item_id)
  is<string>()(institution_id)
  is<PlaidProduct[]>()(products)
  is<string | null>()(webhook)
  is<string | null>()(user_id)
  is<'healthy' | 'login_required' | 'removed'>()(state)
}
is<void>()(await sandbox.repairItem(item.item_id))
const update = await sandbox.createUpdateLink(item.item_id)
is<UpdateLink>()(update)
is<Record<'link_token' | 'hosted_link_url' | 'expiration', string>>()({ ...update })
const { public_token, metadata, events } = await sandbox.completeLink('link-sandbox-x')
is<string | null>()(public_token)
is<string>()(metadata.institution.institution_id)
is<string>()(metadata.institution.name)
is<string>()(metadata.link_session_id)
is<null>()(metadata.transfer_status)
for (const account of metadata.accounts) {
  is<string>()(account.id)
  is<string>()(account.name)
  is<string>()(account.type)
  is<string | null>()(account.mask)
  is<string | null>()(account.subtype)
  is<string | null>()(account.verification_status)
  is<string | null>()(account.class_type)
}
for (const event of events) {
  is<string>()(event.eventName)
  is<string>()(event.metadata.timestamp)
  is<string | null>()(event.metadata.view_name)
}
is<void>()(await sandbox.exitLink('link-sandbox-x'))

// Webhooks.
const filter: Required<WebhookFilter> = {
  item_id: item.item_id,
  webhook_code: 'ERROR',
  timeoutMs: 10,
}
await sandbox.nextWebhook()
const next = await sandbox.nextWebhook(filter)
const again = await sandbox.redeliverWebhook(next.id)
for (const webhook of [next, again]) {
  is<string>()(webhook.verification)
  is<DeliveryOutcome>()(webhook.outcome)
}
const webhooks = await sandbox.webhooks()
is<Webhook[]>()(webhooks)
for (const webhook of [...webhooks, next]) {
  is<number>()(webhook.id)
  is<string>()(webhook.firedAt)
  is<string>()(webhook.url)
  is<string | null>()(webhook.item_id)
  is<WebhookType>()(webhook.webhook_type)
  is<WebhookCode>()(webhook.webhook_code)
  is<string>()(webhook.rawBody)
  is<DeliveryAttempt[]>()(webhook.attempts)
  is<string | null>()(webhook.nextAttemptAt)
  is<string | null>()(webhook.verification)
  is<DeliveryOutcome | null>()(webhook.outcome)
  is<WebhookBody>()(webhook.body)
}
const [attempt] = next.attempts
if (attempt) {
  is<string>()(attempt.at)
  is<string>()(attempt.verification)
  is<DeliveryOutcome>()(attempt.outcome)
}
is<string>()(next.body.environment)
is<string | undefined>()(next.body.item_id)
is<PlaidErrorCode | undefined>()(next.body.error?.error_code)
is<string | null | undefined>()(next.body.error?.error_code_reason)
is<unknown>()(next.body.new_transactions)
is<string>()(await sandbox.rotateWebhookKey())
is<string>()(await sandbox.signWebhook('{}'))
is<string>()(await sandbox.signWebhook(Buffer.from('{}'), { iat: 0 }))
is<void>()(await sandbox.fireWebhook({ item_id: '', webhook_code: 'ERROR', webhook_type: 'ITEM' }))
// @ts-expect-error: which Item
await sandbox.fireWebhook({ webhook_code: 'ERROR' })
// @ts-expect-error: the text of the body
await sandbox.signWebhook({})

export function describe(outcome: DeliveryOutcome): string {
  switch (outcome.kind) {
    case 'delivered':
      is<200>()(outcome.status)
      return 'delivered'
    case 'refused':
      is<number>()(outcome.status)
      return `refused with ${outcome.status}`
    case 'failed':
    case 'not_allowed':
      is<string>()(outcome.reason)
      return outcome.reason
  }
}

// What was asked.
const requests = await sandbox.requests()
is<LoggedRequest[]>()(requests)
for (const request of requests) {
  is<string>()(request.at)
  is<string>()(request.method)
  is<string>()(request.path)
  is<Record<string, unknown> | null>()(request.fields)
  is<string | null>()(request.item_id)
  is<number | null>()(request.status)
  is<PlaidErrorCode | null>()(request.error_code)
  is<string | null>()(request.request_id)
  is<FaultKind | null>()(request.fault)
}

// The clock.
is<Date>()(await sandbox.now())
is<Date>()(await sandbox.advanceClock(1))

// Faults.
const target: Required<FaultTarget> = { path: '/item/get', times: Infinity, probability: 0.5 }
const failure: Required<Failure> = {
  ...target,
  kind: 'error',
  status: 429,
  error_code: 'RATE_LIMIT',
  retryAfter: 1,
}
const delay: Delay = { ...target, ms: 5 }
is<void>()(await sandbox.failNext(failure))
const kinds: FaultKind[] = ['error', 'html', 'reset', 'cut_short', 'hang']
for (const kind of kinds) await sandbox.failNext({ kind })
is<void>()(await sandbox.delay(delay))
const faults = await sandbox.faults()
is<ActiveFault[]>()(faults)
for (const fault of faults) {
  is<string | null>()(fault.path)
  is<number | null>()(fault.times)
  is<number | null>()(fault.probability)
  if (fault.kind === 'delay') is<number>()(fault.ms)
  if (fault.kind === 'html') is<number | null>()(fault.status)
  if (fault.kind === 'error') {
    is<number | null>()(fault.status)
    is<PlaidErrorCode | null>()(fault.error_code)
    is<number | null>()(fault.retryAfter)
  }
}
is<void>()(await sandbox.clearFaults())

// @ts-expect-error there is no such option
await startSandbox({ seeds: 1 })
// @ts-expect-error a seed is a number
await startSandbox({ seed: '1' })
// @ts-expect-error there is no such field
await sandbox.createItem({ webhok: '' })
// @ts-expect-error products are an array
await sandbox.createItem({ products: 'auth' })
// @ts-expect-error there is no such field
await sandbox.nextWebhook({ itemId: '' })
// @ts-expect-error an id is required
await sandbox.repairItem()
// @ts-expect-error a token is required
await sandbox.completeLink()
// @ts-expect-error a webhook id is a number
await sandbox.redeliverWebhook('1')
// @ts-expect-error there is no such kind
await sandbox.failNext({ kind: 'delay' })
// @ts-expect-error no limit is undefined or Infinity
await sandbox.failNext({ status: 500, times: null })
// @ts-expect-error ms is required
await sandbox.delay({ path: '/item/get' })
// @ts-expect-error the URL is read-only
sandbox.url = ''

is<void>()(await sandbox.reset())
is<void>()(await sandbox.close())
is<void>()(await sandbox[Symbol.asyncDispose]())
{
  await using disposed = await startSandbox()
  is<string>()(disposed.url)
}
