import type { HeldAlert } from '../model/alert.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import { authorized } from './authorized.ts'
import { beginning } from './reply.ts'

const deadline: Milliseconds = 5000
/** The most of a list or a receipt that is looked at. */
const longestReply = 4 * 2 ** 20

const nothing: HeldAlert = { state: 'absent', receivers: [], suppressedBy: [], why: '' }

/** Asks one Alertmanager how it holds the alert with these labels. Never rejects. */
export async function heldAlert(base: URL, labels: Labels): Promise<HeldAlert> {
  const { url, headers } = authorized(new URL(`${base.pathname.replace(/\/$/, '')}/api/v2/alerts`, base))
  for (const [name, value] of Object.entries(labels)) {
    if (value !== '') url.searchParams.append('filter', `${name}=${JSON.stringify(value)}`)
  }
  try {
    const signal = AbortSignal.timeout(deadline)
    const response = await fetch(url, { headers, signal, redirect: 'error' })
    if (!response.ok) return { ...nothing, state: 'unreachable', why: `HTTP ${response.status}` }
    const list: unknown = JSON.parse(await beginning(response, longestReply, signal))
    return Array.isArray(list) && list.length > 0 ? heldOf(list[0]) : nothing
  } catch (error) {
    const why =
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer' : 'no connection, or no Alertmanager'
    return { ...nothing, state: 'unreachable', why }
  }
}

function heldOf(alert: unknown): HeldAlert {
  const { status, receivers } = Object(alert)
  const { state, silencedBy, inhibitedBy, mutedBy } = Object(status)
  return {
    state: state === 'active' || state === 'suppressed' ? state : 'unprocessed',
    receivers: textsIn(receivers, 'name'),
    suppressedBy: [silencedBy, inhibitedBy, mutedBy].flatMap((list) => textsIn(list)),
    why: '',
  }
}

function textsIn(list: unknown, key?: string): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.map((one) => String(key === undefined ? one : Object(one)[key]))
}

/** Whether an address tells of a page that holds this text. Never rejects. */
export async function hasReceipt(address: URL, text: string): Promise<boolean> {
  const { url, headers } = authorized(address)
  try {
    const signal = AbortSignal.timeout(deadline)
    const response = await fetch(url, { headers, signal, redirect: 'error' })
    return response.ok && (await beginning(response, longestReply, signal)).includes(text)
  } catch {
    return false
  }
}
