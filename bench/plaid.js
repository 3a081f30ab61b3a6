// The call that every benchmark is about, and made-up credentials for it.

'use strict'

const PATH = '/sandbox/item/reset_login'

// The server only checks that they are present.
const CLIENT_ID = '0123456789abcdef01234567'
const SECRET = 'fedcba9876543210fedcba98765432'

/** The subject that goals and ratios are about. */
const OURS = '@utdk/plaid'

const newToken = () => `access-sandbox-${crypto.randomUUID()}`

/** Fails a measure whose reply does not say that the login was reset. */
function accept(reply) {
  if (reply.reset_login !== true) throw new Error('the reply does not say reset_login: true')
}

/**
 * One call on a connection of its own. Not with fetch: the process would keep the memory of fetch,
 * and a benchmark of memory would count it.
 */
async function call({ url, clientId, secret }, access_token = newToken()) {
  const [http, { once }] = [require('node:http'), require('node:events')]
  const headers = { 'content-type': 'application/json' }
  if (clientId) Object.assign(headers, { 'plaid-client-id': clientId, 'plaid-secret': secret })
  const request = http.request(url + PATH, { method: 'POST', headers, agent: false })
  request.end(JSON.stringify({ access_token }))
  const [response] = await once(request, 'response')
  const text = await response.setEncoding('utf8').toArray()
  accept(JSON.parse(text.join('')))
}

module.exports = { CLIENT_ID, OURS, PATH, SECRET, accept, call, newToken }
