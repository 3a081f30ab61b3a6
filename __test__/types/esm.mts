// What an ECMAScript module may import, with its types.

import plaid, {
  type CallOptions,
  createPlaidClient,
  PlaidApiError,
  PlaidConnectionError,
  PlaidError,
  type PlaidRequestTrace,
  PlaidResponseError,
  PlaidTimeoutError,
  PlaidUsageError,
  type SandboxItemResetLoginResponse,
  sandboxItemResetLogin,
  sandboxitemresetlogin,
  type WithResponse,
} from '@utdk/plaid'

const access_token = 'access-sandbox-x'
const options: CallOptions = {
  timeoutMs: 1,
  maxRetries: 0,
  headers: { traceparent: '00' },
  signal: AbortSignal.timeout(1),
}

const reply: SandboxItemResetLoginResponse = await plaid.sandboxitemresetlogin({ access_token })
const reset: boolean = reply.reset_login
const id: string = reply.request_id
const further: unknown = reply.whatever
await sandboxitemresetlogin({ access_token, client_id: 'a', secret: 'b' }, options)

const whole: WithResponse<SandboxItemResetLoginResponse> = await sandboxItemResetLogin(
  { access_token },
  { withResponse: true, timeoutMs: 1 },
)
const details: [number, string | undefined, number] = [
  whole.response.status,
  whole.response.headers['content-type'],
  whole.response.attempts,
]
const plain: string = (await plaid.sandboxItemResetLogin({ access_token })).request_id

const client = createPlaidClient({
  baseUrl: 'http://localhost:1',
  ca: [Buffer.from('')],
  clientId: 'a',
  headers: new Headers(),
  secret: 'b',
  attemptTimeoutMs: 1,
  connectTimeoutMs: 1,
  maxConnections: 1,
})
await client.sandboxitemresetlogin({ access_token }, { headers: [['a', 'b']] })
const closed = client.close() satisfies Promise<void>
{
  await using disposed = createPlaidClient()
  await disposed.sandboxitemresetlogin({ access_token })
}
plaid.createPlaidClient({ gateway: { url: 'http://localhost:4000', token: 't' } })

// @ts-expect-error access_token is required
await plaid.sandboxitemresetlogin({})
// @ts-expect-error access_token is a string
await plaid.sandboxitemresetlogin({ access_token: 1 })
// @ts-expect-error there is no such option
createPlaidClient({ timeout: 1 })

export function describe(error: unknown): string | number {
  if (error instanceof PlaidApiError) return error.status + error.error_code + error.request_id
  if (error instanceof PlaidUsageError) return error.field ?? error.code
  if (error instanceof PlaidResponseError) return error.status
  if (error instanceof PlaidTimeoutError || error instanceof PlaidConnectionError) return error.code
  if (error instanceof plaid.PlaidError) return error.attempts
  return error instanceof PlaidError && error.retryable ? 'again' : 'no'
}

export function trace({
  operation,
  host,
  headers,
  attempt,
  status,
  request_id,
  duration,
}: PlaidRequestTrace) {
  return [operation, host, headers.traceparent, attempt, status, request_id, duration]
}

// @ts-expect-error the default client cannot be closed
await plaid.close()

export { closed, details, further, id, plain, reset }
