// The call as code that runs as copied. Secrets come from the environment; only the token of a local
// Sandbox's Item is written out.

import type { Language } from './Code'
import { PATH } from './call'

/** What a snippet calls. */
export interface SnippetTarget {
  /** Null on a page that no gateway serves; there is no snippet for one then. */
  gateway: { url: string; hasToken: boolean } | null
  /** Plaid's URL, or a local Sandbox's. */
  baseUrl: string
  /** Whether the form has credentials, which replace the gateway's. */
  hasCredentials: boolean
  /** The access token, if it is a local Sandbox's. */
  localToken: string | null
}

export const SNIPPETS = {
  TypeScript: { language: 'typescript', write: typescript },
  Gateway: { language: 'typescript', write: gateway },
  plaid: { language: 'typescript', write: plaidClient },
  Python: { language: 'python', write: python },
  Ruby: { language: 'ruby', write: ruby },
  Go: { language: 'go', write: go },
  Java: { language: 'java', write: java },
  curl: { language: 'shell', write: curl },
  CLI: { language: 'shell', write: commandLine },
} satisfies Record<string, { language: Language; write(target: SnippetTarget): string }>

const PLAID = 'https://sandbox.plaid.com'

function typescript(target: SnippetTarget): string {
  const baseUrl = target.baseUrl === PLAID ? '' : `\n// PLAID_BASE_URL=${target.baseUrl}`
  return `import plaid from '@utdk/plaid'

// Environment: PLAID_CLIENT_ID, PLAID_SECRET${baseUrl}
const response = await plaid.sandboxitemresetlogin({
  access_token: ${javascriptToken(target)},
})
console.log(response)
`
}

function gateway(target: SnippetTarget): string {
  const { url, hasToken } = target.gateway ?? { url: '', hasToken: false }
  const token = hasToken ? ', token: process.env.UTDK_GATEWAY_TOKEN!' : ''
  const credentials = `  client_id: process.env.PLAID_CLIENT_ID!,
  secret: process.env.PLAID_SECRET!,
`
  return `import { createPlaidClient } from '@utdk/plaid'

const plaid = createPlaidClient({
  gateway: { url: '${literal(url) ?? 'http://localhost:4000'}'${token} },
})
const response = await plaid.sandboxitemresetlogin({
${target.hasCredentials ? credentials : ''}  access_token: ${javascriptToken(target)},
})
console.log(response)
`
}

function plaidClient(target: SnippetTarget): string {
  return `import { Configuration, PlaidApi } from 'plaid'

const plaid = new PlaidApi(new Configuration({
  basePath: '${target.baseUrl}',
  baseOptions: {
    headers: {
      'PLAID-CLIENT-ID': process.env.PLAID_CLIENT_ID,
      'PLAID-SECRET': process.env.PLAID_SECRET,
    },
  },
}))
const { data } = await plaid.sandboxItemResetLogin({
  access_token: ${javascriptToken(target)},
})
console.log(data)
`
}

function python(target: SnippetTarget): string {
  return `import json, os, urllib.request

request = urllib.request.Request(
    "${target.baseUrl}${PATH}",
    json.dumps({"access_token": ${tokenOf(target, 'os.environ["PLAID_ACCESS_TOKEN"]')}}).encode(),
    {
        "Content-Type": "application/json",
        "PLAID-CLIENT-ID": os.environ["PLAID_CLIENT_ID"],
        "PLAID-SECRET": os.environ["PLAID_SECRET"],
    },
)
with urllib.request.urlopen(request) as response:
    print(response.read().decode())
`
}

function ruby(target: SnippetTarget): string {
  return `require "json"
require "net/http"

response = Net::HTTP.post(
  URI("${target.baseUrl}${PATH}"),
  { access_token: ${tokenOf(target, 'ENV.fetch("PLAID_ACCESS_TOKEN")')} }.to_json,
  "Content-Type" => "application/json",
  "PLAID-CLIENT-ID" => ENV.fetch("PLAID_CLIENT_ID"),
  "PLAID-SECRET" => ENV.fetch("PLAID_SECRET")
)
puts response.body
`
}

function go(target: SnippetTarget): string {
  return `package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
)

func main() {
	body, _ := json.Marshal(map[string]string{"access_token": ${tokenOf(target, 'os.Getenv("PLAID_ACCESS_TOKEN")')}})
	request, err := http.NewRequest("POST", "${target.baseUrl}${PATH}", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("PLAID-CLIENT-ID", os.Getenv("PLAID_CLIENT_ID"))
	request.Header.Set("PLAID-SECRET", os.Getenv("PLAID_SECRET"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body)
}
`
}

function java(target: SnippetTarget): string {
  return `import java.net.URI;
import java.net.http.*;

public class ResetLogin {
  public static void main(String[] args) throws Exception {
    var token = ${tokenOf(target, 'System.getenv("PLAID_ACCESS_TOKEN")')};
    var request = HttpRequest.newBuilder(URI.create("${target.baseUrl}${PATH}"))
        .header("Content-Type", "application/json")
        .header("PLAID-CLIENT-ID", System.getenv("PLAID_CLIENT_ID"))
        .header("PLAID-SECRET", System.getenv("PLAID_SECRET"))
        .POST(HttpRequest.BodyPublishers.ofString("{\\"access_token\\":\\"" + token + "\\"}"))
        .build();
    var client = HttpClient.newHttpClient();
    System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
`
}

/** The body goes through standard input, so that a process list shows no secret. */
function curl(target: SnippetTarget): string {
  return `curl ${target.baseUrl}${PATH} \\
  --header 'content-type: application/json' \\
  --data @- <<JSON
{
  "client_id": "$PLAID_CLIENT_ID",
  "secret": "$PLAID_SECRET",
  "access_token": "${target.localToken ?? '$PLAID_ACCESS_TOKEN'}"
}
JSON
`
}

/** The token goes through standard input, as well. */
function commandLine(target: SnippetTarget): string {
  const baseUrl = target.baseUrl === PLAID ? '' : ` \\\n  --base-url ${target.baseUrl}`
  const token = target.localToken ?? '"$PLAID_ACCESS_TOKEN"'
  return `# Environment: PLAID_CLIENT_ID, PLAID_SECRET
echo ${token} | npx @utdk/plaid reset-login${baseUrl}
`
}

function javascriptToken(target: SnippetTarget): string {
  return target.localToken === null ? 'process.env.PLAID_ACCESS_TOKEN!' : `'${target.localToken}'`
}

function tokenOf(target: SnippetTarget, variable: string): string {
  return target.localToken === null ? variable : `"${target.localToken}"`
}

/** A typed URL, escaped for a string literal; null if it is not a URL. */
function literal(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { origin, pathname } = new URL(url)
  const path = pathname.replace(/\/+$/, '')
  return origin + path.replaceAll("'", '%27')
}
