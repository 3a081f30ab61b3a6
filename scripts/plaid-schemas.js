'use strict'

// Makes __test__/schemas/data.json: the schemas of the replies of Plaid's data routes, and of the
// webhooks that these routes and Link sessions fire.
//
//     node scripts/plaid-schemas.js 2020-09-14.yml
//
// The argument is the OpenAPI file that Plaid publishes (plaid/plaid-openapi). Every object becomes
// closed: a reply that has an undocumented field is not valid, except for the fields in OBSERVED.

const fs = require('node:fs')
const path = require('node:path')
const YAML = require('yaml')

const [file] = process.argv.slice(2)
const target = path.join(__dirname, '..', '__test__', 'schemas', 'data.json')

const ROUTES = [
  '/accounts/balance/get',
  '/asset_report/create',
  '/asset_report/get',
  '/categories/get',
  '/identity/get',
  '/institutions/get',
  '/institutions/get_by_id',
  '/institutions/search',
  '/investments/holdings/get',
  '/investments/refresh',
  '/investments/transactions/get',
  '/item/public_token/create',
  '/liabilities/get',
  '/processor/token/create',
  '/sandbox/item/set_verification_status',
  '/sandbox/transactions/create',
  '/signal/evaluate',
  '/statements/list',
  '/transactions/get',
  '/transactions/recurring/get',
  '/transactions/refresh',
  '/transactions/sync',
  '/user/create',
]

/** The schema of each webhook, by its type and code. */
const WEBHOOKS = {
  'AUTH/AUTOMATICALLY_VERIFIED': 'AutomaticallyVerifiedWebhook',
  'AUTH/VERIFICATION_EXPIRED': 'VerificationExpiredWebhook',
  'LINK/EVENTS': 'LinkEventsWebhook',
  'LINK/ITEM_ADD_RESULT': 'ItemAddResultWebhook',
  'LINK/SESSION_FINISHED': 'LinkSessionFinishedWebhook',
  'TRANSACTIONS/HISTORICAL_UPDATE': 'HistoricalUpdateWebhook',
  'TRANSACTIONS/INITIAL_UPDATE': 'InitialUpdateWebhook',
  'TRANSACTIONS/TRANSACTIONS_REMOVED': 'TransactionsRemovedWebhook',
}

const orNull = (type) => ({ type, nullable: true })

/**
 * Fields that the OpenAPI file does not name, by their schema: of recorded replies, or of a version
 * after 1.697 that the newest clients read.
 */
const OBSERVED = {
  AccountBase: { apy: orNull('number') },
  Institution: {
    connection_availability: { type: 'string', enum: ['SUPPORTED', 'NOT_SUPPORTED'] },
  },
  Security: { figi: orNull('string') },
  Transaction: { merchant_category_code: orNull('string'), running_balance: orNull('number') },
  TransactionCounterparty: { phone_number: orNull('string') },
}

const KEPT = ['type', 'format', 'enum']

/** A schema of JSON Schema for a `schema` of OpenAPI 3.0. */
function converted(schema) {
  if (schema.$ref) return { $ref: `#/$defs/${nameOf(schema.$ref)}` }
  if (schema.allOf) return converted(merged(schema))
  const made = {}
  for (const key of KEPT) if (schema[key] !== undefined) made[key] = schema[key]
  // They say how a number is stored, which JSON does not show.
  if (made.type === 'number' || made.type === 'integer') delete made.format
  if (!['date', 'date-time', undefined].includes(made.format)) delete made.format
  if (schema.items) made.items = converted(schema.items)
  if (schema.properties) {
    const entries = Object.entries(schema.properties)
    made.properties = Object.fromEntries(entries.map(([name, of]) => [name, converted(of)]))
    if (schema.required?.length) made.required = schema.required
    made.additionalProperties = false
  } else if (typeof schema.additionalProperties === 'object') {
    made.additionalProperties = converted(schema.additionalProperties)
  }
  return schema.nullable ? nullable(made) : made
}

function nullable(schema) {
  const made = { ...schema, type: [schema.type, 'null'] }
  if (made.enum && !made.enum.includes(null)) made.enum = [...made.enum, null]
  return made
}

/** One object schema for an `allOf`. It is nullable only if it says so itself. */
function merged({ allOf, ...own }) {
  const parts = [...allOf.map(resolved), own]
  const properties = Object.assign({}, ...parts.map((part) => part.properties))
  const required = parts.flatMap((part) => part.required ?? [])
  const rest = Object.assign({}, ...parts)
  const whole = { ...rest, nullable: own.nullable ?? false, required: [...new Set(required)] }
  return Object.keys(properties).length > 0 ? { ...whole, properties } : whole
}

function resolved(schema) {
  const named = schema.$ref ? document.components.schemas[nameOf(schema.$ref)] : schema
  return named.allOf ? merged(named) : named
}

function nameOf(reference) {
  return reference.split('/').at(-1)
}

/** The names of the schemas that `schema` refers to. */
function references(schema) {
  return [...JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)].map(([, name]) => name)
}

const document = YAML.parse(fs.readFileSync(file, 'utf8'), { maxAliasCount: -1 })
for (const [name, fields] of Object.entries(OBSERVED)) {
  const { properties, allOf } = document.components.schemas[name]
  if (allOf) allOf.push({ properties: fields })
  else Object.assign(properties, fields)
}
const $defs = {}

function add(name) {
  if ($defs[name]) return
  $defs[name] = converted(document.components.schemas[name])
  for (const inner of references($defs[name])) add(inner)
}

const routes = ROUTES.map((route) => {
  const { schema } = document.paths[route].post.responses['200'].content['application/json']
  const reply = converted(schema)
  for (const name of references(reply)) add(name)
  return [route, reply]
})
const webhooks = Object.entries(WEBHOOKS).map(([kind, name]) => {
  const webhook = converted(document.components.schemas[name])
  for (const inner of references(webhook)) add(inner)
  const [webhook_type, webhook_code] = kind.split('/')
  const fixed = { webhook_type: { const: webhook_type }, webhook_code: { const: webhook_code } }
  return [kind, { ...webhook, properties: { ...webhook.properties, ...fixed } }]
})
const named = Object.entries($defs).sort(([a], [b]) => (a < b ? -1 : 1))
// One definition a line: short, and a change shows what it is about.
const lines = [...routes, ...webhooks, ...named].map(
  ([name, of]) => `${JSON.stringify(name)}:${JSON.stringify(of)}`,
)
const head = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'data.json',
  $comment: `Made by scripts/plaid-schemas.js from version ${document.info.version}.`,
}
const text = `${JSON.stringify(head).slice(0, -1)},"$defs":{\n${lines.join(',\n')}\n}}\n`
fs.writeFileSync(target, text)
