// The app as its users have it, with a Sandbox instead of Plaid.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { createPlaidClient } from '@utdk/plaid'

const root = path.join(import.meta.dirname, '..')

/** Starts the backend, on a free port if none is given, with its database in `directory`. */
export async function startApp(sandbox, directory, { args = [], port = 0 } = {}) {
  const database = path.join(directory, 'items.json')
  // The preload sends https://sandbox.plaid.com to the Sandbox.
  const child = spawn(
    process.execPath,
    ['--import', '@utdk/plaid/intercept', 'server.js', ...args],
    {
      cwd: root,
      env: {
        ...process.env,
        ITEMS_FILE: database,
        PLAID_CLIENT_ID: sandbox.clientId,
        PLAID_SECRET: sandbox.secret,
        PLAID_SANDBOX_URL: sandbox.url,
        PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let printed = ''
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text
    if (printed.includes('Listening at ')) break
  }
  const [, url] = printed.match(/Listening at (\S+)/) ?? []
  if (!url) throw new Error(`the backend did not start: ${printed}`)
  return {
    url,
    /** Breaks the login of the bank that was connected last. */
    async breakLogin() {
      const { url: baseUrl, clientId, secret } = sandbox
      const { access_token } = JSON.parse(await fs.readFile(database, 'utf8')).at(-1)
      const plaid = createPlaidClient({ baseUrl, clientId, secret })
      await plaid.sandboxitemresetlogin({ access_token })
    },
    async close() {
      child.kill()
      await once(child, 'exit')
    },
  }
}
