import type { Alert } from '../model/alert.ts'
import type { Clock, Milliseconds } from '../model/clock.ts'
import { type Labels, labelKey } from '../model/labels.ts'
import { authorized } from './authorized.ts'
import type { View } from './repeat.ts'
import { beginning } from './reply.ts'
import type { AlertmanagerClient, Delivery, Look } from './sender.ts'

const deadline: Milliseconds = 10_000
/** Of a reply to what was told only the beginning is of interest, for the log. */
const longestReply = 65_536
/** About 1 kB an alert: more than these are no site's. */
const longestList = 32 * 2 ** 20

/** Where an Alertmanager is reached, and how it is spoken to. */
interface Line {
  readonly base: URL
  readonly site: string
  readonly clock: Clock
  readonly closing: AbortSignal
}

/**
 * Alertmanager's API v2, by the runtime's own fetch; it is asked for the alerts of `site`. Source: api/v2/openapi.yaml of
 * prometheus/alertmanager.
 */
export function alertmanagerClient(base: URL, site: string, clock: Clock): AlertmanagerClient {
  const closing = new AbortController()
  const line: Line = { base, site, clock, closing: closing.signal }
  return {
    url: base.origin,
    post: (alerts) => post(line, alerts),
    look: () => look(line),
    close: () => closing.abort(),
  }
}

/** What was answered: at most so much of its text. */
interface Answer {
  readonly response: Response
  readonly text: string
}

/**
 * Asks, and reads the answer; ends at the deadline, or when the line is closed. Not by AbortSignal.any: in Node 20 what it
 * makes of AbortSignal.timeout is lost with the next garbage collection, and a request that hangs would hang for ever.
 */
async function ask(line: Line, path: string, longest: number, body?: string): Promise<Answer> {
  const ending = new AbortController()
  const close = (): void => ending.abort()
  const cancel = line.clock.after(deadline, () => ending.abort(new DOMException('too late', 'TimeoutError')))
  line.closing.addEventListener('abort', close, { once: true })
  if (line.closing.aborted) close()
  try {
    const response = await request(line, path, ending.signal, body)
    return { response, text: await beginning(response, longest, ending.signal) }
  } finally {
    cancel()
    line.closing.removeEventListener('abort', close)
  }
}

function request({ base }: Line, path: string, signal: AbortSignal, body?: string): Promise<Response> {
  const { url, headers: own } = authorized(new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base))
  const headers = { ...own, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const sent = body === undefined ? {} : { method: 'POST', body }
  return fetch(url, { ...sent, headers, redirect: 'error', signal })
}

async function post(line: Line, alerts: readonly Alert[]): Promise<Delivery> {
  try {
    const body = JSON.stringify(alerts.map(wire))
    const { response, text } = await ask(line, '/api/v2/alerts', longestReply, body)
    if (response.ok) return { kind: 'taken' }
    const why = `HTTP ${response.status} ${authorized(line.base).masked(text).slice(0, 200)}`
    return isFinal(response) ? { kind: 'refused', why } : { kind: 'failed', why, retryAfter: retryAfter(response) }
  } catch (error) {
    return { kind: 'failed', why: reason(error), retryAfter: undefined }
  }
}

/** 408 and 429 are the 4xx that a later try may overcome. */
function isFinal({ status }: Response): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

async function look(line: Line): Promise<Look> {
  try {
    const filter = encodeURIComponent(`site="${line.site}"`)
    const replies: string[] = []
    let clock: Milliseconds | undefined
    // The start is asked first: with one between the two, the alerts of the later process are taken for forgotten.
    for (const path of ['/api/v2/status', `/api/v2/alerts?filter=${filter}`]) {
      const { response, text } = await ask(line, path, longestList)
      if (isFinal(response)) return { kind: 'closed' }
      if (!response.ok) return { kind: 'failed', why: `HTTP ${response.status}`, retryAfter: retryAfter(response) }
      replies.push(text)
      clock = clockOf(response)
    }
    const view = viewOf(replies[0] ?? '', replies[1] ?? '', clock)
    return view === undefined ? { kind: 'closed' } : { kind: 'view', view }
  } catch (error) {
    return { kind: 'failed', why: reason(error), retryAfter: undefined }
  }
}

/** What the replies say; undefined where they are not Alertmanager's, or are cut. */
function viewOf(status: string, alerts: string, clock: Milliseconds | undefined): View | undefined {
  const started = fieldOf(parsed(status), 'uptime')
  const list = parsed(alerts)
  if (typeof started !== 'string' || !Array.isArray(list)) return undefined
  const active = new Map<string, Milliseconds>()
  for (const item of list)
    active.set(labelKey(labelsOf(fieldOf(item, 'labels'))), Date.parse(String(fieldOf(item, 'startsAt'))))
  return { started, clock, active }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function labelsOf(value: unknown): Labels {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}

function wire({ labels, annotations, startsAt, endsAt }: Alert): unknown {
  return {
    labels,
    annotations,
    startsAt: new Date(startsAt).toISOString(),
    ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
  }
}

/** The time of who answers (RFC 9110, 6.6.1), to the second. */
function clockOf(response: Response): Milliseconds | undefined {
  const at = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(at) ? undefined : at
}

function retryAfter(response: Response): Milliseconds | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.name === 'TimeoutError') return `no answer within ${deadline / 1000} s`
  const cause: unknown = error.cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : error.message
}
