// Who is measured: the Sandbox, and the mocks of Plaid that people write by hand.
//
// `load` is a user's import. `start` takes what was loaded and returns a running server: `url`, its
// credentials, `addItem(webhook)`, which resolves with an access token, and `close()`. `isElsewhere`
// means that it runs in another process. The mocks check credentials and token, have only this
// route, and send no webhooks.

'use strict'

const { once } = require('node:events')
const { CLIENT_ID, OURS, PATH, SECRET, newToken } = require('../plaid')

/** The upper limit of what the load generator can measure: a native server without state. */
const CEILING = 'bench-server'

const subjects = {
  [OURS]: {
    load: () => require('../../sandbox.js'),
    async start({ startSandbox }) {
      const sandbox = await startSandbox()
      return {
        url: sandbox.url,
        clientId: sandbox.clientId,
        secret: sandbox.secret,
        addItem: async (webhook) => (await sandbox.createItem({ webhook })).access_token,
        reset: () => sandbox.reset(),
        close: () => sandbox.close(),
      }
    },
  },

  express: {
    load: () => require('express'),
    async start(express) {
      const { answer, addItem } = mock()
      const app = express()
      app.use(express.json())
      app.post(PATH, (request, response) => {
        const { status, reply } = answer(request.headers, request.body)
        response.status(status).json(reply)
      })
      return running(app.listen(0, '127.0.0.1'), addItem)
    },
  },

  'node:http': {
    load: () => require('node:http'),
    async start({ createServer }) {
      const { answer, addItem } = mock()
      const server = createServer((request, response) => {
        let body = ''
        request.setEncoding('utf8').on('data', (text) => {
          body += text
        })
        request.on('end', () => {
          const isKnown = request.method === 'POST' && request.url === PATH
          const { status, reply } = isKnown
            ? answer(request.headers, JSON.parse(body))
            : { status: 404, reply: {} }
          const text = JSON.stringify(reply)
          response.writeHead(status, {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          })
          response.end(text)
        })
      })
      return running(server.listen(0, '127.0.0.1'), addItem)
    },
  },

  [CEILING]: {
    load: () => require('../prepare'),
    async start({ startServer }, { server, directory }) {
      const { http, stop } = await startServer(server, directory)
      const { addItem } = mock()
      const credentials = { clientId: CLIENT_ID, secret: SECRET }
      return { url: http, ...credentials, addItem, close: stop, isElsewhere: true }
    },
  },
}

/** The state of the mocks: Items whose login breaks. */
function mock() {
  const { randomBytes } = require('node:crypto')
  const items = new Map()
  return {
    async addItem() {
      const token = newToken()
      items.set(token, { state: 'healthy' })
      return token
    },
    answer(headers, body) {
      const refused = (error_code) => ({ status: 400, reply: { error_code } })
      const isOurs = headers['plaid-client-id'] === CLIENT_ID && headers['plaid-secret'] === SECRET
      if (!isOurs) return refused('INVALID_API_KEYS')
      const item = items.get(body.access_token)
      if (item === undefined) return refused('INVALID_ACCESS_TOKEN')
      item.state = 'login_required'
      const request_id = randomBytes(8).toString('hex').slice(1)
      return { status: 200, reply: { request_id, reset_login: true } }
    },
  }
}

async function running(server, addItem) {
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    clientId: CLIENT_ID,
    secret: SECRET,
    addItem,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

module.exports = { CEILING, subjects }
