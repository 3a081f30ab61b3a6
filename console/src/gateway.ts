// The page's gateway: its URL, its state, and its configuration.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { isLoopback, urlProblem } from './hints'
import { HOME, IS_SANDBOX } from './home'
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
  /** Whether that host is this machine. */
  isLocal: boolean
  /** The URL of a local Sandbox that this page may control. */
  sandbox: string | null
}

/** The key under which every UTDK console stores its gateway's URL. */
const STORAGE_KEY = 'utdk_gateway_url'

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

/** A Sandbox that serves the page takes calls itself. */
const OF_SANDBOX: GatewayState = {
  kind: 'reachable',
  config: {
    credentials: 'start',
    upstream: location.host,
    isLocal: true,
    sandbox: location.origin,
  },
}

/** The state of the gateway that the page starts with. */
export function checkFirst(): Promise<GatewayState> {
  if (IS_SANDBOX) return Promise.resolve(OF_SANDBOX)
  const url = normalized(firstUrl())
  const signal = new AbortController().signal
  return Promise.resolve(stateOf(url) ?? check({ url, token: '' }, signal))
}

/** Follows the gateway whose URL and token are typed; `first` is its state if that is known. */
export function useGateway(first: GatewayState): PageGateway {
  const [typed, setTyped] = useState(firstUrl)
  const [token, setToken] = useState('')
  const [state, setState] = useState(first)
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
    if (IS_SANDBOX) return undefined
    const subject = JSON.stringify([url, token])
    const isFirst = lastChecked.current === ''
    const isNew = lastChecked.current !== subject
    lastChecked.current = subject
    const known = stateOf(url)
    if (known?.kind !== 'malformed') store(url)
    if (known !== null) setState(known)
    if (known !== null || (isFirst && first.kind !== 'checking')) return undefined
    if (isNew) setState({ kind: 'checking' })
    return untilCleanup(async (signal) => {
      if (isNew && !isFirst) await pause(signal)
      setState(await check({ url, token }, signal))
    })
  }, [url, token, checks])

  return { url, token, typed, state, setTyped, setToken, checkAgain }
}

function firstUrl(): string {
  return IS_SANDBOX ? HOME : stored() || HOME
}

/** The state that follows from the URL itself; null if the gateway must be asked. */
function stateOf(url: string): GatewayState | null {
  const problem = urlProblem(url)
  if (problem !== null) return { kind: 'malformed', problem }
  return url === '' ? { kind: 'none' } : null
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
  const host = typeof upstream === 'string' ? upstream : 'Plaid'
  return {
    credentials: credentials === 'console' || credentials === 'start' ? credentials : 'none',
    upstream: host,
    isLocal: isLoopback(host.replace(/:\d+$/, '')),
    // A Sandbox allows only pages of its own machine to control it, so its URL must be loopback.
    sandbox: isLoopbackOrigin(url) ? url : null,
  }
}

function isLoopbackOrigin(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, origin } = new URL(url)
  return protocol === 'http:' && isLoopback(hostname) && origin === url
}

const NOT_A_GATEWAY: GatewayState = {
  kind: 'unreachable',
  problem: 'A server answers at this URL, but it is not a gateway. Check the URL.',
}

function unreachable(url: string, { kind }: Exclude<Result, { kind: 'response' }>): GatewayState {
  switch (kind) {
    case 'origin_refused':
      return {
        kind: 'unreachable',
        problem: `A server runs there, but does not allow this page. If it is a gateway, ${howToAllow()}.`,
      }
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
