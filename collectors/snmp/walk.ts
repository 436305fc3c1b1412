import type { Fault } from '../../src/model/fault.ts'
import { follows } from './oid.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import { endOfMibView, isThere, type Varbind } from './value.ts'

/** A column's variables by the index of their row (what stands behind the column's OID). */
export type Column = ReadonlyMap<string, Varbind>

/** What was learnt of an agent and holds for its next polls. */
export interface Tuning {
  /** How many variables it is asked for at once. */
  varbinds: number
  /** Scalars that made whole requests fail, until when (monotonic) they are left out. */
  readonly bad: Map<string, number>
}

/** How much is left of what one poll may cost. */
export interface Budget {
  requests: number
}

/** More rows than these in a column are an agent gone wild (the largest switches have some thousands). */
const mostRows = 10_000
/** More columns side by side leave too few rows a reply, and make requests long. */
const mostColumns = 20
/** RFC 3416 section 3. */
const tooBig = 1

/** Why a walk ended before its time. */
type Stop = Pick<Fault, 'kind' | 'detail'>

/** What a walk has found: whatever came, and why there is not more. */
export interface Walked {
  readonly columns: ReadonlyMap<string, Column>
  readonly stop: Stop | undefined
}

/** One column on its way. */
interface Head {
  readonly oid: string
  readonly prefix: string
  readonly found: Map<string, Varbind>
  /** The index last seen; empty before the first row. */
  last: string
  isDone: boolean
}

/**
 * Walks columns, several side by side in each GETBULK, each to its own end: the end of the column or of the agent, or an
 * OID that does not come behind the last (agents repeat themselves, some for ever). Replies that are too big or do not
 * come halve what is asked for, and that is remembered; down to one variable it is GETNEXT.
 */
export async function walk(
  transport: SnmpTransport,
  oids: readonly string[],
  tuning: Tuning,
  budget: Budget,
  isV1: boolean,
  signal: AbortSignal,
): Promise<Walked> {
  const heads = oids.map((oid): Head => ({ oid, prefix: `${oid}.`, found: new Map(), last: '', isDone: false }))
  let stop: Stop | undefined
  for (let from = 0; from < heads.length; from += mostColumns) {
    const group = heads.slice(from, from + mostColumns)
    stop = (await walkGroup(transport, group, tuning, budget, isV1, signal)) ?? stop
    if (stop?.kind === 'timeout') break
  }
  return { columns: new Map(heads.map(({ oid, found }) => [oid, found])), stop }
}

async function walkGroup(
  transport: SnmpTransport,
  heads: readonly Head[],
  tuning: Tuning,
  budget: Budget,
  isV1: boolean,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  let stop: Stop | undefined
  for (;;) {
    const active = heads.filter(({ isDone }) => !isDone).slice(0, Math.max(1, tuning.varbinds))
    if (active.length === 0) return stop
    if (budget.requests-- <= 0) return { kind: 'limit', detail: 'the walk took more requests than a poll may make' }
    const repetitions = isV1 ? 1 : Math.max(1, Math.floor(tuning.varbinds / active.length))
    const asked = active.map(({ prefix, oid, last }) => (last === '' ? oid : prefix + last))
    const reply = await (repetitions === 1 ? transport.next(asked, signal) : transport.bulk(asked, repetitions, signal))
    const columns = columnsOf(reply)
    if (columns === undefined) {
      const failed = failure(reply, isV1)
      // In v1 the end of one column fails the request for all: each is then walked to its own end.
      if (failed === 'end')
        return active.length === 1 ? stop : ((await oneByOne(transport, active, tuning, budget, signal)) ?? stop)
      if (signal.aborted || !halve(tuning, failed)) return failed
      continue
    }
    for (const [i, head] of active.entries()) stop = advance(head, columns[i] ?? []) ?? stop
  }
}

async function oneByOne(
  transport: SnmpTransport,
  heads: readonly Head[],
  tuning: Tuning,
  budget: Budget,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  let stop: Stop | undefined
  for (const head of heads) stop = (await walkGroup(transport, [head], tuning, budget, true, signal)) ?? stop
  return stop
}

function columnsOf(reply: Reply): readonly (readonly Varbind[])[] | undefined {
  if (reply.kind === 'columns') return reply.columns
  return reply.kind === 'varbinds' ? reply.varbinds.map((one) => [one]) : undefined
}

/** In v1 the end of the agent is the error noSuchName (RFC 1157 section 4.1.3). */
function failure(reply: Reply, isV1: boolean): Stop | 'end' {
  if (reply.kind === 'fault') return { kind: reply.fault, detail: reply.detail }
  const status = reply.kind === 'refused' ? reply.status : 0
  if (isV1 && status === 2) return 'end'
  const why = status === tooBig ? 'its reply would be too big' : `error-status ${status} (RFC 3416)`
  return { kind: status === tooBig ? 'limit' : 'protocol', detail: `the agent refuses to go on with a table: ${why}` }
}

/** Asks for less from now on; false when less is not possible, or would not help. */
function halve(tuning: Tuning, failed: Stop | 'end'): boolean {
  const helps = failed !== 'end' && (failed.kind === 'timeout' || failed.kind === 'limit')
  if (!helps || tuning.varbinds <= 1) return false
  tuning.varbinds = Math.max(1, Math.floor(tuning.varbinds / 2))
  return true
}

/** Takes a column's variables in; says why when it ended otherwise than at its end. */
function advance(head: Head, varbinds: readonly Varbind[]): Stop | undefined {
  // Nothing for this column: the agent has cut its reply short, and the next request begins with it.
  for (const varbind of varbinds) {
    if (varbind.type === endOfMibView || !varbind.oid.startsWith(head.prefix)) {
      head.isDone = true
      return undefined
    }
    const index = varbind.oid.slice(head.prefix.length)
    if (head.last !== '' && !follows(head.last, index)) {
      head.isDone = true
      return {
        kind: 'protocol',
        detail: `the agent repeats itself in table column ${head.oid} at ${index}; rows up to there are read`,
      }
    }
    head.last = index
    if (isThere(varbind)) head.found.set(index, varbind)
    if (head.found.size >= mostRows) {
      head.isDone = true
      return { kind: 'limit', detail: `table column ${head.oid} has more than ${mostRows} rows` }
    }
  }
  return undefined
}
