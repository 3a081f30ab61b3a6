// The page's gateway: its URL, its state, and its configuration.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { urlProblem } from './hints'
import { howToAllow, howToStart } from './meanings'
import { type Fields, type Gateway, isFields, type Result, request, requestHealth } from './request'

export type GatewayState =
  /** The URL field is empty. */
  | { kind: 'none' }
  | { kind: 'malformed'; problem: string }
  | { kind: 'checking' }
  | { kind: 'reachable'; config: Config }
  | { kind: 'token_missing' }
  | { kind: 'token_wrong' }
  /** A call would fail; `problem` says why, and what to do. */
  | { kind: 'unreachable'; problem: string }

/** What a gateway reports under `/config`. */
export interface Config {
  /** Where the gateway's Plaid credentials come from. */
  credentials: 'console' | 'none' | 'start'
  /** The host that the gateway sends requests to. */
  upstream: string
  /** The URL of a local Sandbox that this page may control. */
  sandbox: string | null
}

/** The key under which every UTDK console stores its gateway's URL. */
const STORAGE_KEY = 'utdk_gateway_url'

/** What the gateway that served this page sends requests to; the gateway marks its page with it. */
const SERVED_BY = document.documentElement.dataset.gateway

/** Whether that gateway has a local Sandbox. */
export const HAS_SANDBOX = SERVED_BY === 'sandbox'

/** That gateway's URL, also below a proxy's path. Empty for a page saved as a file. */
const HOME =
  SERVED_BY && location.host ? location.origin + location.pathname.replace(/\/+$/, '') : ''

/** Waits this long after the last key, so that a half-typed URL is not requested. */
const TYPING_PAUSE_MS = 300

export interface PageGateway extends Gateway {
  /** The field's text. */
  typed: string
  state: GatewayState
  setTyped(typed: string): void
  setToken(token: string): void
  checkAgain(): void
}

export function useGateway(): PageGateway {
  const [typed, setTyped] = useState(() => stored() || HOME)
  const [token, setToken] = useState('')
  const [state, setState] = useState<GatewayState>({ kind: typed === '' ? 'none' : 'checking' })
  const [checks, setChecks] = useState(0)
  const checkAgain = useCallback(() => setChecks((count) => count + 1), [])
  const url = normalized(typed)

  useEffect(() => {
    window.addEventListener('focus', checkAgain)
    return () => window.removeEventListener('focus', checkAgain)
  }, [checkAgain])

  // A new URL or token resets the state; another check of the same keeps it until its result.
  const lastChecked = useRef('')
  useEffect(() => {
    const subject = JSON.stringify([url, token])
    const isNew = lastChecked.current !== subject
    const isTyped = lastChecked.current !== ''
    lastChecked.current = subject
    const problem = urlProblem(url)
    if (problem === null) store(url)
    if (url === '') setState({ kind: 'none' })
    else if (problem !== null) setState({ kind: 'malformed', problem })
    if (url === '' || problem !== null) return undefined
    if (isNew) setState({ kind: 'checking' })
    return untilCleanup(async (signal) => {
      if (isNew && isTyped) await pause(signal)
      setState(await check({ url, token }, signal))
    })
  }, [url, token, checks])

  return { url, token, typed, state, setTyped, setToken, checkAgain }
}

/** Starts `task`, and returns an effect's cleanup, which aborts it. */
function untilCleanup(task: (signal: AbortSignal) => Promise<void>): () => void {
  const controller = new AbortController()
  task(controller.signal).catch((reason) => {
    if (!controller.signal.aborted) throw reason
  })
  return () => controller.abort()
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, TYPING_PAUSE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

async function check(gateway: Gateway, signal: AbortSignal): Promise<GatewayState> {
  const health = await requestHealth(gateway.url, signal)
  if (health.kind !== 'response') return unreachable(gateway.url, health)
  if (!isGateway(health)) return NOT_A_GATEWAY
  if (health.body.token_required === true && gateway.token === '') return { kind: 'token_missing' }
  const config = await request(gateway, 'GET', '/config', signal)
  if (config.kind !== 'response') return unreachable(gateway.url, config)
  if (config.status === 401) return { kind: 'token_wrong' }
  if (config.status !== 200) return NOT_A_GATEWAY
  return { kind: 'reachable', config: configOf(config.body) }
}

function isGateway(result: Result): result is Result & { kind: 'response' } {
  return (
    result.kind === 'response' && result.body.status === 'ok' && 'token_required' in result.body
  )
}

function configOf({ credentials, upstream, sandbox }: Fields): Config {
  const url = isFields(sandbox) && typeof sandbox.url === 'string' ? sandbox.url : ''
  return {
    credentials: credentials === 'console' || credentials === 'start' ? credentials : 'none',
    upstream: typeof upstream === 'string' ? upstream : 'Plaid',
    // A Sandbox allows only pages of its own machine to control it, so its URL must be loopback.
    sandbox: url.startsWith('http:') && urlProblem(url) === null ? url : null,
  }
}

const NOT_A_GATEWAY: GatewayState = {
  kind: 'unreachable',
  problem: 'A server answers at this URL, but it is not a gateway. Check the URL.',
}

function unreachable(url: string, { kind }: Exclude<Result, { kind: 'response' }>): GatewayState {
  switch (kind) {
    case 'origin_refused':
      return { kind: 'unreachable', problem: `Does not allow this page: ${howToAllow()}.` }
    case 'not_gateway':
      return NOT_A_GATEWAY
    default:
      return { kind: 'unreachable', problem: `No response: ${howToStart(url)}.` }
  }
}

function normalized(typed: string): string {
  return typed.trim().replace(/(?<=[^/:])\/+$/, '')
}

/** A browser can refuse storage; then the URL must be entered on each visit. */
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
    // The browser refuses storage.
  }
}
