'use strict'

// Promise: the recipes of docs/webhooks.md are the files of examples/webhooks, and each of them
// accepts Plaid's webhooks, refuses others, and asks for those again that it cannot verify.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { snippets } = require('../scripts/snippets.js')
const { KEY_ROUTE } = require('./support/webhooks.js')
const { start } = require('./support/sandbox.js')
require('./support/client.js')

const EXAMPLE = path.join(__dirname, '../examples/webhooks')
const DELIVERED = { kind: 'delivered', status: 200 }

/** How each recipe listens: resolves with its port. */
const LISTEN = {
  'express.mjs': async (t, { app }) => {
    const server = app.listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    return server.address().port
  },
  'fastify.mjs': async (t, { app }) => {
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server.address().port
  },
  'hono.mjs': (t, { app }) => serve(t, (request) => app.fetch(request)),
  // Next.js calls the exported function of the method with a Request.
  'route.mjs': (t, { POST }) => serve(t, POST),
}

/** Serves a function of a Request. */
async function serve(t, fetch) {
  const inExample = createRequire(path.join(EXAMPLE, 'package.json'))
  const { createAdaptorServer } = await import(
    pathToFileURL(inExample.resolve('@hono/node-server'))
  )
  const server = createAdaptorServer({ fetch })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

for (const [file, listen] of Object.entries(LISTEN)) {
  test(`the recipe ${file} verifies webhooks`, { timeout: 60_000 }, async (t) => {
    assert.ok(
      fs.existsSync(path.join(EXAMPLE, 'node_modules')),
      'not installed: run `node scripts/set-up.js --examples`',
    )
    const sandbox = await start(t)
    const logged = t.mock.method(console, 'log', () => {})
    Object.assign(process.env, {
      PLAID_CLIENT_ID: sandbox.clientId,
      PLAID_SECRET: sandbox.secret,
      PLAID_BASE_URL: sandbox.url,
    })
    const port = await listen(t, await import(pathToFileURL(path.join(EXAMPLE, file))))
    const url = `http://127.0.0.1:${port}/plaid/webhook`
    const post = async (body, headers) => {
      const response = await fetch(url, { method: 'POST', body, headers })
      await response.arrayBuffer()
      return response.status
    }
    const json = { 'content-type': 'application/json' }
    const { item_id } = await sandbox.createItem({ webhook: url })
    const fired = { item_id, webhook_type: 'ITEM', webhook_code: 'ERROR' }

    // The key cannot be fetched: Plaid sends it again.
    await sandbox.failNext({ path: KEY_ROUTE, error_code: 'INVALID_API_KEYS' })
    await sandbox.fireWebhook(fired)
    const first = await sandbox.nextWebhook({ item_id })
    assert.deepEqual(first.outcome, { kind: 'refused', status: 503 })
    await sandbox.advanceClock(30_000)
    const [{ outcome, verification, rawBody }] = await sandbox.webhooks()
    assert.deepEqual(outcome, DELIVERED)
    assert.deepEqual(logged.mock.calls.at(-1).arguments, ['ITEM', 'ERROR', item_id])

    const signed = { ...json, 'plaid-verification': verification }
    assert.equal(await post(rawBody, signed), 200)
    assert.equal(await post(JSON.stringify(JSON.parse(rawBody)), signed), 400)
    assert.equal(await post('not JSON', signed), 400)
    assert.equal(await post('', signed), 400)
    assert.equal(await post(rawBody, json), 400)
    assert.equal(await post(undefined, undefined), 400)
  })

  test(`the documentation shows the recipe ${file}`, () => {
    const shown = snippets().filter((snippet) => snippet.file === file)
    assert.deepEqual(
      shown.map(({ page, code }) => [page, code]),
      [['docs/webhooks.md', fs.readFileSync(path.join(EXAMPLE, file), 'utf8')]],
    )
  })
}
