// A form field: label, description, input, and a hint. The hint's line keeps its height while it is
// empty, so that typing never moves the page.

import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Hint } from './hints'

interface Props {
  name: string
  /** Whether the label is a field of the API. */
  isCode?: boolean
  note?: string
  description?: ComponentChildren
  placeholder?: string
  value: string
  onInput(value: string): void
  hint?: Hint | null
  /** Shown instead of a hint. */
  status?: ComponentChildren
  isRequired?: boolean
  isSecret?: boolean
}

export function Field(props: Props) {
  const { name, value, hint, isSecret } = props
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const isMasked = isSecret && !isOpen
  return (
    <div class="field">
      <label for={id} class={props.isCode ? 'code' : ''}>
        {name}
      </label>
      {props.note && <span class={`note ${props.isRequired ? 'required' : ''}`}>{props.note}</span>}
      {props.description && <p id={`${id}-description`}>{props.description}</p>}
      <div class="box">
        <input
          id={id}
          {...(isMasked ? { type: 'password' } : { type: 'text' })}
          value={value}
          placeholder={props.placeholder}
          required={props.isRequired}
          aria-describedby={`${props.description ? `${id}-description ` : ''}${id}-hint`}
          aria-invalid={hint?.kind === 'error'}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-1p-ignore
          data-lpignore="true"
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
        {isSecret && value !== '' && (
          <button
            type="button"
            class="quiet"
            aria-label={`${isOpen ? 'Hide' : 'Show'} ${name}`}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? 'Hide' : 'Show'}
          </button>
        )}
      </div>
      <p id={`${id}-hint`} class={`hint ${hint?.kind ?? ''}`} role="status">
        {props.status ?? hint?.text}
      </p>
    </div>
  )
}
