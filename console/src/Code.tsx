// Highlighted code. Every token becomes a text node, so no code is ever parsed as HTML.

import { parse } from 'sugar-high/core'
import * as go from 'sugar-high/lang/go'
import * as java from 'sugar-high/lang/java'
import * as json from 'sugar-high/lang/json'
import * as plaintext from 'sugar-high/lang/plaintext'
import * as python from 'sugar-high/lang/python'
import * as ruby from 'sugar-high/lang/ruby'
import * as shell from 'sugar-high/lang/shell'
import * as typescript from 'sugar-high/lang/typescript'

const LANGUAGES = { go, java, json, plaintext, python, ruby, shell, typescript }

export type Language = keyof typeof LANGUAGES

interface Props {
  text: string
  language: Language
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
