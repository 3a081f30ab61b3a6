// `npm run dev`: the app with a Sandbox, for a person at a browser.

import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { startSandbox } from '@utdk/plaid/sandbox'
import { startApp } from './app.js'

const sandbox = await startSandbox()
const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'react-update-mode-'))
const app = await startApp(sandbox, directory, { args: ['--dev'], port: 3000 })
console.log(`Open ${app.url}, and log in with user_good and pass_good.
Press Enter to break the login of the bank that you connected last.`)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
for await (const _ of readline.createInterface({ input: process.stdin })) {
  await app.breakLogin().then(
    () => console.log('Its login is broken: reload the page.'),
    ({ message }) => console.log(`Connect a bank first (${message}).`),
  )
}
await stop()

async function stop() {
  await app.close()
  await fs.rm(directory, { recursive: true })
  process.exit()
}
