// What the panes are made of.

import type { ComponentChildren } from 'preact'
import type { Action, Pane } from './sandbox'

/** The paths of the icons, in a view box of 24 by 24. */
const ICONS = {
  ask: 'M9 7H7a5 5 0 0 0 0 10h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8',
  bad: 'M8 7H7a5 5 0 0 0 0 10h1M16 7h1a5 5 0 0 1 0 10h-1M12 5v8M12 18v0',
  done: 'M5 13l5 5L19 7',
}

export function Icon({ kind }: { kind: keyof typeof ICONS }) {
  return (
    <svg class={`icon ${kind}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[kind]} />
    </svg>
  )
}

export function Title({ children }: { children: ComponentChildren }) {
  return <h1 tabIndex={-1}>{children}</h1>
}

export function Actions({ children }: { children: ComponentChildren }) {
  return <div class="actions">{children}</div>
}

export function Back({ send }: { send: (action: Action) => void }) {
  return (
    <button type="button" onClick={() => send({ action: 'back' })}>
      Back
    </button>
  )
}

export function Form(props: { submit: () => void; children: ComponentChildren }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        props.submit()
      }}
    >
      {props.children}
    </form>
  )
}

export function Problem({ pane: { error } }: { pane: Pane }) {
  return (
    <p role="alert" class="problem">
      {error && (
        <>
          {error.message} <code>{error.code}</code>
        </>
      )}
    </p>
  )
}

export function Field(props: {
  id: string
  label: string
  value: string
  set: (value: string) => void
  type?: 'password'
  mode?: 'numeric'
}) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <input
        id={props.id}
        // Preact's types want to know which one it is.
        type={(props.type ?? 'text') as 'password'}
        inputMode={props.mode ?? 'text'}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={props.value}
        onInput={(event) => props.set(event.currentTarget.value)}
      />
    </div>
  )
}
