// Link: one pane after the other, in a dialog.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Host } from './host'
import { type PaneProps, panes } from './panes'
import { type Action, act, type Pane, type Reply } from './sandbox'

const NO_ANSWER = {
  error_type: 'API_ERROR',
  error_code: 'INTERNAL_SERVER_ERROR',
  error_message: 'the local Sandbox does not answer',
  display_message: null,
}

const DIALOG = { role: 'dialog', 'aria-modal': true, 'aria-label': 'Plaid Link' } as const

export function Link({ host }: { host: Host }) {
  const [reply, setReply] = useState<Reply>()
  const [isBusy, setBusy] = useState(true)
  const [isEmbedded, setEmbedded] = useState(host.isEmbedded)
  const last = useRef<Reply | undefined>(undefined)
  const queue = useRef(Promise.resolve())

  function take(next: Reply) {
    last.current = next
    for (const event of next.events) host.event(event)
    if (next.done) return host.done(next.done)
    setReply(next)
    setBusy(false)
  }

  /** The session ends also if the Sandbox is gone. */
  function fail() {
    const metadata = lastMetadata(last.current)
    last.current = undefined
    host.done({ type: 'exit', error: NO_ANSWER, metadata })
  }

  /** One request after the other: each depends on the pane that the one before has led to. */
  function ask(request: () => Promise<Reply> | undefined) {
    setBusy(true)
    queue.current = queue.current.then(async () => {
      try {
        const next = await request()
        if (next) take(next)
      } catch {
        fail()
      }
    })
  }

  function send(action: Action) {
    if (isEmbedded && action.action === 'institution') {
      setEmbedded(false)
      host.selected()
    }
    ask(() => {
      const visit = last.current?.visit
      return visit ? act(visit, action) : undefined
    })
  }

  const leave = () => send({ action: 'exit' })

  useEffect(() => {
    host.onLeave(leave)
    ask(host.start)
  }, [])

  // Escape leaves, and Tab stays in the dialog: what is below it is covered.
  useEffect(() => {
    if (isEmbedded) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === 'Escape') leave()
      if (event.key === 'Tab') keepInside(event)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [isEmbedded])

  return (
    <main class={isEmbedded ? 'embedded' : 'screen'}>
      <div class="link" {...(isEmbedded ? {} : DIALOG)} aria-busy={isBusy}>
        <header>
          <span class="badge">Local Sandbox</span>
          {!isEmbedded && (
            <button type="button" class="exit" aria-label="Exit" onClick={leave}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d="M6 6l12 12M18 6L6 18" />
              </svg>
            </button>
          )}
        </header>
        {reply?.pane ? <Shown pane={reply.pane} isBusy={isBusy} send={send} /> : <section />}
        <footer>This is a local Plaid Sandbox, not a bank. No real bank is contacted.</footer>
      </div>
    </main>
  )
}

/** Moves the focus from the last control to the first, or back. */
function keepInside(event: KeyboardEvent) {
  const controls = document.querySelectorAll<HTMLElement>(':is(button, input):enabled')
  const [first, last] = [controls[0], controls[controls.length - 1]]
  const [from, to] = event.shiftKey ? [first, last] : [last, first]
  if (document.activeElement !== from) return
  event.preventDefault()
  to?.focus()
}

function Shown(props: PaneProps) {
  const { pane } = props
  const Content = panes[pane.pane]
  const section = useRef<HTMLElement>(null)
  // A screen reader reads the new heading, and Tab starts at the top of the pane. After an error the
  // user is at the field to correct.
  useLayoutEffect(() => {
    const find = (name: string) => section.current?.querySelector<HTMLElement>(name)
    const field = pane.error ? find('input') : null
    ;(field ?? find('h1'))?.focus()
  }, [pane])
  return (
    <section ref={section} key={keyOf(pane)}>
      <fieldset disabled={props.isBusy}>
        <Content {...props} />
      </fieldset>
    </section>
  )
}

/** Fields are empty in a new pane, and kept in one that shows an error. */
function keyOf({ pane, questions }: Pane) {
  return pane + (questions?.[0]?.text ?? '')
}

/** The metadata for `onExit`, taken from the session's last event. */
function lastMetadata(reply: Reply | undefined) {
  const last = reply?.events.at(-1)?.metadata ?? {}
  const { institution_id, institution_name, link_session_id, request_id } = last
  const institution = institution_id ? { institution_id, name: institution_name } : null
  return {
    institution,
    link_session_id: link_session_id ?? '',
    request_id: request_id ?? '',
    status: null,
  }
}
