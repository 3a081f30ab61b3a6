// The gateway of this page: its URL, how it stands, and what it says of itself.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Answer, ask, askHealth, type Fields, type Gateway, isFields } from './ask'
import { urlProblem } from './hints'

export type Standing =
  /** No URL was given. */
  | { kind: 'none' }
  | { kind: 'malformed'; problem: string }
  | { kind: 'checking' }
  | { kind: 'reachable'; config: Config }
  | { kind: 'token_missing' }
  | { kind: 'token_wrong' }
  /** A call would come to nothing; `problem` says why, and what to do. */
  | { kind: 'out_of_reach'; problem: string }

/** What a gateway says of itself under `/config`. */
export interface Config {
  /** Where Plaid's credentials come from. */
  credentials: 'console' | 'none' | 'start'
  /** The host that calls go to. */
  upstream: string
  /** Where a local Sandbox is that this page may control. */
  sandbox: string | null
}

/** Where the URL is kept in the browser: the key of every UTDK console. */
const STORAGE_KEY = 'utdk_gateway_url'

/** What the gateway that served this page is to: it marks its page so. */
const SERVED_BY = document.documentElement.dataset.gateway

/** Whether that gateway has a local Sandbox. */
export const IS_OF_SANDBOX = SERVED_BY === 'sandbox'

/** Where that gateway is, also below a path of a proxy's; a page saved as a file tells nothing. */
const HOME =
  SERVED_BY && location.host ? location.origin + location.pathname.replace(/\/+$/, '') : ''

/** After the last key: what is typed is not asked for letter by letter. */
const PAUSE_MS = 300

export interface PageGateway extends Gateway {
  /** As it stands in the field. */
  typed: string
  standing: Standing
  setTyped(typed: string): void
  setToken(token: string): void
  /** Asks anew how it stands. */
  lookAgain(): void
}

export function useGateway(): PageGateway {
  const [typed, setTyped] = useState(() => stored() || HOME)
  const [token, setToken] = useState('')
  const [standing, setStanding] = useState<Standing>({ kind: typed === '' ? 'none' : 'checking' })
  const [looks, setLooks] = useState(0)
  const lookAgain = useCallback(() => setLooks((count) => count + 1), [])
  const url = normal(typed)

  useEffect(() => {
    window.addEventListener('focus', lookAgain)
    return () => window.removeEventListener('focus', lookAgain)
  }, [lookAgain])

  // A new URL or token stands for another gateway; a further look may find the same.
  const checked = useRef('')
  useEffect(() => {
    const subject = JSON.stringify([url, token])
    const isNew = checked.current !== subject
    const isTyped = checked.current !== ''
    checked.current = subject
    const problem = urlProblem(url)
    if (problem === null) store(url)
    if (url === '') setStanding({ kind: 'none' })
    else if (problem !== null) setStanding({ kind: 'malformed', problem })
    if (url === '' || problem !== null) return undefined
    if (isNew) setStanding({ kind: 'checking' })
    return whileThere(async (signal) => {
      if (isNew && isTyped) await pause(signal)
      setStanding(await look({ url, token }, signal))
    })
  }, [url, token, looks])

  return { url, token, typed, standing, setTyped, setToken, lookAgain }
}

/** Runs `task` until it is cleaned up, as an effect is. */
function whileThere(task: (signal: AbortSignal) => Promise<void>): () => void {
  const controller = new AbortController()
  task(controller.signal).catch((reason) => {
    if (!controller.signal.aborted) throw reason
  })
  return () => controller.abort()
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PAUSE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

async function look(gateway: Gateway, signal: AbortSignal): Promise<Standing> {
  const health = await askHealth(gateway.url, signal)
  if (health.kind !== 'reply') return outOfReach(gateway.url, health)
  if (!isGateway(health)) return STRANGER
  if (health.body.token_required === true && gateway.token === '') return { kind: 'token_missing' }
  const config = await ask(gateway, 'GET', '/config', signal)
  if (config.kind !== 'reply') return outOfReach(gateway.url, config)
  if (config.status === 401) return { kind: 'token_wrong' }
  if (config.status !== 200) return STRANGER
  return { kind: 'reachable', config: configOf(config.body) }
}

function isGateway(answer: Answer): answer is Answer & { kind: 'reply' } {
  return answer.kind === 'reply' && answer.body.status === 'ok' && 'token_required' in answer.body
}

function configOf({ credentials, upstream, sandbox }: Fields): Config {
  const url = isFields(sandbox) && typeof sandbox.url === 'string' ? sandbox.url : ''
  return {
    credentials: credentials === 'console' || credentials === 'start' ? credentials : 'none',
    upstream: typeof upstream === 'string' ? upstream : 'Plaid',
    // Its controls are for pages of its own machine, so that it is on this one.
    sandbox: url.startsWith('http:') && urlProblem(url) === null ? url : null,
  }
}

const STRANGER: Standing = {
  kind: 'out_of_reach',
  problem: 'Something answers there, but not as a gateway does: check the URL.',
}

function outOfReach(url: string, { kind }: Exclude<Answer, { kind: 'reply' }>): Standing {
  switch (kind) {
    case 'refused':
      return { kind: 'out_of_reach', problem: `It refuses this page: ${howToAllow()}.` }
    case 'stranger':
      return STRANGER
    default:
      return { kind: 'out_of_reach', problem: `Nothing answers there: ${howToStart(url)}.` }
  }
}

/** What to do about a gateway that refuses pages of this origin. */
export function howToAllow(): string {
  return location.protocol === 'file:'
    ? 'open the page at the gateway’s own URL instead of as a file'
    : `start it with --allow-origin ${location.origin}`
}

/** What to do where no gateway is. */
export function howToStart(url: string): string {
  const { port } = new URL(url)
  return `start one with npx @utdk/plaid gateway${port === '' ? '' : ` --port ${port}`}`
}

function normal(typed: string): string {
  return typed.trim().replace(/(?<=[^/:])\/+$/, '')
}

/** A browser can be told to keep nothing; then the URL is typed anew each time. */
function stored(): string {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? ''
  } catch {
    return ''
  }
}

function store(url: string) {
  try {
    if (url === '') localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, url)
  } catch {
    // It is not kept.
  }
}
