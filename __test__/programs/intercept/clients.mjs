// Calls Plaid's /item/get with each client named in the arguments, as an app would: with Plaid's own
// URL. Prints a JSON object of what each got.

import http from 'node:http'
import http2, { connect as connectHttp2 } from 'node:http2'
import https, { request as httpsRequest } from 'node:https'
import { createRequire } from 'node:module'
import tls, { connect as connectTls } from 'node:tls'

const require = createRequire(new URL('../../clients/package.json', import.meta.url))
const rootRequire = createRequire(import.meta.url)

const BASE = 'https://sandbox.plaid.com'
const URL_ = `${BASE}/item/get`
const { ACCESS_TOKEN, PLAID_CLIENT_ID, PLAID_SECRET, PROXY } = process.env
const headers = {
  'content-type': 'application/json',
  'PLAID-CLIENT-ID': PLAID_CLIENT_ID,
  'PLAID-SECRET': PLAID_SECRET,
}
const json = { access_token: ACCESS_TOKEN }
const body = JSON.stringify(json)
const fetchOptions = { method: 'POST', headers, body }

/** @returns the module that a package exports to `import` */
const esm = (name) => import(require.resolve(name))
const itemOf = (reply) => reply.item.item_id

/** By node:https, with `options`. */
function byHttps(options, request = https.request) {
  return new Promise((resolve, reject) => {
    const sent = request(URL_, { method: 'POST', headers, ...options }, async (response) => {
      const { remotePort } = response.socket
      let text = ''
      for await (const part of response.setEncoding('utf8')) text += part
      if (remotePort === 443) resolve(itemOf(JSON.parse(text)))
      else reject(new Error(`the port was ${remotePort}`))
    })
    sent.on('error', reject).end(body)
  })
}

async function byPlaid({ Configuration, PlaidApi, PlaidEnvironments }) {
  const configuration = new Configuration({
    basePath: PlaidEnvironments.sandbox,
    baseOptions: { headers },
  })
  const { data } = await new PlaidApi(configuration).itemGet(json)
  return itemOf(data)
}

async function byUndici(undici, options) {
  const reply = await undici.request(URL_, { ...fetchOptions, ...options })
  return itemOf(await reply.body.json())
}

function byHttp2(session) {
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    const stream = session.request({ ':method': 'POST', ':path': '/item/get', ...headers })
    let text = ''
    stream.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    stream.on('error', reject).on('end', () => {
      session.close()
      resolve(itemOf(JSON.parse(text)))
    })
    stream.end(body)
  })
}

async function byAxios(axios, options) {
  return itemOf((await axios.post(URL_, json, { headers, ...options })).data)
}

async function byFetch(fetch, options) {
  const reply = await fetch(URL_, { ...fetchOptions, ...options })
  return itemOf(await reply.json())
}

const CLIENTS = {
  'plaid, CommonJS': () => byPlaid(rootRequire('plaid')),
  'plaid, ESM': async () => byPlaid(await import('plaid')),
  'node:https': () => byHttps(),
  'node:https, a captured function': () => byHttps({}, httpsRequest),
  'node:https, an own agent': () => byHttps({ agent: new https.Agent({ keepAlive: true }) }),
  'node:https, own authorities': () => byHttps({ ca: tls.rootCertificates }),
  'node:https, an own secure context': () =>
    byHttps({ agent: false, secureContext: tls.createSecureContext() }),
  'node:https, other ways to the host': () =>
    byHttps({ agent: false, family: 6, lookup: () => {}, localAddress: '192.0.2.1' }),
  'tls.connect over an own socket': async () => {
    const { default: net } = await import('node:net')
    const socket = net.connect(443, 'sandbox.plaid.com')
    const agent = new https.Agent()
    agent.createConnection = () => tls.connect({ socket, servername: 'sandbox.plaid.com' })
    return byHttps({ agent })
  },
  'tls.connect, a captured function': () => {
    const agent = new https.Agent()
    const secureContext = tls.createSecureContext()
    agent.createConnection = (options) => connectTls({ ...options, secureContext })
    return byHttps({ agent })
  },
  fetch: () => byFetch(fetch),
  'undici 6': () => byUndici(require('undici-6')),
  'undici 7': () => byUndici(require('undici-7')),
  'undici 7, a pool of HTTP/2': () =>
    byUndici(require('undici-7'), {
      dispatcher: new (require('undici-7').Pool)(BASE, { allowH2: true }),
    }),
  got: async () => itemOf(await (await esm('got')).got.post(URL_, { headers, json }).json()),
  'got, HTTP/2': async () => {
    const { got } = await esm('got')
    return itemOf(await got.post(URL_, { headers, json, http2: true }).json())
  },
  ky: async () => itemOf(await (await esm('ky')).default.post(URL_, { headers, json }).json()),
  'node-fetch 2': () => byFetch(require('node-fetch-2')),
  'node-fetch 3': async () => byFetch((await esm('node-fetch-3')).default),
  superagent: async () =>
    itemOf((await require('superagent').post(URL_).set(headers).send(json)).body),
  'http2.connect': () => byHttp2(http2.connect(BASE)),
  'http2.connect, a captured function': () => byHttp2(connectHttp2(BASE)),
  axios: () => byAxios(require('axios')),
  'undici 7, EnvHttpProxyAgent': () => {
    const undici = require('undici-7')
    return byUndici(undici, { dispatcher: new undici.EnvHttpProxyAgent() })
  },
  'undici 7, an explicit ProxyAgent': () => {
    const undici = require('undici-7')
    return byUndici(undici, { dispatcher: new undici.ProxyAgent(PROXY) })
  },
  'an explicit HttpsProxyAgent': () => {
    const { HttpsProxyAgent } = require('https-proxy-agent')
    return byHttps({ agent: new HttpsProxyAgent(PROXY) })
  },
}

const got = {}
for (const name of process.argv.slice(2)) {
  got[name] = await CLIENTS[name]().catch((error) => `failed: ${error.stack}`)
}
process.stdout.write(JSON.stringify(got))
// Ends connections that are kept for the next request.
http.globalAgent.destroy()
process.exit()
