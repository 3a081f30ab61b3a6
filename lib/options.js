'use strict'

// Checks the types of options and input, and reads the environment; Rust checks the values. A message
// names the option and never quotes its value.

const diagnostics_channel = require('node:diagnostics_channel')
const { isUint8Array } = require('node:util/types')
const { usageError } = require('./errors.js')

const CLIENT_OPTIONS = [
  'attemptTimeoutMs',
  'baseUrl',
  'ca',
  'clientId',
  'connectTimeoutMs',
  'gateway',
  'headers',
  'maxConnections',
  'maxRetries',
  'secret',
  'timeoutMs',
]
const CALL_OPTIONS = ['headers', 'maxRetries', 'signal', 'timeoutMs', 'withResponse']
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1
const MOST_RETRIES = 100
const MOST_CONNECTIONS = 65_535

const KIB = 1024
/** The longest access token, credential or gateway token. */
const LONGEST_SECRET = 4 * KIB
const LONGEST_TEXT = 64 * KIB
const LONGEST_HEADERS = 64 * KIB
const LONGEST_CA = 4 * KIB * KIB

/** On this channel, the preload says where it sends connections to the host below. */
const preload = diagnostics_channel.channel('@utdk/plaid/intercept')
const INTERCEPTED = /^https:\/\/sandbox\.plaid\.com\.?(:443)?\/?$/i

/** The settings of a client for Rust. Options win over the environment. */
function clientSettings(options = {}, env = process.env) {
  checkNames(options, CLIENT_OPTIONS, 'createPlaidClient')
  return intercepted({
    clientId: secret(either(options.clientId, env.PLAID_CLIENT_ID), 'clientId'),
    secret: secret(either(options.secret, env.PLAID_SECRET), 'secret'),
    ...target(options, env),
    timeoutMs: timeout(options.timeoutMs) ?? 30_000,
    attemptTimeoutMs: timeout(options.attemptTimeoutMs, 'attemptTimeoutMs'),
    connectTimeoutMs: timeout(options.connectTimeoutMs, 'connectTimeoutMs'),
    maxConnections: whole(options.maxConnections, 'maxConnections', 1, MOST_CONNECTIONS),
    maxRetries: whole(options.maxRetries, 'maxRetries', 0, MOST_RETRIES) ?? 2,
    headers: headerPairs(options.headers),
    ca: pem(options.ca),
    extraCaFiles: [nonEmpty(env.NODE_EXTRA_CA_CERTS)].filter(Boolean),
    systemCaFile: nonEmpty(env.SSL_CERT_FILE),
    // The order of undici: lower case first, then the http proxy if there is no https proxy.
    httpsProxy:
      nonEmpty(env.https_proxy) ??
      nonEmpty(env.HTTPS_PROXY) ??
      nonEmpty(env.http_proxy) ??
      nonEmpty(env.HTTP_PROXY),
    noProxy: nonEmpty(env.no_proxy) ?? nonEmpty(env.NO_PROXY),
    log: logLevel(nonEmpty(env.PLAID_LOG)),
  })
}

/** The settings under the preload, which cannot see the connections that Rust opens. */
function intercepted(settings) {
  const { baseUrl = 'https://sandbox.plaid.com', gatewayUrl } = settings
  const question = { target: undefined }
  preload.publish(question)
  const { target } = question
  if (!target || gatewayUrl !== undefined || !INTERCEPTED.test(baseUrl)) return settings
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const ca = [settings.ca, target.ca].filter(Boolean).join('\n')
  return { ...settings, baseUrl: `https://${host}:${target.port}`, ca, httpsProxy: undefined }
}

/** A typing error in a variable for debugging must not stop the application. */
function logLevel(level) {
  if (level === undefined || level === 'info' || level === 'debug') return level
  const code = 'PLAID_LOG'
  process.emitWarning('PLAID_LOG is neither info nor debug: no attempt is logged', { code })
  return undefined
}

/** The environment's part of the settings of a command. */
function commandEnvironment(env = process.env) {
  return {
    client: clientSettings({}, { ...env, UTDK_GATEWAY_URL: undefined }),
    gatewayUrl: nonEmpty(env.UTDK_GATEWAY_URL),
    gatewayToken: nonEmpty(env.UTDK_GATEWAY_TOKEN),
    facts: require('./platform.js').installation(),
  }
}

