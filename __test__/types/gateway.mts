// Every method and option of the gateway, with their types.

import { createPlaidClient } from '@utdk/plaid'
import { type Gateway, type GatewayOptions, startGateway } from '@utdk/plaid/gateway'

/** Compiles where `Actual` is `Expected` and nothing else. */
type Exactly<Expected, Actual> =
  (<T>() => T extends Expected ? 1 : 2) extends <T>() => T extends Actual ? 1 : 2 ? Actual : never
function is<Expected>() {
  return <Actual,>(value: Exactly<Expected, Actual>): void => void value
}

const none: GatewayOptions = {}
const all: Required<GatewayOptions> = {
  port: 4000,
  host: '127.0.0.1',
  clientId: 'id',
  secret: 'secret',
  credentialsFile: '/run/secrets/plaid',
  baseUrl: 'http://127.0.0.1:8321',
  token: 'token',
  tokenFile: '/run/secrets/token',
  allowOrigins: ['http://localhost:5173'],
  maxInFlight: 64,
  maxWaiting: 0,
  rateLimit: { perSecond: 10, burst: 20 },
  timeoutMs: 1_000,
  maxRetries: 0,
  ca: ['-----BEGIN CERTIFICATE-----', Buffer.from('')],
  graceMs: 0,
}
await startGateway()
await startGateway(none)
await startGateway({ rateLimit: false })
await startGateway({ rateLimit: {} })
await startGateway({ ca: new Uint8Array() })
const gateway: Gateway = await startGateway(all)
is<string>()(gateway.url)
createPlaidClient({ gateway })

// @ts-expect-error there is no such option
await startGateway({ tokens: 'token' })
// @ts-expect-error a gateway calls Plaid, not a gateway
await startGateway({ gateway: { url: gateway.url } })
// @ts-expect-error a port is a number
await startGateway({ port: '4000' })
// @ts-expect-error origins are an array
await startGateway({ allowOrigins: '*' })
// @ts-expect-error no limit is written as false
await startGateway({ rateLimit: 0 })
// @ts-expect-error the URL is read-only
gateway.url = ''

is<void>()(await gateway.close())
is<void>()(await gateway[Symbol.asyncDispose]())
{
  await using disposed = await startGateway()
  is<string>()(disposed.url)
}
