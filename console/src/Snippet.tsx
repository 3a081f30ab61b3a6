// The call as code, in several languages.

import { useState } from 'preact/hooks'
import { Code } from './Code'
import { CopyButton } from './CopyButton'
import { SNIPPETS, type SnippetTarget } from './snippets'
import { Tabs } from './Tabs'

type Name = keyof typeof SNIPPETS
const NAMES = Object.keys(SNIPPETS) as Name[]
const WITHOUT_GATEWAY = NAMES.filter((name) => name !== 'Gateway')

export function Snippet({ target }: { target: SnippetTarget }) {
  const [name, setName] = useState<Name>('TypeScript')
  const { write, language } = SNIPPETS[name]
  const text = write(target)
  return (
    <section class="card dark" aria-labelledby="snippet-title">
      <div class="title">
        <h3 id="snippet-title">Code snippet</h3>
        <CopyButton name="the code" text={text} />
      </div>
      <p>Updates live. Secrets come from the environment.</p>
      <Tabs
        id="snippet"
        label="Language"
        names={target.gateway === null ? WITHOUT_GATEWAY : NAMES}
        selected={name}
        onSelect={setName}
      >
        <Code text={text} language={language} />
      </Tabs>
    </section>
  )
}
