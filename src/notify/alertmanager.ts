import type { Alert } from '../model/alert.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { AlertmanagerClient, Delivery } from './sender.ts'

const deadline: Milliseconds = 10_000
/** Of a reply only the beginning is of interest, for the log. */
const longestReply = 65_536

/** Alertmanager's API v2, by the runtime's own fetch. Source: api/v2/openapi.yaml of prometheus/alertmanager. */
export function alertmanagerClient(base: URL): AlertmanagerClient {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v2/alerts`, base)
  url.username = ''
  url.password = ''
  const closing = new AbortController()
  return {
    url: url.origin,
    post: (alerts) => post(url, base, alerts, closing.signal),
    close: () => closing.abort(),
  }
}

async function post(url: URL, base: URL, alerts: readonly Alert[], closing: AbortSignal): Promise<Delivery> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization(base) },
      body: JSON.stringify(alerts.map(wire)),
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(deadline), closing]),
    })
    const text = await beginning(response)
    if (response.ok) return { kind: 'taken' }
    const why = `HTTP ${response.status} ${text.slice(0, 200)}`
    // 408 and 429 are the 4xx that a later try may overcome.
    const final = response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429
    return final ? { kind: 'refused', why } : { kind: 'failed', why, retryAfter: retryAfter(response) }
  } catch (error) {
    return { kind: 'failed', why: reason(error), retryAfter: undefined }
  }
}

function authorization(base: URL): Record<string, string> {
  if (base.username === '') return {}
  const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function wire({ labels, annotations, startsAt, endsAt }: Alert): unknown {
  return {
    labels,
    annotations,
    startsAt: new Date(startsAt).toISOString(),
    ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
  }
}

async function beginning(response: Response): Promise<string> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body) {
    parts.push(part)
    length += part.length
    // Leaving the loop cancels the body: an endless reply ends here.
    if (length >= longestReply) break
  }
  return Buffer.concat(parts).toString('utf8', 0, longestReply)
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