/** Where calls go. Options win over the environment, a gateway wins over a base URL. */
function target({ baseUrl, gateway }, env) {
  if (gateway != null) {
    if (baseUrl !== undefined) {
      throw usageError(
        'CONFLICTING_OPTIONS',
        'gateway',
        'baseUrl and gateway are both given: pass only one',
      )
    }
    if (typeof gateway !== 'object') {
      throw invalid('gateway', 'must be an object such as { url: "http://localhost:4000" }')
    }
    checkNames(gateway, ['token', 'url'], 'gateway')
    if (gateway.url === undefined) throw invalid('gateway.url', 'is missing')
    return {
      gatewayUrl: text(gateway.url, 'gateway.url'),
      gatewayToken: secret(either(gateway.token, env.UTDK_GATEWAY_TOKEN), 'gateway.token'),
    }
  }
  if (baseUrl !== undefined) return { baseUrl: text(baseUrl, 'baseUrl') }
  const gatewayUrl = nonEmpty(env.UTDK_GATEWAY_URL)
  if (gatewayUrl) {
    const gatewayToken = secret(nonEmpty(env.UTDK_GATEWAY_TOKEN), 'gateway.token')
    return { gatewayUrl, gatewayToken }
  }
  return { baseUrl: nonEmpty(env.PLAID_BASE_URL) }
}

/** Throws unless `input` has the fields of the operation. */
function checkInput(input) {
  if (input === undefined || input === null) {
    throw usageError(
      'MISSING_FIELD',
      'access_token',
      'the input is missing: pass an object such as { access_token }',
    )
  }
  if (typeof input !== 'object' || Array.isArray(input)) {
    const kind = Array.isArray(input) ? 'an array' : `a ${typeof input}`
    throw usageError(
      'MISSING_FIELD',
      'access_token',
      `the input is ${kind}: pass an object such as { access_token }`,
    )
  }
  for (const name in input) {
    if (name !== 'access_token' && name !== 'client_id' && name !== 'secret') {
      throw usageError(
        'UNKNOWN_FIELD',
        printable(name),
        `the input has an unknown field ${printable(name)}: it takes access_token, client_id and secret`,
      )
    }
  }
  if (input.access_token === undefined) {
    throw usageError(
      'MISSING_FIELD',
      'access_token',
      "access_token is missing: pass the Item's access token",
    )
  }
  secret(input.access_token, 'access_token', 'INVALID_FIELD')
  secret(input.client_id, 'client_id', 'INVALID_FIELD')
  secret(input.secret, 'secret', 'INVALID_FIELD')
}

/** Per-call overrides for Rust; `undefined` if there are none. */
function callSettings(input, options) {
  if (options === undefined) {
    if (input.client_id === undefined && input.secret === undefined) return undefined
    options = {}
  }
  checkNames(options, CALL_OPTIONS, 'the call')
  const { signal } = options
  if (signal != null && typeof signal.addEventListener !== 'function') {
    throw invalid('signal', 'must be an AbortSignal')
  }
  return {
    clientId: input.client_id,
    secret: input.secret,
    timeoutMs: timeout(options.timeoutMs),
    maxRetries: whole(options.maxRetries, 'maxRetries', 0, MOST_RETRIES),
    headers: headerPairs(options.headers),
    keepHeaders: flag(options.withResponse, 'withResponse'),
  }
}

/** Reads each option once: a getter may throw, or return another value the next time. */
function read(options, names, owner) {
  checkNames(options, names, owner)
  const given = {}
  for (const name of names) {
    try {
      given[name] = options[name]
    } catch {
      throw invalid(name, 'could not be read')
    }
  }
  return given
}

function checkNames(options, names, owner) {
  const given = namesIn(options)
  if (given === undefined) {
    throw usageError('INVALID_OPTION', 'options', `the options of ${owner} must be an object`)
  }
  for (const name of given) {
    if (!names.includes(name)) {
      throw usageError(
        'UNKNOWN_OPTION',
        printable(name),
        `${owner} has no option ${printable(name)}: it takes ${names.join(', ')}`,
      )
    }
  }
}

/** `undefined` for a value that cannot hold options. */
function namesIn(options) {
  if (options === null || typeof options !== 'object') return undefined
  try {
    return Array.isArray(options) ? undefined : Object.keys(options)
  } catch {
    return undefined
  }
}

