// What the page knows about a local Sandbox, and how it reads that from the Sandbox's JSON.

import { type Fields, isFields } from './request'

export interface Snapshot {
  state: 'connecting' | 'live' | 'stopped' | 'unavailable'
  /** The newest last, as in all of these lists. */
  items: Item[]
  webhooks: Webhook[]
  requests: LoggedRequest[]
  sessions: LinkSession[]
}

export interface Item {
  id: string
  /** `healthy`, `login_required` or `removed`. */
  state: string
  /** When this page last saw the state change. */
  changedAt: Date
  /** Null for an Item that this tab did not create. */
  token: string | null
}

/** A request to one of Plaid's routes. */
export interface LoggedRequest {
  /** Given by this page. */
  id: number
  at: Date
  method: string
  path: string
  itemId: string | null
  /** Null if a fault prevented a response. */
  status: number | null
  errorCode: string | null
  requestId: string | null
  /** How long the reply took. */
  tookMs: number
  fault: string | null
  isEmulated: boolean
  /** The body's known fields, without secrets. */
  fields: Fields | null
}

export interface Webhook {
  id: string
  /** Null for a webhook about a Link session. */
  itemId: string | null
  type: string
  code: string
  at: Date
  url: string
  /** Exactly as sent. */
  body: string
  attempts: Attempt[]
  nextAttemptAt: Date | null
}

/** An attempt to deliver a webhook. */
export interface Attempt {
  at: Date
  isDelivered: boolean
  /** How it ended. */
  result: string
  /** The JWT in its header `Plaid-Verification`. */
  verification: string
}

/** A session of Link, as far as this page knows it. */
export interface LinkSession {
  id: string
  /** The Item of update mode. */
  itemId: string | null
  at: Date
  /** Oldest first. */
  events: LinkEvent[]
}

export interface LinkEvent {
  at: Date
  name: string
  /** What it is about: a pane, an error, an institution. */
  detail: string | null
}

export function itemOf(value: unknown): Item | null {
  if (!isFields(value)) return null
  const { item_id: id, state } = value
  if (typeof id !== 'string' || typeof state !== 'string') return null
  return { id, state, token: null, changedAt: new Date() }
}

let requests = 0

export function requestOf(value: unknown): LoggedRequest | null {
  if (!isFields(value)) return null
  requests += 1
  const { status, fields } = value
  return {
    id: requests,
    at: dateOf(value.at),
    method: String(value.method),
    path: String(value.path),
    itemId: textOf(value.item_id),
    status: typeof status === 'number' ? status : null,
    errorCode: textOf(value.error_code),
    requestId: textOf(value.request_id),
    tookMs: Number(value.took_ms),
    fault: textOf(value.fault),
    isEmulated: value.not_emulated !== true,
    fields: isFields(fields) ? fields : null,
  }
}

export function webhookOf(value: unknown): Webhook | null {
  if (!isFields(value) || !Array.isArray(value.attempts)) return null
  const { nextAttemptAt } = value
  return {
    id: String(value.id),
    itemId: textOf(value.item_id),
    type: String(value.webhook_type),
    code: String(value.webhook_code),
    at: dateOf(value.firedAt),
    url: String(value.url),
    body: String(value.body),
    attempts: listOf(value.attempts, attemptOf),
    nextAttemptAt: typeof nextAttemptAt === 'string' ? dateOf(nextAttemptAt) : null,
  }
}

/** An event of a session, as a session with this event alone. */
export function sessionOf(value: unknown): LinkSession | null {
  if (!isFields(value) || !isFields(value.event) || !isFields(value.event.metadata)) return null
  const { eventName, metadata } = value.event
  const at = dateOf(metadata.timestamp)
  const details = ['error_code', 'view_name', 'institution_name', 'exit_status']
  const detail = details.map((name) => textOf(metadata[name])).find((text) => text !== null) ?? null
  return {
    id: String(metadata.link_session_id),
    itemId: textOf(value.item_id),
    at,
    events: [{ at, name: String(eventName), detail }],
  }
}

/** Adds the events of a session to the one that has its ID, or appends it; keeps the newest `max`. */
export function withSession(
  sessions: LinkSession[],
  session: LinkSession,
  max: number,
): LinkSession[] {
  const known = sessions.find(({ id }) => id === session.id)
  if (known === undefined) return [...sessions, session].slice(-max)
  const events = [...known.events, ...session.events].slice(-max)
  return sessions.with(sessions.indexOf(known), { ...known, events })
}

function attemptOf(value: unknown): Attempt | null {
  if (!isFields(value) || !isFields(value.outcome)) return null
  const { kind, status, reason } = value.outcome
  return {
    at: dateOf(value.at),
    isDelivered: kind === 'delivered',
    result: String(status ?? reason ?? kind),
    verification: String(value.verification),
  }
}

export function listOf<T>(values: unknown, read: (value: unknown) => T | null): T[] {
  if (!Array.isArray(values)) return []
  return values.map(read).filter((it) => it !== null)
}

/** Replaces the entry with the same ID, or appends; keeps the newest `max`. */
export function withEntry<T extends { id: unknown }>(entries: T[], entry: T, max: number): T[] {
  const index = entries.findIndex(({ id }) => id === entry.id)
  return index === -1 ? [...entries, entry].slice(-max) : entries.with(index, entry)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function dateOf(value: unknown): Date {
  return new Date(String(value))
}
