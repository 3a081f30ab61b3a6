// The subpaths for Link, without Playwright and Vite: their types are not needed.

import { type RoutableContext, type RouteOptions, routePlaidLink } from '@utdk/plaid/playwright'
import { startSandbox } from '@utdk/plaid/sandbox'
import { type PlaidLinkOptions, plaidLink } from '@utdk/plaid/vite'

declare const context: RoutableContext

const sandbox = await startSandbox()
const options: Required<RouteOptions> = { events: 'live' }
const unroute: () => Promise<void> = await routePlaidLink(context, sandbox)
await unroute()
await routePlaidLink(context, sandbox.url, options)
await routePlaidLink(context, { url: 'http://127.0.0.1:8321' }, { events: undefined })
// @ts-expect-error: the Sandbox is missing.
await routePlaidLink(context)

const all: Required<PlaidLinkOptions> = { sandbox, events: 'at_end' }
const plugins: { name: string }[] = [
  plaidLink(all),
  plaidLink(),
  plaidLink({ sandbox: process.env.URL, events: undefined }),
]
// @ts-expect-error: no such option.
plaidLink({ url: '' })
export default plugins
