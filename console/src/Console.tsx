// The page: what it holds, and how its parts hang together.

import { useRef, useState } from 'preact/hooks'
import { Authentication } from './Authentication'
import { call, type Input, type Outcome } from './call'
import { GatewayUrl } from './GatewayUrl'
import { useGateway } from './gateway'
import { Heading } from './Heading'
import { History } from './History'
import { Operation } from './Operation'
import { Output } from './Output'
import { Snippet } from './Snippet'

/** A call under way. */
export interface Running {
  began: number
  cancel(): void
}

/** As many calls as are remembered. */
const MOST = 20

export function Console() {
  const gateway = useGateway()
  const [input, setInput] = useState<Input>({ client_id: '', secret: '', access_token: '' })
  const [running, setRunning] = useState<Running | null>(null)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const [shown, setShown] = useState<Outcome | null>(null)
  const output = useRef<HTMLElement>(null)

  async function send() {
    const controller = new AbortController()
    setRunning({ began: performance.now(), cancel: () => controller.abort() })
    const outcome = await call(gateway, trimmed(input), controller.signal)
    setRunning(null)
    setShown(outcome)
    setOutcomes((outcomes) => [outcome, ...outcomes].slice(0, MOST))
    output.current?.scrollIntoView({ block: 'nearest' })
    // A gateway that is gone is seen to be.
    if (outcome.kind === 'failed') gateway.lookAgain()
  }

  return (
    <main>
      <div>
        <Heading />
        <section class="stack" aria-labelledby="try-it">
          <h2 id="try-it">Try it</h2>
          <Authentication gateway={gateway} />
          <GatewayUrl gateway={gateway} />
          <Operation
            input={input}
            onInput={setInput}
            standing={gateway.standing}
            running={running}
            onSend={send}
          />
        </section>
      </div>
      <div class="stack beside">
        <Snippet call={{ gateway, input: trimmed(input) }} />
        <Output running={running} outcome={shown} element={output} />
        <History outcomes={outcomes} shown={shown} onShow={setShown} />
      </div>
    </main>
  )
}

/** What is copied often brings a space or a line break along. */
function trimmed(input: Input): Input {
  return {
    client_id: input.client_id.trim(),
    secret: input.secret.trim(),
    access_token: input.access_token.trim(),
  }
}
