// The panes of Link. What follows is the Sandbox's decision.

import type { FunctionComponent } from 'preact'
import { useState } from 'preact/hooks'
import { openBank } from './Bank'
import { Actions, Back, Field, Form, Icon, Problem, Title } from './parts'
import type { Action, Pane } from './sandbox'

export interface PaneProps {
  pane: Pane
  isBusy: boolean
  send: (action: Action) => void
}

function Consent({ pane, send }: PaneProps) {
  return (
    <>
      <Icon kind="ask" />
      <Title>Connect your account to {pane.client_name}</Title>
      <p>
        {pane.client_name} uses Plaid to connect your account. In this Sandbox every bank, account
        and balance is made up.
      </p>
      <Actions>
        <button type="button" class="primary" onClick={() => send({ action: 'consent' })}>
          Continue without phone number
        </button>
      </Actions>
    </>
  )
}

function Institutions({ pane, send }: PaneProps) {
  const [query, setQuery] = useState('')
  const wanted = query.trim().toLowerCase()
  const found = (pane.institutions ?? []).filter(({ name }) => name.toLowerCase().includes(wanted))
  return (
    <>
      <Title>Select your institution</Title>
      <label class="visually-hidden" for="search">
        Search for an institution
      </label>
      <input
        id="search"
        type="search"
        placeholder="Search"
        autocomplete="off"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <Choices
        institutions={found}
        select={(institution_id) => send({ action: 'institution', institution_id, query })}
      />
      <p role="status" class={found.length > 0 ? 'visually-hidden' : ''}>
        {found.length === 0
          ? 'No institution of this Sandbox has that name.'
          : `${found.length} institutions`}
      </p>
    </>
  )
}

function Logins({ pane, send }: PaneProps) {
  return (
    <>
      <Title>Select how you log in</Title>
      <Choices
        institutions={pane.institutions ?? []}
        select={(institution_id) => send({ action: 'institution', institution_id, query: '' })}
      />
      <Actions>
        <Back send={send} />
      </Actions>
    </>
  )
}

