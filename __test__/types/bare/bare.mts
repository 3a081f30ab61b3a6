// Type test: the declarations compile without the types of Node and of a browser, and an optional input
// takes `undefined`, as an environment variable may be, also under `exactOptionalPropertyTypes`.

import type { SandboxItemResetLoginRequest } from '@utdk/plaid'
import { type CallOptions, createPlaidClient, type PlaidClientOptions } from '@utdk/plaid'
import { type GatewayOptions, startGateway } from '@utdk/plaid/gateway'
import type { RouteOptions } from '@utdk/plaid/playwright'
import type {
  Delay,
  Failure,
  FaultTarget,
  NewItem,
  Sandbox,
  SandboxOptions,
  WebhookFilter,
  WebhookToFire,
} from '@utdk/plaid/sandbox'
import { startSandbox } from '@utdk/plaid/sandbox'
import type { PlaidLinkOptions } from '@utdk/plaid/vite'
import { createWebhookVerifier, type WebhookVerifierOptions } from '@utdk/plaid/webhooks'

/** The optional fields that do not take `undefined`. */
type Strict<T> = {
  [Name in keyof T]-?: Record<never, never> extends Pick<T, Name>
    ? undefined extends T[Name]
      ? never
      : Name
    : never
}[keyof T]

declare function noneIsStrict<Inputs extends object[]>(
  strict: {
    [Index in keyof Inputs]: Strict<Inputs[Index]>
  }[number],
): void
declare const never: never

noneIsStrict<
  [
    CallOptions,
    Delay,
    Exclude<GatewayOptions['rateLimit'], false | undefined>,
    Exclude<PlaidClientOptions['gateway'], undefined>,
    Failure,
    FaultTarget,
    GatewayOptions,
    NewItem,
    PlaidClientOptions,
    PlaidLinkOptions,
    RouteOptions,
    SandboxItemResetLoginRequest,
    SandboxOptions,
    WebhookFilter,
    WebhookToFire,
    WebhookVerifierOptions,
    Exclude<Parameters<Sandbox['signWebhook']>[1], undefined>,
    Exclude<Parameters<Sandbox['stub']>[2], undefined>,
  ]
>(never)
// @ts-expect-error: this one is
noneIsStrict<[{ port?: number }]>(never as unknown as undefined)

declare const variable: string | undefined
const client = createPlaidClient({ clientId: variable, secret: variable, baseUrl: variable })
createWebhookVerifier({ clientId: variable, secret: variable, baseUrl: variable })
await using sandbox = await startSandbox({ host: variable })
await using _gateway = await startGateway({ token: variable })
await client.sandboxitemresetlogin({ access_token: sandbox.url }, { signal: undefined })
