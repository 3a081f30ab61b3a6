// The page: what it holds, and how its parts hang together.

import { useRef, useState } from 'preact/hooks'
import { Authentication } from './Authentication'
import { call, type Input, type Outcome } from './call'
import { GatewayUrl } from './GatewayUrl'
import { type Standing, useGateway } from './gateway'
import { Heading } from './Heading'
import { History } from './History'
import { Operation, reason } from './Operation'
import { Output } from './Output'
import { Snippet } from './Snippet'
import { Story } from './Story'
import { useSandbox } from './sandbox'

/** A call under way. */
export interface Running {
  began: number
  cancel(): void
}

/** As many calls as are remembered. */
const MOST = 20

export function Console() {
  const gateway = useGateway()
  const sandbox = useSandbox(useSandboxUrl(gateway.standing), gateway.lookAgain)
  const [input, setInput] = useState<Input>({ client_id: '', secret: '', access_token: '' })
  const [running, setRunning] = useState<Running | null>(null)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const [shown, setShown] = useState<Outcome | null>(null)
  const output = useRef<HTMLElement>(null)

  async function send(input: Input) {
    const controller = new AbortController()
    setRunning({ began: performance.now(), cancel: () => controller.abort() })
    const outcome = await call(gateway, trimmed(input), controller.signal)
    setRunning(null)
    setShown(outcome)
    setOutcomes((outcomes) => [outcome, ...outcomes].slice(0, MOST))
    // A gateway that is gone is seen to be.
    if (outcome.kind === 'failed') gateway.lookAgain()
  }

  return (
    <main>
      <div>
        <Heading />
        {sandbox !== null && (
          <Story
            sandbox={sandbox}
            missing={(access_token) => reason(gateway.standing, { ...input, access_token })}
            running={running}
            onToken={(access_token) => setInput((input) => ({ ...input, access_token }))}
            onSend={(access_token) => send(trimmed({ ...input, access_token }))}
          />
        )}
        <section class="stack" aria-labelledby="try-it">
          <h2 id="try-it">Try it</h2>
          <Authentication gateway={gateway} />
          <GatewayUrl gateway={gateway} />
          <Operation
            input={input}
            onInput={setInput}
            missing={reason(gateway.standing, input)}
            running={running}
            onSend={async () => {
              await send(trimmed(input))
              output.current?.scrollIntoView({ block: 'nearest' })
            }}
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

/** Where the Sandbox is, or was: it is told of after its gateway was lost, too. */
function useSandboxUrl(standing: Standing): string | null {
  const last = useRef<string | null>(null)
  if (standing.kind === 'reachable') last.current = standing.config.sandbox
  if (standing.kind === 'none' || standing.kind === 'malformed') last.current = null
  return last.current
}

/** What is copied often brings a space or a line break along. */
function trimmed(input: Input): Input {
  return {
    client_id: input.client_id.trim(),
    secret: input.secret.trim(),
    access_token: input.access_token.trim(),
  }
}
