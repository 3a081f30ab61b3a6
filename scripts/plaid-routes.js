'use strict'

// Writes crates/sandbox/data/routes.txt: the POST routes of Plaid's API, and the fields that each
// takes. Run it with the path of Plaid's OpenAPI file, 2020-09-14.yml of the public repository
// plaid/plaid-openapi:
//
//     node scripts/plaid-routes.js 2020-09-14.yml
//
// The file has a block for each route, after an empty line: its path, then its fields, indented by
// one space for each object around them. A field is its name and its marks: `!` for a required
// field, `?` for one that may be null, `[]` for a list of objects, `{}` for an object (its fields
// follow, if they are listed), `*` if it may contain other fields too. `client_id` and `secret` are
// left out: every route takes them. A path followed by ` item` takes an Item's access token.

const fs = require('node:fs')
const path = require('node:path')
const yaml = require('yaml')

const output = path.join(__dirname, '..', 'crates', 'sandbox', 'data', 'routes.txt')
const [source] = process.argv.slice(2)
if (!source) {
  process.stderr.write('Give the path of the OpenAPI file: node scripts/plaid-routes.js FILE\n')
  process.exit(2)
}
const document = yaml.parse(fs.readFileSync(source, 'utf8'), { maxAliasCount: -1 })
const lines = [`# Made by scripts/plaid-routes.js from ${document.info.version}`]
for (const [route, { post }] of Object.entries(document.paths)) {
  if (post) lines.push('', ...block(route, post))
}
fs.mkdirSync(path.dirname(output), { recursive: true })
fs.writeFileSync(output, `${lines.join('\n')}\n`)

function block(route, post) {
  const schema = post.requestBody?.content?.['application/json']?.schema ?? {}
  const fields = fieldsOf(schema, [])
  const token = fields.get('access_token')
  const fieldLines = [...fields].flatMap(([name, field]) => line(name, field, 1))
  return [token ? `${route} item` : route, ...fieldLines]
}

function line(name, { required, nullable, kind, open, fields }, depth) {
  if (depth === 1 && (name === 'client_id' || name === 'secret')) return []
  const marks = `${required ? '!' : ''}${nullable ? '?' : ''}${kind}${open ? '*' : ''}`
  const inner = [...fields].flatMap(([child, field]) => line(child, field, depth + 1))
  return [`${' '.repeat(depth)}${name}${marks}`, ...inner]
}

/** The fields of an object's schema by name. `parents` are the schemas it stands in. */
function fieldsOf(schema, parents) {
  const fields = new Map()
  for (const { properties = {}, required = [] } of parts(schema)) {
    for (const [name, property] of Object.entries(properties)) {
      const before = fields.get(name)
      const isRequired = required.includes(name) || before?.required === true
      // A schema inside itself may nest without end.
      const isRecursive = parts(property).some((part) => parents.includes(part))
      const inner = isRecursive ? new Map() : fieldsOf(property, [...parents, ...parts(schema)])
      const objects = parts(property).filter((part) => part.type === 'object' || part.properties)
      const isList = parts(property).some((part) => part.type === 'array')
      const kind = objects.length === 0 ? '' : isList ? '[]' : '{}'
      fields.set(name, {
        required: isRequired,
        nullable: parts(property).some((part) => part.nullable),
        kind,
        // An object without listed fields has no fixed form.
        open: inner.size === 0 ? kind !== '' : objects.some((part) => part.additionalProperties),
        fields: inner,
      })
    }
    // One part of a combination may require what another describes.
    for (const name of required) {
      const field = fields.get(name)
      if (field) field.required = true
    }
  }
  return fields
}

/** A schema with its references followed, and its combinations and array items taken apart. */
function parts(schema) {
  const found = follow(schema)
  const combined = [...(found.allOf ?? []), ...(found.oneOf ?? []), ...(found.anyOf ?? [])]
  const items = found.items ? [found.items] : []
  return [found, ...[...combined, ...items].flatMap(parts)]
}

function follow(schema) {
  let found = schema
  while (found.$ref) {
    found = found.$ref
      .split('/')
      .slice(1)
      .reduce((node, key) => node[key], document)
  }
  return found
}
