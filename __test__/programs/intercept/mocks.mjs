// An app's tests with a mock: what the mock answers, and what it lets through to the Sandbox.

import { createRequire } from 'node:module'

const require = createRequire(new URL('../../clients/package.json', import.meta.url))
const { ACCESS_TOKEN: access_token, PLAID_CLIENT_ID, PLAID_SECRET } = process.env
const headers = { 'PLAID-CLIENT-ID': PLAID_CLIENT_ID, 'PLAID-SECRET': PLAID_SECRET }
const BASE = 'https://sandbox.plaid.com'

const MOCKS = {
  nock: async (version) => {
    const { default: nock } = await import(require.resolve(`nock-${version}`))
    const scope = nock(BASE, { allowUnmocked: true })
      .post('/accounts/get')
      .reply(200, { item: { item_id: 'mocked' } })
    return () => assertDone(scope)
  },
  msw: async () => {
    const { http, HttpResponse } = require('msw')
    const { setupServer } = require('msw/node')
    const mocked = http.post(`${BASE}/accounts/get`, () =>
      HttpResponse.json({ item: { item_id: 'mocked' } }),
    )
    const server = setupServer(mocked)
    server.listen({ onUnhandledRequest: 'bypass' })
    return () => server.close()
  },
}

function assertDone(scope) {
  if (!scope.isDone()) throw new Error('the mock did not see the call')
}

const [, , name, version] = process.argv
const end = await MOCKS[name](version)
const axios = require('axios')
for (const path of ['/accounts/get', '/item/get']) {
  const { data } = await axios.post(BASE + path, { access_token }, { headers })
  console.log(data.item.item_id)
}
end()
process.exit()
