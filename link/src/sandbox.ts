// The Sandbox's side of Link: it decides which pane follows.

export interface Pane {
  pane:
    | 'consent'
    | 'institutions'
    | 'logins'
    | 'credentials'
    | 'oauth'
    | 'device'
    | 'mfa'
    | 'accounts'
    | 'failed'
    | 'connected'
  client_name: string
  /** The institution's name, once one is selected. */
  institution: string | null
  /** Whether this is update mode. */
  update: boolean
  error: { code: string; message: string } | null
  institutions?: Institution[]
  questions?: Question[]
  accounts?: Account[]
}

export interface Institution {
  id: string
  name: string
}

export interface Question {
  text: string
  /** The answers to select from; empty for a text. */
  options: string[]
}

export interface Account {
  index: number
  is_selected: boolean
  mask: string | null
  name: string
  subtype: string
}

/** What the user does in a pane. */
export type Action =
  | { action: 'consent' | 'open_bank' | 'device' | 'back' | 'finish' | 'exit' }
  | { action: 'institution'; institution_id: string; query: string }
  | { action: 'credentials'; username: string; password: string }
  | { action: 'close_bank'; is_agreed: boolean }
  | { action: 'answers'; answers: string[] }
  | { action: 'accounts'; accounts: number[] }

export interface Reply {
  /** The key of the session; none once it has ended. */
  visit: string | null
  pane: Pane | null
  events: LinkEvent[]
  done: Done | null
}

export interface LinkEvent {
  eventName: string
  metadata: Record<string, unknown>
}

/** The arguments of a callback. */
export type Done =
  | { type: 'success'; public_token: string; metadata: unknown }
  | { type: 'exit'; error: unknown; metadata: unknown }

/** The Sandbox answers in milliseconds, so one that takes this long is gone. */
const TIMEOUT_MS = 10_000

/** Relative to this page, so that it also works below the path of a proxy. */
const API = new URL('../../_api/', location.href)

export const open = (token: string | null, is_embedded: boolean): Promise<Reply> =>
  post('open', { token, is_embedded })

/** Opens Link from the hosted page with this id. */
export const openHosted = (hosted: string): Promise<Reply> => post('open', { hosted })

export const act = (visit: string, action: Action): Promise<Reply> =>
  post('next', { visit, ...action })

async function post(path: string, body: object): Promise<Reply> {
  const response = await fetch(new URL(path, API), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    // An exit is sent although the application removes the frame.
    keepalive: true,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`the Sandbox answered with status ${response.status}`)
  return response.json()
}