function Choices(props: {
  institutions: { id: string; name: string }[]
  select: (id: string) => void
}) {
  return (
    <ul class="choices">
      {props.institutions.map(({ id, name }) => (
        <li key={id}>
          <button type="button" onClick={() => props.select(id)}>
            <span class="mark" aria-hidden="true">
              {name[0]}
            </span>
            <span>{name}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function Credentials({ pane, send }: PaneProps) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  return (
    <Form submit={() => send({ action: 'credentials', username, password })}>
      <Title>
        {pane.update ? 'Log in again at' : 'Log in at'} {pane.institution}
      </Title>
      <p>
        Enter <code>user_good</code> and <code>pass_good</code>, or other test credentials of
        Plaid’s Sandbox.
      </p>
      <Problem pane={pane} />
      <Field id="username" label="Username" value={username} set={setUsername} />
      <Field id="password" label="Password" type="password" value={password} set={setPassword} />
      <Actions>
        <button type="submit" class="primary">
          Submit
        </button>
        {!pane.update && <Back send={send} />}
      </Actions>
    </Form>
  )
}

function Oauth({ pane, send }: PaneProps) {
  const bank = pane.institution ?? ''
  const [isOpen, setOpen] = useState(false)
  function open() {
    setOpen(true)
    send({ action: 'open_bank' })
    openBank(bank, (is_agreed) => {
      setOpen(false)
      send({ action: 'close_bank', is_agreed })
    })
  }
  return (
    <>
      <Title>Log in at {bank}</Title>
      <p>The bank asks you to log in on its own page, in a new window.</p>
      <Actions>
        <button type="button" class="primary" disabled={isOpen} onClick={open}>
          Continue to login
        </button>
        {!pane.update && <Back send={send} />}
      </Actions>
    </>
  )
}

function Device({ send }: PaneProps) {
  return (
    <Form submit={() => send({ action: 'device' })}>
      <Title>Verify your identity</Title>
      <fieldset class="options">
        <legend>Where should the bank send a code?</legend>
        {['Text message to ••• ••• 1234', 'Email to t•••@example.com'].map((device, index) => (
          <label key={device}>
            <input type="radio" name="device" defaultChecked={index === 0} /> {device}
          </label>
        ))}
      </fieldset>
      <Actions>
        <button type="submit" class="primary">
          Continue
        </button>
      </Actions>
    </Form>
  )
}

function Mfa({ pane, send }: PaneProps) {
  const questions = pane.questions ?? []
  const [answers, setAnswers] = useState<string[]>(() =>
    (questions.length > 0 ? questions : [0]).map(() => ''),
  )
  const set = (index: number) => (answer: string) =>
    setAnswers(answers.map((it, at) => (at === index ? answer : it)))
  const isCode = questions.length === 0
  return (
    <Form submit={() => send({ action: 'answers', answers })}>
      <Title>{isCode ? 'Enter the code' : 'Answer to verify your identity'}</Title>
      {isCode && (
        <p>
          The code of this Sandbox is <code>1234</code>.
        </p>
      )}
      <Problem pane={pane} />
      {isCode && (
        <Field id="code" label="Code" mode="numeric" value={answers[0] ?? ''} set={set(0)} />
      )}
      {questions.map(({ text, options }, index) =>
        options.length === 0 ? (
          <Field
            key={text}
            id={`answer-${index}`}
            label={text}
            value={answers[index] ?? ''}
            set={set(index)}
          />
        ) : (
          <fieldset key={text} class="options">
            <legend>{text}</legend>
            {options.map((option) => (
              <label key={option}>
                <input type="radio" name={text} onChange={() => set(index)(option)} /> {option}
              </label>
            ))}
          </fieldset>
        ),
      )}
      <Actions>
        <button type="submit" class="primary">
          Submit
        </button>
      </Actions>
    </Form>
  )
}

function Accounts({ pane, send }: PaneProps) {
  const accounts = pane.accounts ?? []
  const [selected, setSelected] = useState(() => {
    const before = accounts.filter((account) => account.is_selected)
    return new Set(before.map(({ index }) => index))
  })
  const toggle = (index: number) => {
    const next = new Set(selected)
    if (!next.delete(index)) next.add(index)
    setSelected(next)
  }
  return (
    <Form submit={() => send({ action: 'accounts', accounts: [...selected] })}>
      <Title>Your accounts</Title>
      <fieldset class="options">
        <legend>Select the accounts to share with {pane.client_name}</legend>
        {accounts.map(({ index, name, mask, subtype }) => (
          <label key={index}>
            <input type="checkbox" checked={selected.has(index)} onChange={() => toggle(index)} />
            <span>
              {name} <small>{[subtype, mask && `•••• ${mask}`].filter(Boolean).join(' ')}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Actions>
        <button type="submit" class="primary" disabled={selected.size === 0}>
          Continue
        </button>
      </Actions>
    </Form>
  )
}

function Failed({ pane, send }: PaneProps) {
  return (
    <>
      <Icon kind="bad" />
      <Title>{pane.institution} cannot be connected</Title>
      <Problem pane={pane} />
      <Actions>
        <button type="button" class="primary" onClick={() => send({ action: 'back' })}>
          Try again
        </button>
      </Actions>
    </>
  )
}

function Connected({ pane, send }: PaneProps) {
  return (
    <>
      <Icon kind="done" />
      <Title>Success</Title>
      <p>
        {pane.update
          ? `Your login at ${pane.institution} works again for ${pane.client_name}.`
          : `Your accounts at ${pane.institution} are connected to ${pane.client_name}.`}
      </p>
      <Actions>
        <button type="button" class="primary" onClick={() => send({ action: 'finish' })}>
          {pane.update ? 'Continue' : 'Finish without saving'}
        </button>
      </Actions>
    </>
  )
}

export const panes: Record<Pane['pane'], FunctionComponent<PaneProps>> = {
  consent: Consent,
  institutions: Institutions,
  logins: Logins,
  credentials: Credentials,
  oauth: Oauth,
  device: Device,
  mfa: Mfa,
  accounts: Accounts,
  failed: Failed,
  connected: Connected,
}
