// The application's page, which shows this one in a frame. The drop-in script there hands over one
// port; everything else goes through it.

export interface Host {
  /** Counts the openings. */
  number: number
  token: string | null
  isDark: boolean
  isEmbedded: boolean
  /** Passes an event on, for `onEvent`. */
  event: (event: LinkEvent) => void
  /** An institution of an embedded search was selected, so Link needs the whole screen. */
  selected: () => void
  /** Ends Link, and calls `onSuccess` or `onExit`. */
  done: (done: Done) => void
  /** Calls `leave` if the application exits. */
  onLeave: (leave: () => void) => void
}

export interface LinkEvent {
  eventName: string
  metadata: Record<string, unknown>
}

/** The arguments of a callback. */
export type Done =
  | { type: 'success'; public_token: string; metadata: unknown }
  | { type: 'exit'; error: unknown; metadata: unknown }

/** Calls `open` each time the application opens Link. */
export function connect(open: (host: Host) => void) {
  addEventListener('message', ({ source, data, ports: [port] }) => {
    if (source !== window.parent || data !== 'plaid-sandbox-link' || !port) return
    listen(port, open)
  })
}

function listen(port: MessagePort, open: (host: Host) => void) {
  let number = 0
  let leave = () => {}
  port.onmessage = ({ data }) => {
    if (data.type === 'leave') return leave()
    if (data.type !== 'open') return
    number += 1
    open({
      number,
      token: data.token,
      isDark: data.isDark,
      isEmbedded: data.isEmbedded,
      event: (event) => port.postMessage({ type: 'event', ...event }),
      selected: () => port.postMessage({ type: 'selected' }),
      done: (done) => port.postMessage(done),
      onLeave: (called) => {
        leave = called
      },
    })
  }
  port.postMessage({ type: 'ready' })
}
