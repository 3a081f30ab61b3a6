// What a CommonJS module may require, with and without `esModuleInterop`.

import plaid = require('@utdk/plaid')
import sandbox = require('@utdk/plaid/sandbox')

import { createPlaidClient, PlaidError } from '@utdk/plaid'

export async function use(access_token: string): Promise<boolean> {
  const client = createPlaidClient({ baseUrl: (await sandbox.startSandbox()).url })
  const first = await client.sandboxitemresetlogin({ access_token })
  const second = await plaid.sandboxitemresetlogin({ access_token })
  const third = await plaid.default.sandboxitemresetlogin({ access_token })
  return first.reset_login && second.reset_login && third.reset_login
}

export async function broken(): Promise<sandbox.ItemSummary[]> {
  const running: sandbox.Sandbox = await sandbox.startSandbox({ seed: 42 })
  const options: sandbox.Failure = { kind: 'hang', times: Infinity }
  await running.failNext(options)
  return running.items()
}

export const made: boolean = new plaid.PlaidUsageError() instanceof PlaidError
