// How to point a backend at the local Sandbox.

import { useState } from 'preact/hooks'
import { Code, type Language } from './Code'
import { CopyButton } from './CopyButton'
import { Fold } from './Fold'
import type { LocalSandbox } from './sandbox'
import { Tabs } from './Tabs'

interface Props {
  sandbox: LocalSandbox
  /** The selected Item's token. */
  token: string | null
}

export function Backend({ sandbox, token }: Props) {
  const { url, credentials } = sandbox
  const [name, setName] = useState<Name>('.env')
  const { language, write } = LINES[name]
  const values = {
    PLAID_BASE_URL: url,
    PLAID_CLIENT_ID: credentials?.client_id ?? null,
    PLAID_SECRET: credentials?.secret ?? null,
    PLAID_ACCESS_TOKEN: token,
  }
  const text = write(values)
  return (
    <Fold
      id="backend"
      title="Point your backend here"
      chip={{ text: '', look: '' }}
      {...(url !== null && { note: url })}
      startsFolded
    >
      <p>
        Your backend then talks to the local Sandbox. Its requests and Items appear on this page.
      </p>
      <dl class="facts">
        {Object.entries(values).map(([variable, value]) => (
          <div key={variable}>
            <dt>{LABELS[variable]}</dt>
            <dd>
              {value === null ? (
                <span class="note">
                  {variable === 'PLAID_ACCESS_TOKEN' ? 'Create an Item.' : '…'}
                </span>
              ) : (
                <>
                  <code>{value}</code>{' '}
                  <CopyButton name={LABELS[variable] ?? variable} text={value} />
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <div class="dark tabbed">
        <Tabs id="backend" label="Set-up" names={NAMES} selected={name} onSelect={setName}>
          <Code text={text} language={language} class="body" />
        </Tabs>
        <CopyButton name={`the ${name} lines`} text={text} />
      </div>
    </Fold>
  )
}

type Values = Record<string, string | null>

const LABELS: Record<string, string> = {
  PLAID_BASE_URL: 'Base URL',
  PLAID_CLIENT_ID: 'client_id',
  PLAID_SECRET: 'secret',
  PLAID_ACCESS_TOKEN: 'access_token',
}

const LINES = {
  '.env': { language: 'shell', write: env },
  Node: { language: 'shell', write: node },
  Python: { language: 'python', write: () => PYTHON },
  curl: { language: 'shell', write: () => CURL },
} satisfies Record<string, { language: Language; write(values: Values): string }>

type Name = keyof typeof LINES
const NAMES = Object.keys(LINES) as Name[]

function env(values: Values): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function node({ PLAID_BASE_URL: url }: Values): string {
  return `# The app's code stays as it is: its calls to
# https://sandbox.plaid.com go to this Sandbox.
PLAID_SANDBOX_URL=${url ?? '…'} \\
  npx @utdk/plaid run -- node app.js
`
}

const PYTHON = `# pip install plaid-python
import os, plaid
from plaid.api import plaid_api

configuration = plaid.Configuration(
    host=os.environ["PLAID_BASE_URL"],
    api_key={
        "clientId": os.environ["PLAID_CLIENT_ID"],
        "secret": os.environ["PLAID_SECRET"],
    },
)
client = plaid_api.PlaidApi(plaid.ApiClient(configuration))
`

const CURL = `curl "$PLAID_BASE_URL/item/get" \\
  --header 'content-type: application/json' \\
  --data @- <<JSON
{
  "client_id": "$PLAID_CLIENT_ID",
  "secret": "$PLAID_SECRET",
  "access_token": "$PLAID_ACCESS_TOKEN"
}
JSON
`
