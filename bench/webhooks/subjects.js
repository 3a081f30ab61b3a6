// Who is measured. `connect` takes Plaid's URL and credentials, and returns the verification of a raw
// body and its signature, which resolves with the parsed body.

'use strict'

const { OURS } = require('../plaid')

const JOSE = 'jose'
const SUBJECTS = [OURS, JOSE]

const subjects = {
  [OURS]: ({ url, clientId, secret }) => {
    const { createWebhookVerifier } = require('../../webhooks.js')
    return createWebhookVerifier({ baseUrl: url, clientId, secret })
  },

  /** As Plaid's documentation shows it, with the imported keys kept. */
  [JOSE]: ({ url, clientId, secret }) => {
    const { createHash, timingSafeEqual } = require('node:crypto')
    const { decodeProtectedHeader, importJWK, jwtVerify } = require('jose')
    const keys = new Map()
    async function keyOf(kid) {
      if (keys.has(kid)) return keys.get(kid)
      const response = await fetch(`${url}/webhook_verification_key/get`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_id: clientId, secret, key_id: kid }),
      })
      const { key } = await response.json()
      if (key.expired_at !== null) throw new Error('the key has expired')
      keys.set(kid, await importJWK(key, 'ES256'))
      return keys.get(kid)
    }
    return async (rawBody, signature) => {
      const { alg, kid } = decodeProtectedHeader(signature)
      if (alg !== 'ES256') throw new Error('another algorithm')
      const { payload } = await jwtVerify(signature, await keyOf(kid), { maxTokenAge: '5 min' })
      const hash = createHash('sha256').update(rawBody).digest('hex')
      const [actual, signed] = [hash, payload.request_body_sha256].map((it) => Buffer.from(it))
      if (!timingSafeEqual(actual, signed)) throw new Error('another body')
      return JSON.parse(rawBody.toString())
    }
  },
}

module.exports = { JOSE, SUBJECTS, subjects }
