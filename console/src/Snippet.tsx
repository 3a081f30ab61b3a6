// The call as code, with its secrets masked.

import { useRef, useState } from 'preact/hooks'
import { Code } from './Code'
import { curl, masked, type SnippetInput, typescript } from './snippets'

const LANGUAGES = {
  TypeScript: { write: typescript, language: 'typescript' },
  curl: { write: curl, language: 'shell' },
} as const

/** Shown after a copy, until the focus moves on. */
const COPY_STATUS = {
  nothing: 'Updates live as you fill in the form above.',
  masked: 'Copied with masked secrets.',
  secrets: 'Copied with secrets.',
  failed: 'Your browser blocked the copy. Select the code and copy it.',
}

type Name = keyof typeof LANGUAGES
const NAMES = Object.keys(LANGUAGES) as Name[]

export function Snippet({ snippet }: { snippet: SnippetInput }) {
  const [chosen, setChosen] = useState<Name>('TypeScript')
  const [copied, setCopied] = useState<keyof typeof COPY_STATUS>('nothing')
  const tabs = useRef<HTMLDivElement>(null)
  const { write, language } = LANGUAGES[chosen]

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
    const other = NAMES.find((name) => name !== chosen) ?? chosen
    setChosen(other)
    tabs.current?.querySelector<HTMLElement>(`#tab-${other}`)?.focus()
  }

  async function copy(snippet: SnippetInput, what: 'masked' | 'secrets') {
    try {
      await navigator.clipboard.writeText(write(snippet))
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
          <button type="button" class="quiet small" onClick={() => copy(masked(snippet), 'masked')}>
            Copy
          </button>
          <button type="button" class="quiet small" onClick={() => copy(snippet, 'secrets')}>
            Copy with secrets
          </button>
        </div>
      </div>
      <p role="status">{COPY_STATUS[copied]}</p>
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
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
        tabIndex={0}
      >
        <Code text={write(masked(snippet))} language={language} />
      </div>
    </section>
  )
}
