// The page: its parts, and the state they share.

import { useRef, useState } from 'preact/hooks'
import { Authentication } from './Authentication'
import { call, type Input, type Outcome, type Running } from './call'
import { GatewayUrl } from './GatewayUrl'
import { type GatewayState, HAS_SANDBOX, useGateway } from './gateway'
import { Heading } from './Heading'
import { History } from './History'
import { Operation, sendBlocker } from './Operation'
import { Output } from './Output'
import { SandboxPanel } from './SandboxPanel'
import { Snippet } from './Snippet'
import { useSandbox } from './sandbox'

const MAX_OUTCOMES = 20

export function Console() {
  const gateway = useGateway()
  const sandboxUrl = useSandboxUrl(gateway.state)
  const sandbox = useSandbox(sandboxUrl, gateway.checkAgain)
  const position = usePanelPosition(sandboxUrl)
  const [input, setInput] = useState<Input>({ client_id: '', secret: '', access_token: '' })
  const [running, setRunning] = useState<Running | null>(null)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const [shown, setShown] = useState<Outcome | null>(null)
  const output = useRef<HTMLElement>(null)

  async function send(input: Input) {
    const controller = new AbortController()
    setRunning({ startedAt: performance.now(), cancel: () => controller.abort() })
    const outcome = await call(gateway, trimmed(input), controller.signal)
    setRunning(null)
    setShown(outcome)
    setOutcomes((outcomes) => [outcome, ...outcomes].slice(0, MAX_OUTCOMES))
    // The gateway may have stopped.
    if (outcome.kind === 'failed') gateway.checkAgain()
  }

  const panel = (
    <SandboxPanel
      sandbox={sandbox}
      blocker={(access_token) => {
        const blocker = sendBlocker(gateway.state, { ...input, access_token })
        // The field it names is below the panel.
        return position === 'first' && blocker ? blocker.replace(' above', ' below') : blocker
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
        {position === 'first' && panel}
        <section class="stack" aria-labelledby="try-it">
          <h2 id="try-it">Try it</h2>
          <Authentication gateway={gateway} />
          <GatewayUrl gateway={gateway} />
          <Operation
            input={input}
            onInput={setInput}
            blocker={sendBlocker(gateway.state, input)}
            running={running}
            onSend={async () => {
              await send(trimmed(input))
              output.current?.scrollIntoView({ block: 'nearest' })
            }}
          />
        </section>
        {position === 'last' && panel}
      </div>
      <div class="stack side">
        <Snippet snippet={{ gateway, input: trimmed(input) }} />
        <Output running={running} outcome={shown} element={output} />
        <History outcomes={outcomes} shown={shown} onShow={setShown} />
      </div>
    </main>
  )
}

/**
 * The Sandbox's URL, kept while its gateway is unreachable. Null if there is none, undefined until
 * that is known.
 */
function useSandboxUrl(state: GatewayState): string | null | undefined {
  const last = useRef<string | null | undefined>(undefined)
  if (state.kind === 'reachable') last.current = state.config.sandbox
  else if (state.kind !== 'checking') last.current ??= null
  return last.current
}

/**
 * The position of the Sandbox's panel. The fields must not move while a URL is typed: a panel that
 * is found later goes last, and a panel that is shown stays.
 */
function usePanelPosition(sandboxUrl: string | null | undefined): 'first' | 'last' | null {
  const position = useRef<'first' | 'last' | null>(HAS_SANDBOX ? 'first' : null)
  if (typeof sandboxUrl === 'string') position.current ??= 'last'
  return position.current
}

/** Pasted text often has a space or line break at an end. */
function trimmed(input: Input): Input {
  return {
    client_id: input.client_id.trim(),
    secret: input.secret.trim(),
    access_token: input.access_token.trim(),
  }
}
