// Highlighted code. Every token becomes a text node, so no code is ever parsed as HTML.

import { parse } from 'sugar-high/core'
import * as json from 'sugar-high/lang/json'
import * as shell from 'sugar-high/lang/shell'
import * as typescript from 'sugar-high/lang/typescript'

const LANGUAGES = { json, shell, typescript }

interface Props {
  text: string
  language: keyof typeof LANGUAGES
  class?: string
}

export function Code({ text, language, class: name = '' }: Props) {
  const { lines } = parse(text.trimEnd(), LANGUAGES[language])
  return (
    <pre class={name}>
      <code>
        {lines.map(({ index, tokens }) => (
          <span key={index}>
            {tokens.map(({ type, value }) => (
              <span class={type}>{value}</span>
            ))}
            {'\n'}
          </span>
        ))}
      </code>
    </pre>
  )
}
