// The application's page, which shows this one in a frame. The drop-in script there hands over one
// port; everything else goes through it.

import { type Done, type LinkEvent, open, type Reply } from './sandbox'

/** What has opened Link. */
export interface Host {
  /** Counts the openings. */
  number: number
  isDark: boolean
  isEmbedded: boolean
  /** Starts the session. */
  start: () => Promise<Reply>
  /** Passes an event on, for `onEvent`. */
  event: (event: LinkEvent) => void
  /** An institution of an embedded search was selected, so Link needs the whole screen. */
  selected: () => void
  /** Ends Link, and calls `onSuccess` or `onExit`. */
  done: (done: Done) => void
  /** Calls `leave` if the application exits. */
  onLeave: (leave: () => void) => void
}

/** Calls `show` each time the application opens Link. */
export function connect(show: (host: Host) => void) {
  addEventListener('message', ({ source, data, ports: [port] }) => {
    if (source !== window.parent || data !== 'plaid-sandbox-link' || !port) return
    listen(port, show)
  })
}

function listen(port: MessagePort, show: (host: Host) => void) {
  let number = 0
  let leave = () => {}
  port.onmessage = ({ data }) => {
    if (data.type === 'leave') return leave()
    if (data.type !== 'open') return
    number += 1
    show({
      number,
      isDark: data.isDark,
      isEmbedded: data.isEmbedded,
      start: () => open(data.token, data.isEmbedded),
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
