// The page: what it holds, and how its parts hang together.

import { useRef, useState } from 'preact/hooks'
import { Authentication } from './Authentication'
import { call, type Input, type Outcome } from './call'
import { GatewayUrl } from './GatewayUrl'
import { IS_OF_SANDBOX, type Standing, useGateway } from './gateway'
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
  const sandboxUrl = useSandboxUrl(gateway.standing)
  const sandbox = useSandbox(sandboxUrl, gateway.lookAgain)
  const place = usePlace(sandboxUrl)
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

  const story = (
    <Story
      sandbox={sandbox}
      missing={(access_token) => {
        const missing = reason(gateway.standing, { ...input, access_token })
        // What it names stands below the panel.
        return place === 'first' && missing ? missing.replace(' above', ' below') : missing
      }}
      running={running}
      onToken={(access_token) => setInput((input) => ({ ...input, access_token }))}
      onSend={(access_token) => send(trimmed({ ...input, access_token }))}
    />
  )

  return (
    <main>
      <div>
        <Heading />
        {place === 'first' && story}
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
        {place === 'last' && story}
      </div>
      <div class="stack beside">
        <Snippet call={{ gateway, input: trimmed(input) }} />
        <Output running={running} outcome={shown} element={output} />
        <History outcomes={outcomes} shown={shown} onShow={setShown} />
      </div>
    </main>
  )
}

/**
 * Where the Sandbox is, or was: it is told of after its gateway was lost, too. Null where there is
 * none, undefined until that is known.
 */
function useSandboxUrl(standing: Standing): string | null | undefined {
  const last = useRef<string | null | undefined>(undefined)
  if (standing.kind === 'reachable') last.current = standing.config.sandbox
  else if (standing.kind !== 'checking') last.current ??= null
  return last.current
}

/**
 * Where the Sandbox's panel stands. Whoever types a URL must not see the field move: a panel that
 * is found later than the page comes last, and one that is there stays.
 */
function usePlace(sandboxUrl: string | null | undefined): 'first' | 'last' | null {
  const place = useRef<'first' | 'last' | null>(IS_OF_SANDBOX ? 'first' : null)
  if (typeof sandboxUrl === 'string') place.current ??= 'last'
  return place.current
}

/** What is copied often brings a space or a line break along. */
function trimmed(input: Input): Input {
  return {
    client_id: input.client_id.trim(),
    secret: input.secret.trim(),
    access_token: input.access_token.trim(),
  }
}
