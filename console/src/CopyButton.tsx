// A button that copies a text, and says so until the focus moves on.

import { useState } from 'preact/hooks'

interface Props {
  /** What is copied, for its accessible name. */
  name: string
  text: string
  label?: string
}

export function CopyButton({ name, text, label = 'Copy' }: Props) {
  const [state, setState] = useState<'blocked' | 'copied' | null>(null)

  async function copy() {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('blocked')
    }
  }

  return (
    <span class="copy" onFocusOut={() => setState(null)}>
      <button
        type="button"
        class="quiet small"
        aria-label={`${label} ${name}`}
        title={state === 'blocked' ? STATES.blocked : undefined}
        onClick={copy}
      >
        {state === null ? label : state === 'copied' ? 'Copied' : 'Blocked'}
      </button>
      <span class="visually-hidden" role="status">
        {state !== null && STATES[state]}
      </span>
    </span>
  )
}

const STATES = {
  copied: 'Copied.',
  blocked: 'Your browser blocked the copy. Select the text and copy it.',
}
