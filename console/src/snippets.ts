// The call as code: what the form says, in the words of a program.

import { argumentsOf, HIDDEN, type Input, shortened, TOOL } from './call'

export interface Call {
  gateway: { url: string; token: string }
  input: Input
}

/** The same call with nothing in it that must not be seen. */
export function masked({ gateway, input }: Call): Call {
  const hidden = (secret: string) => (secret === '' ? '' : HIDDEN)
  return {
    gateway: { url: gateway.url, token: hidden(gateway.token) },
    input: {
      client_id: hidden(input.client_id),
      secret: hidden(input.secret),
      access_token: input.access_token === '' ? '' : shortened(input.access_token),
    },
  }
}

/** With something to be seen where the form is empty. */
function completed({ gateway, input }: Call): Call {
  return {
    gateway: { ...gateway, url: gateway.url || 'http://localhost:4000' },
    input: { ...input, access_token: input.access_token || 'access-sandbox-…' },
  }
}

export function typescript(call: Call): string {
  const { gateway, input } = completed(call)
  const token = gateway.token === '' ? '' : `, token: ${quoted(gateway.token)}`
  const fields = Object.entries(argumentsOf(input)).map(
    ([name, value]) => `  ${name}: ${quoted(value)},\n`,
  )
  return `import { createPlaidClient } from '@utdk/plaid'

const plaid = createPlaidClient({
  gateway: { url: ${quoted(gateway.url)}${token} },
})

const reply = await plaid.sandboxitemresetlogin({
${fields.join('')}})
console.log(reply)
`
}

/** The body goes through standard input: the machine's list of processes shows no token of it. */
export function curl(call: Call): string {
  const { gateway, input } = completed(call)
  const bearer = `  --header ${shellQuoted(`authorization: Bearer ${gateway.token}`)} \\\n`
  return `curl ${shellQuoted(gateway.url + TOOL)} \\
${gateway.token === '' ? '' : bearer}  --header 'content-type: application/json' \\
  --data @- <<'JSON'
${JSON.stringify({ args: argumentsOf(input) }, null, 2)}
JSON
`
}

/** A string literal of JavaScript's. */
function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1)
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
