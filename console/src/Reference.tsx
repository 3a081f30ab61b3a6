// The operation's reference: request, responses and error codes.

import { Code } from './Code'
import { ERROR_CODES } from './meanings'

export function Reference() {
  return (
    <section class="stack reference" aria-labelledby="reference">
      <h2 id="reference">Reference</h2>
      <section class="card" aria-labelledby="request-fields">
        <h3 id="request-fields">Request</h3>
        <p>
          <code>POST https://sandbox.plaid.com/sandbox/item/reset_login</code>, as JSON. Send{' '}
          <code>client_id</code> and <code>secret</code> either in the body or in their headers. The
          route exists only in the Sandbox.
        </p>
        <dl class="fields">
          {REQUEST_FIELDS.map(({ name, type, description }) => (
            <div key={name}>
              <dt>
                <code>{name}</code> <span class="note">{type}</span>
              </dt>
              <dd>{description}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section class="card" aria-labelledby="responses">
        <h3 id="responses">Responses</h3>
        {RESPONSES.map(({ status, text, example, fields }) => (
          <details key={status}>
            <summary>
              <span class={`chip ${status === 200 ? 'good' : 'bad'}`}>{status}</span> {text}
            </summary>
            <div class="dark">
              <Code text={JSON.stringify(example, null, 2)} language="json" class="body" />
            </div>
            <Fields fields={fields} />
          </details>
        ))}
      </section>
      <section class="card" aria-labelledby="error-codes">
        <h3 id="error-codes">Error codes</h3>
        {GROUPS.map(({ from, title }) => (
          <details key={from}>
            <summary>{title}</summary>
            <dl class="fields">
              {ERROR_CODES.filter((error) => error.from === from).map((error) => (
                <div key={error.code}>
                  <dt>
                    <code>{error.code}</code> <span class="note">{error.status}</span>
                  </dt>
                  <dd>
                    {error.summary} {error.nextStep}
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        ))}
      </section>
    </section>
  )
}

type Described = Record<string, string>

function Fields({ fields }: { fields: Described }) {
  return (
    <dl class="fields">
      {Object.entries(fields).map(([name, description]) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>{description}</dd>
        </div>
      ))}
    </dl>
  )
}

const REQUEST_FIELDS = [
  {
    name: 'access_token',
    type: 'string, required',
    description: 'The access token of the Item whose login is reset.',
  },
  {
    name: 'client_id',
    type: 'string, or header PLAID-CLIENT-ID',
    description: 'Your Plaid client ID.',
  },
  {
    name: 'secret',
    type: 'string, or header PLAID-SECRET',
    description: 'Your Plaid secret for the Sandbox.',
  },
]

const ERROR_FIELDS: Described = {
  error_type: 'The category of the error.',
  error_code: 'The error itself. See the codes below.',
  error_message: 'What is wrong, for developers. May change.',
  display_message: 'A message for users, or null.',
  documentation_url: 'Plaid’s page about the error.',
  suggested_action: 'What to do, or null.',
  request_id: 'Identifies the request to Plaid’s support.',
}

function error(error_type: string, error_code: string, error_message: string) {
  const type = error_type === 'API_ERROR' ? 'api' : error_type.toLowerCase().replaceAll('_', '-')
  const page = `${type}/#${error_code.toLowerCase()}`
  return {
    display_message: null,
    documentation_url: `https://plaid.com/docs/errors/${page}`,
    error_code,
    error_message,
    error_type,
    request_id: '1a2b3c4d5e6f708',
    suggested_action: null,
  }
}

const RESPONSES = [
  {
    status: 200,
    text: 'The login was reset',
    example: { request_id: '1a2b3c4d5e6f708', reset_login: true },
    fields: {
      reset_login: 'Always true.',
      request_id: 'Identifies the request to Plaid’s support.',
    } as Described,
  },
  {
    status: 400,
    text: 'The request is wrong',
    example: error('INVALID_INPUT', 'INVALID_ACCESS_TOKEN', 'could not find matching access token'),
    fields: ERROR_FIELDS,
  },
  {
    status: 429,
    text: 'Too many requests',
    example: error(
      'RATE_LIMIT_EXCEEDED',
      'RATE_LIMIT',
      'rate limit exceeded for attempts to access this item. please try again later',
    ),
    fields: ERROR_FIELDS,
  },
  {
    status: 500,
    text: 'Plaid had an internal error',
    example: error('API_ERROR', 'INTERNAL_SERVER_ERROR', 'an unexpected error occurred'),
    fields: ERROR_FIELDS,
  },
]

const GROUPS = [
  { from: 'Plaid', title: 'From Plaid' },
  { from: 'gateway', title: 'From the gateway' },
] as const
