// node.test.mjs
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlaidClient } from '@utdk/plaid'
import { startSandbox } from '@utdk/plaid/sandbox'
import { startBackend } from './backend.js'

test('a webhook that the backend missed comes again', async (t) => {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const { url: baseUrl, clientId, secret } = sandbox
  const backend = await startBackend(sandbox)
  t.after(() => backend.close())
  const item = await sandbox.createItem({ webhook: `${backend.url}/plaid/webhook` })

  // The backend does not know the Item yet, and answers 500.
  await createPlaidClient({ baseUrl, clientId, secret }).sandboxitemresetlogin({
    access_token: item.access_token,
  })
  const { outcome } = await sandbox.nextWebhook()
  assert.deepEqual(outcome, { kind: 'refused', status: 500 })

  backend.addItem(item)
  await sandbox.advanceClock(60_000)
  assert.equal(backend.isBroken(item.item_id), true)
})
