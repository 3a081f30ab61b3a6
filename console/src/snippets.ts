// The call as code.

import { argumentsOf, type Input, MASK, shortened, TOOL_PATH } from './call'

export interface SnippetInput {
  gateway: { url: string; token: string }
  input: Input
}

/** The same, with its secrets masked. */
export function masked({ gateway, input }: SnippetInput): SnippetInput {
  const mask = (secret: string) => (secret === '' ? '' : MASK)
  return {
    gateway: { url: gateway.url, token: mask(gateway.token) },
    input: {
      client_id: mask(input.client_id),
      secret: mask(input.secret),
      access_token: input.access_token === '' ? '' : shortened(input.access_token),
    },
  }
}

/** The same, with placeholders for required fields that are empty. */
function completed({ gateway, input }: SnippetInput): SnippetInput {
  return {
    gateway: { ...gateway, url: gateway.url || 'http://localhost:4000' },
    input: { ...input, access_token: input.access_token || 'access-sandbox-…' },
  }
}

export function typescript(snippet: SnippetInput): string {
  const { gateway, input } = completed(snippet)
  const token = gateway.token === '' ? '' : `, token: ${quoted(gateway.token)}`
  const fields = Object.entries(argumentsOf(input)).map(
    ([name, value]) => `  ${name}: ${quoted(value)},\n`,
  )
  return `import { createPlaidClient } from '@utdk/plaid'

const plaid = createPlaidClient({
  gateway: { url: ${quoted(gateway.url)}${token} },
})

const response = await plaid.sandboxitemresetlogin({
${fields.join('')}})
console.log(response)
`
}

/** The body goes through standard input, so that a process list shows no token in it. */
export function curl(snippet: SnippetInput): string {
  const { gateway, input } = completed(snippet)
  const bearer = `  --header ${shellQuoted(`authorization: Bearer ${gateway.token}`)} \\\n`
  return `curl ${shellQuoted(gateway.url + TOOL_PATH)} \\
${gateway.token === '' ? '' : bearer}  --header 'content-type: application/json' \\
  --data @- <<'JSON'
${JSON.stringify({ args: argumentsOf(input) }, null, 2)}
JSON
`
}

/** A JavaScript string literal. */
function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1)
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
