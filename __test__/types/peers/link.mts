// What Playwright and Vite have fits the subpaths for Link.

import { type RoutableContext, routePlaidLink } from '@utdk/plaid/playwright'
import { startSandbox } from '@utdk/plaid/sandbox'
import { plaidLink } from '@utdk/plaid/vite'
import type { BrowserContext, Page } from 'playwright-core'
import type { Plugin, UserConfig } from 'vite'

declare const context: BrowserContext
declare const page: Page

const sandbox = await startSandbox()
const fits: RoutableContext = context
const unroute: () => Promise<void> = await routePlaidLink(fits, sandbox)
await unroute()
// @ts-expect-error: a page is not a context.
await routePlaidLink(page, sandbox)

const plugin: Plugin = plaidLink()
const config: UserConfig = { plugins: [plugin, plaidLink()] }
export default config
