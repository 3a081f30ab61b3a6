// The page: its parts, and the state they share.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Authentication } from './Authentication'
import { Backend } from './Backend'
import { call, type Input, type Outcome, type Running } from './call'
import { GatewayUrl } from './GatewayUrl'
import { type GatewayState, useGateway } from './gateway'
import { Heading } from './Heading'
import { History } from './History'
import { HAS_SANDBOX, IS_SANDBOX } from './home'
import { Inspector } from './Inspector'
import { Operation, sendBlocker } from './Operation'
import { Output } from './Output'
import { Reference } from './Reference'
import { SandboxPanel } from './SandboxPanel'
import { Snippet } from './Snippet'
import { useSandbox } from './sandbox'

const MAX_OUTCOMES = 20

export function Console({ gateway: first }: { gateway: GatewayState }) {
  const gateway = useGateway(first)
  const sandboxUrl = useSandboxUrl(gateway.state)
  const sandbox = useSandbox(sandboxUrl, gateway.checkAgain)
  const position = usePanelPosition(sandboxUrl)
  const target = {
    gateway,
    isLocal: useIsLocal(gateway.state),
    credentials: IS_SANDBOX ? sandbox.credentials : null,
  }
  const [input, setInput] = useState<Input>({ client_id: '', secret: '', access_token: '' })
  const [running, setRunning] = useState<Running | null>(null)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const [shown, setShown] = useState<Outcome | null>(null)
  const [selectedId, setSelectedId] = useState<string | null>(null)
  const output = useRef<HTMLElement>(null)
  const selected = sandbox.items.find(({ id }) => id === selectedId) ?? sandbox.items.at(-1) ?? null
  const itemOf = (token: string) => sandbox.items.find((item) => item.token === token)
  const blockerOf = (input: Input) => sendBlocker(gateway.state, input)

  async function send(input: Input) {
    if (running !== null || blockerOf(input) !== null) return
    const sent = trimmed(input)
    const controller = new AbortController()
    setRunning({ startedAt: performance.now(), cancel: () => controller.abort() })
    const itemId = itemOf(sent.access_token)?.id ?? null
    const outcome = await call(target, sent, itemId, controller.signal)
    setRunning(null)
    setShown(outcome)
    setOutcomes((outcomes) => [outcome, ...outcomes].slice(0, MAX_OUTCOMES))
    // The gateway may have stopped.
    if (outcome.kind === 'failed') gateway.checkAgain()
  }
  async function sendAndShow(input: Input) {
    await send(input)
    output.current?.scrollIntoView({ block: 'nearest' })
  }
  useShortcut(() => sendAndShow(input))

  // A key in the form leaves both as they are.
  const token = selected?.token ?? null
  const backend = useMemo(() => <Backend sandbox={sandbox} token={token} />, [sandbox, token])
  const inspector = useMemo(() => <Inspector sandbox={sandbox} />, [sandbox])
  const panel = (
    <>
      <SandboxPanel
        sandbox={sandbox}
        selected={selected}
        onSelect={({ id }) => setSelectedId(id)}
        blockerOf={(access_token) => blockerOf({ ...input, access_token })}
        running={running}
        outcome={outcomes[0] ?? null}
        token={input.access_token}
        onToken={(access_token) => setInput((input) => ({ ...input, access_token }))}
        onSend={(access_token) => send({ ...input, access_token })}
      />
      {backend}
    </>
  )

  return (
    <main>
      <div>
        <Heading />
        {position === 'first' && panel}
        <section class="stack" aria-labelledby="try-it">
          <h2 id="try-it">Try it</h2>
          {!IS_SANDBOX && (
            <>
              <Authentication gateway={gateway} target={target} />
              <GatewayUrl gateway={gateway} />
            </>
          )}
          <Operation
            input={input}
            onInput={setInput}
            blocker={blockerOf(input)}
            running={running}
            onSend={() => sendAndShow(input)}
          />
        </section>
        {position === 'last' && panel}
      </div>
      <div>
        <div class="stack side">
          <Snippet
            target={{
              gateway: IS_SANDBOX ? null : { url: gateway.url, hasToken: gateway.token !== '' },
              baseUrl: sandboxUrl ?? 'https://sandbox.plaid.com',
              hasCredentials: input.client_id !== '' && input.secret !== '',
              localToken: itemOf(input.access_token.trim())?.token ?? null,
            }}
          />
          <Output
            running={running}
            outcome={shown}
            item={sandbox.items.find(({ id }) => id === shown?.itemId) ?? null}
            element={output}
          />
          <History
            outcomes={outcomes}
            shown={shown}
            onShow={setShown}
            isBlocked={({ input }) => running !== null || blockerOf(input) !== null}
            onResend={({ input }) => sendAndShow(input)}
          />
        </div>
      </div>
      {position !== null && inspector}
      <Reference />
    </main>
  )
}

/** Sends by Ctrl+Enter or ⌘+Enter, wherever the focus is. */
function useShortcut(onSend: () => void) {
  const latest = useRef(onSend)
  latest.current = onSend
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
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

/** Whether the gateway sends requests to its own machine, as it last said. */
function useIsLocal(state: GatewayState): boolean {
  const last = useRef(HAS_SANDBOX)
  if (state.kind === 'reachable') last.current = state.config.isLocal
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
