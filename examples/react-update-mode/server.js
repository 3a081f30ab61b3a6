// The backend: it keeps the Items, and asks Plaid. Nothing in it knows of a local Sandbox.

import fs from 'node:fs/promises'
import path from 'node:path'
import express from 'express'
import { Configuration, PlaidApi, PlaidEnvironments } from 'plaid'

const root = import.meta.dirname
const file = process.env.ITEMS_FILE || path.join(root, 'items.json')
const port = Number(process.env.PORT || 3000)

const plaid = new PlaidApi(
  new Configuration({
    basePath: PlaidEnvironments.sandbox,
    baseOptions: {
      headers: {
        'PLAID-CLIENT-ID': process.env.PLAID_CLIENT_ID,
        'PLAID-SECRET': process.env.PLAID_SECRET,
      },
    },
  }),
)

/** As documented: https://plaid.com/docs/link/web/#content-security-policy */
const POLICY = [
  "default-src 'self' https://cdn.plaid.com/",
  "script-src 'self' https://cdn.plaid.com/link/v2/stable/link-initialize.js",
  "frame-src 'self' https://cdn.plaid.com/",
  "connect-src 'self' https://sandbox.plaid.com/",
].join('; ')

/** The database of this example: Items by `item_id`, in a file. */
const items = new Map(
  JSON.parse(await fs.readFile(file, 'utf8').catch(() => '[]')).map((item) => [item.item_id, item]),
)
let written = Promise.resolve()

function save(item) {
  items.set(item.item_id, item)
  written = written.then(async () => {
    // Renamed, so that a reader never gets half a file.
    await fs.writeFile(`${file}.new`, JSON.stringify([...items.values()]), { mode: 0o600 })
    await fs.rename(`${file}.new`, file)
  })
  return written
}

const app = express()
app.use('/api', express.json())

/** A token for Link: without `item_id`, to link a new Item; with it, for update mode. */
app.post('/api/link-token', async (request, response) => {
  const item = items.get(request.body.item_id)
  const { data } = await plaid.linkTokenCreate({
    client_name: 'Ledger',
    language: 'en',
    country_codes: ['US'],
    user: { client_user_id: 'user-1' },
    ...(item ? { access_token: item.access_token } : { products: ['transactions'] }),
  })
  response.json({ link_token: data.link_token })
})

app.post('/api/items', async (request, response) => {
  const { public_token, institution } = request.body
  const { data } = await plaid.itemPublicTokenExchange({ public_token })
  const { access_token, item_id } = data
  await save({ item_id, access_token, institution, accounts: [] })
  response.status(201).json({ item_id })
})

/** Each Item with its accounts; `broken` if its user must log in again. */
app.get('/api/items', async (_request, response) => {
  const current = await Promise.all([...items.values()].map(withAccounts))
  await Promise.all(current.map(save))
  response.json(current.map(({ access_token, ...shown }) => shown))
})

async function withAccounts(item) {
  try {
    const { data } = await plaid.accountsGet({ access_token: item.access_token })
    const accounts = data.accounts.map(({ account_id, name, mask, balances }) => {
      return { account_id, name, mask, balance: balances.current }
    })
    return { ...item, accounts, broken: false }
  } catch (error) {
    if (error.response?.data?.error_code !== 'ITEM_LOGIN_REQUIRED') throw error
    return { ...item, broken: true }
  }
}

// The client's errors contain the secret and the access token: only Plaid's own words are shown.
app.use('/api', (error, _request, response, _next) => {
  const { error_code, error_message, request_id } = error.response?.data ?? {}
  console.error(`Plaid: ${error_code ?? error.code}, request ${request_id ?? 'unknown'}`)
  response.status(502).json({ error: error_message ?? 'The bank connection is not available.' })
})

if (process.argv.includes('--dev')) {
  const { createServer } = await import('vite')
  const vite = await createServer({ root, server: { middlewareMode: true } })
  app.use(vite.middlewares)
} else {
  app.use((_request, response, next) => {
    response.set('Content-Security-Policy', POLICY)
    next()
  })
  app.use(express.static(path.join(root, 'dist')))
}

const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Listening at http://localhost:${server.address().port}`)
})
