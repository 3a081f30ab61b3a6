'use strict'

// Checks what the Sandbox sends against the schemas in this directory, and against Plaid's JSON
// formatting.

const assert = require('node:assert/strict')
const { default: Ajv } = require('ajv/dist/2020.js')
const { default: addFormats } = require('ajv-formats')

const DATA = require('./data.json')

const SCHEMAS = ['account', 'data', 'error', 'item', 'link', 'replies', 'webhooks'].map((name) =>
  require(`./${name}.json`),
)
const ajv = new Ajv({ schemas: SCHEMAS, allErrors: true, strict: true })
addFormats(ajv)

const REQUEST_ID = /^[0-9a-f]{15}$/

/**
 * Makes a call, and checks what is promised of every reply. `body` is sent as JSON, unless it is a
 * string or bytes; `headers` are added to the usual ones, and `undefined` removes one.
 */
async function call(sandbox, path, body, { method = 'POST', headers } = {}) {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const usual = {
    'content-type': 'application/json',
    'plaid-client-id': sandbox.clientId,
    'plaid-secret': sandbox.secret,
  }
  const sent = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined)
  const response = await fetch(sandbox.url + path, {
    method,
    headers: sent,
    // Sent as bytes, because fetch gives a string a content type of its own.
    body: method === 'GET' ? undefined : Buffer.from(raw),
  })
  const { status } = response
  const text = await response.text()
  const about = `the reply (${status}) to ${method} ${path} ${String(raw).slice(0, 300)}`

  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8', about)
  const reply = parsed(text, about)
  assert.equal(text, asWritten(reply), `${about} is not formatted as Plaid formats it`)
  assert.match(reply.request_id, REQUEST_ID, about)
  const validate = status === 200 ? replyValidator(path) : validator('error', 'ErrorReply')
  assertValid(validate, reply, about)
  return { status, reply, about }
}

/** Checks what is promised of every webhook, as its receiver got it, and returns its body. */
function checkedWebhook({ headers, body }) {
  assert.equal(headers['content-type'], 'application/json')
  const text = body.toString()
  const webhook = parsed(text, 'the webhook')
  assert.equal(text, asWritten(webhook), 'the webhook is not formatted as Plaid formats it')
  const kind = kindOf(webhook)
  assertValid(validator(kind in DATA.$defs ? 'data' : 'webhooks', kind), webhook, 'the webhook')
  return webhook
}

function kindOf({ webhook_type, webhook_code }) {
  return `${webhook_type}/${webhook_code}`
}

function parsed(text, about) {
  try {
    return JSON.parse(text)
  } catch {
    return assert.fail(`${about} is not JSON: ${text}`)
  }
}

/** The validator for one definition of a schema file. */
function validator(file, name) {
  const escaped = encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
  return ajv.getSchema(`${file}.json#/$defs/${escaped}`) ?? assert.fail(`no schema for ${name}`)
}

/** The validator for the successful replies of the route at `path`. */
function replyValidator(path) {
  return validator(path in DATA.$defs ? 'data' : 'replies', path)
}

/** Fails with what is wrong with `value`; `about` says what it is. */
function assertValid(validate, value, about) {
  if (validate(value)) return
  const wrong = validate.errors.map(
    ({ instancePath, message, params }) =>
      `  ${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  )
  assert.fail(`${about} is not as documented:\n${wrong.join('\n')}\n${JSON.stringify(value)}`)
}

/** `value` as Plaid formats it: two spaces of indentation, sorted keys, no final newline. */
function asWritten(value) {
  const escaped = (character) => `\\u${character.charCodeAt().toString(16).padStart(4, '0')}`
  return JSON.stringify(sorted(value), null, 2).replace(/[<>&\u2028\u2029]/g, escaped)
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]))
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

module.exports = { SCHEMAS, call, checkedWebhook, isObject, kindOf, replyValidator }
