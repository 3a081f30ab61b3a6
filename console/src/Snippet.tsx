// The call as code, with its secrets masked.

import { useRef, useState } from 'preact/hooks'
import { Code } from './Code'
import { type Call, curl, masked, typescript } from './snippets'

const LANGUAGES = {
  TypeScript: { write: typescript, language: 'typescript' },
  curl: { write: curl, language: 'shell' },
} as const

/** What was copied last, until the focus goes elsewhere. */
const SAID = {
  nothing: 'Updates live as you fill in the form above.',
  masked: 'Copied, with the secrets masked.',
  secrets: 'Copied, with the secrets in clear.',
  failed: 'The browser forbids it: copy it by hand.',
}

type Name = keyof typeof LANGUAGES
const NAMES = Object.keys(LANGUAGES) as Name[]

export function Snippet({ call }: { call: Call }) {
  const [chosen, setChosen] = useState<Name>('TypeScript')
  const [copied, setCopied] = useState<keyof typeof SAID>('nothing')
  const tabs = useRef<HTMLDivElement>(null)
  const { write, language } = LANGUAGES[chosen]

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
    const other = NAMES.find((name) => name !== chosen) ?? chosen
    setChosen(other)
    tabs.current?.querySelector<HTMLElement>(`#tab-${other}`)?.focus()
  }

  async function copy(call: Call, what: 'masked' | 'secrets') {
    try {
      await navigator.clipboard.writeText(write(call))
      setCopied(what)
    } catch {
      setCopied('failed')
    }
  }

  return (
    <section class="card dark" aria-labelledby="snippet">
      <div class="title">
        <h3 id="snippet">Code snippet</h3>
        <div class="buttons" onFocusOut={() => setCopied('nothing')}>
          <button type="button" class="quiet small" onClick={() => copy(masked(call), 'masked')}>
            Copy
          </button>
          <button type="button" class="quiet small" onClick={() => copy(call, 'secrets')}>
            Copy with secrets
          </button>
        </div>
      </div>
      <p role="status">{SAID[copied]}</p>
      <div class="tabs" role="tablist" aria-label="Language" ref={tabs} onKeyDown={onKeyDown}>
        {NAMES.map((name) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === chosen}
            aria-controls="snippet-code"
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => setChosen(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        id="snippet-code"
        class="snippet"
        role="tabpanel"
        aria-labelledby={`tab-${chosen}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the keyboard too
        tabIndex={0}
      >
        <Code text={write(masked(call))} language={language} />
      </div>
    </section>
  )
}