/** A name for an error message. What does not look like a name may be a secret. */
function printable(name) {
  return /^[A-Za-z_]{1,24}$/.test(name) ? name : '(not shown)'
}

function invalid(field, problem, code = 'INVALID_OPTION') {
  return usageError(code, field, `${field} ${problem}`)
}

function text(value, field, code, longest = LONGEST_TEXT) {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid(field, 'must be a string', code)
  if (value === '') throw invalid(field, 'must not be empty', code)
  checkLength(value, field, code, longest)
  return value
}

/** A token or a credential. */
function secret(value, field, code) {
  return text(value, field, code, LONGEST_SECRET)
}

/** Throws if `text` has more than `longest` bytes of UTF-8: one to three for each UTF-16 unit. */
function checkLength(text, field, code, longest = LONGEST_TEXT) {
  if (text.length * 3 <= longest) return
  if (text.length <= longest && Buffer.byteLength(text) <= longest) return
  throw invalid(field, `must be at most ${longest / KIB} KiB`, code)
}

function texts(values, field) {
  if (values === undefined) return undefined
  const list = copied(values)
  if (!list?.every((value) => typeof value === 'string')) {
    throw invalid(field, 'must be an array of strings')
  }
  checkTotal(list, LONGEST_TEXT, field)
  return list
}

/** A copy of an array without holes; `undefined` for any other value. */
function copied(values) {
  try {
    return Array.isArray(values) ? Array.from(values) : undefined
  } catch {
    return undefined
  }
}

function port(number = 0) {
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
  throw invalid('port', 'must be a whole number from 0 (a free port) to 65535')
}

function flag(value, field) {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalid(field, 'must be true or false')
}

/** An option, or else an environment variable. */
function either(option, variable) {
  return option === undefined ? nonEmpty(variable) : option
}

function nonEmpty(variable) {
  return variable === '' ? undefined : variable
}

/** Throws if `parts` are longer than `bytes` together. */
function checkTotal(parts, bytes, field) {
  let left = bytes
  for (const part of parts) {
    left -= typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength
    if (left < 0) throw invalid(field, `must be at most ${bytes / KIB} KiB`)
  }
}

function timeout(ms, field = 'timeoutMs') {
  if (ms === undefined) return undefined
  if (typeof ms === 'number' && ms > 0 && ms <= LONGEST_TIMEOUT_MS) return ms
  throw invalid(field, `must be a number of milliseconds above 0, at most ${LONGEST_TIMEOUT_MS}`)
}

function whole(number, field, least, most) {
  if (number === undefined) return undefined
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw invalid(field, `must be a whole number from ${least} to ${most}`)
}

/** The `[name, value]` pairs of a record, Headers, Map or array of pairs. */
function headerPairs(headers) {
  if (headers == null) return []
  if (typeof headers !== 'object') throw invalid('headers', 'must be an object of names and values')
  const given = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  const pairs = given
    .filter((pair) => !Array.isArray(pair) || pair[1] !== undefined)
    .map((pair) => {
      if (!Array.isArray(pair) || typeof pair[0] !== 'string') {
        throw invalid('headers', 'must be an object of names and values, or pairs of them')
      }
      if (typeof pair[1] !== 'string' && typeof pair[1] !== 'number') {
        throw invalid('headers', 'must have values that are strings')
      }
      return [pair[0], String(pair[1])]
    })
  if (pairs.length > 0) checkTotal(pairs.flat(), LONGEST_HEADERS, 'headers')
  return pairs
}

/** The PEM text of a string, a Buffer, or an array of them. */
function pem(ca) {
  if (ca === undefined) return undefined
  const parts = Array.isArray(ca) ? ca : [ca]
  // Not `instanceof`: under jest and in a vm context, a Buffer is of another realm.
  if (!parts.every((part) => typeof part === 'string' || isUint8Array(part))) {
    throw invalid('ca', 'must be PEM text, as a string, a Buffer, or an array of them')
  }
  checkTotal(parts, LONGEST_CA, 'ca')
  return parts
    .map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString('utf8')))
    .join('\n')
}

module.exports = {
  callSettings,
  checkInput,
  checkLength,
  clientSettings,
  commandEnvironment,
  flag,
  headerPairs,
  invalid,
  port,
  read,
  secret,
  text,
  texts,
  timeout,
  whole,
}
