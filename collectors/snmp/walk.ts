import type { Fault } from '../../src/model/fault.ts'
import type { OidSlice, Varbinds } from './codec.ts'
import { type Cells, type Grid, type Key, keyAt, keyFollows } from './grid.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import type { Turn } from './turn.ts'
import { endOfMibView, isThere } from './value.ts'

/** A column to walk. */
export interface WalkedColumn {
  readonly oid: string
  readonly bytes: Uint8Array
}

/** What was learnt of an agent and holds for its next polls. */
export interface Tuning {
  /** The most variables that it is asked for at once. */
  varbinds: number
  /** Scalars that made whole requests fail, by OID, until when (monotonic) they are left out. */
  readonly bad: Map<string, number>
}

/** How much is left of what one poll may cost. */
export interface Budget {
  requests: number
  /** Of replies, since what a poll has read is held until it ends. */
  bytes: number
}

/** Takes a request from the budget; why there is none left, if so. */
export function spend(budget: Budget): Pick<Fault, 'kind' | 'detail'> | undefined {
  if (budget.requests-- <= 0) return { kind: 'limit', detail: 'more requests are needed than a poll may make' }
  if (budget.bytes <= 0) return { kind: 'limit', detail: 'the agent has answered with more bytes than a poll may hold' }
  return undefined
}

/** What was learnt of a table's columns; 0 where nothing is known. */
export interface Learnt {
  /** How many bytes a variable of each column takes in a reply. */
  readonly bytes: Uint8Array
  /** How many rows each column had in the poll before. */
  readonly rows: Uint16Array
}

/** Nothing yet, of so many columns. */
export function nothingLearnt(columns: number): Learnt {
  return { bytes: new Uint8Array(columns), rows: new Uint16Array(columns) }
}

/** More rows than these in a column are an agent gone wild (the largest switches have some thousands). */
const mostRows = 10_000
/** More columns side by side leave too few rows a reply, and make requests long. */
const mostColumns = 20
/** A reply in one Ethernet frame: 1,500 bytes less the headers of IP and UDP, which real agents do not exceed. */
const largestReply = 1472
/** What of it the outside of the message takes, with a community of 32 characters. */
const outside = 64
/** What a variable takes until that is known. */
const usualSize = 23
/** Greater variables are asked for as if they were so: they are rare, and an agent cuts its reply. */
const greatestSize = 255
/** The heads of a variable and of its OID. */
const headsSize = 4
const greatestCount = 2 ** 16 - 1
/** RFC 3416 section 3. */
const tooBig = 1

/** Why a walk ended before its time. */
type Stop = Pick<Fault, 'kind' | 'detail'>

/** What a walk needs beside its columns. */
export interface Walk {
  readonly transport: SnmpTransport
  readonly tuning: Tuning
  readonly budget: Budget
  readonly isV1: boolean
  readonly turn: Turn
  /** Where what comes is put; the rows that it knows are those of the poll before. */
  readonly grid: Grid
  readonly learnt: Learnt
}

/** One column on its way. */
interface Head {
  readonly column: WalkedColumn
  readonly place: number
  readonly cells: Cells
  /** The OID last seen, and its index; the column's own before the first row. */
  last: OidSlice
  key: Key | undefined
  /** Where in the grid the next row is likely to be. */
  likely: number
  count: number
  isDone: boolean
}

/**
 * Walks columns into the walk's grid, several side by side in each GETBULK, each to its own end: the end of the column
 * or of the agent, or an OID that does not come behind the last (agents repeat themselves, some for ever). Replies that
 * are too big or do not come halve what is asked for, and that is remembered; down to one variable it is GETNEXT.
 * Whatever came is in the grid; returns why there is not more.
 */
export async function walk(columns: readonly WalkedColumn[], one: Walk): Promise<Stop | undefined> {
  const heads = columns.map(
    (column, place): Head => ({
      column,
      place,
      cells: one.grid.columns[place] ?? [],
      last: { bytes: column.bytes, begin: 0, end: column.bytes.length },
      key: undefined,
      likely: 0,
      count: 0,
      isDone: false,
    }),
  )
  let stop: Stop | undefined
  for (let from = 0; from < heads.length; ) {
    const left = heads.slice(from)
    const side = sideBySide(left.length, Math.max(...left.map((head) => rowsOf(head, one))), fitting(left, one))
    stop = (await walkGroup(left.slice(0, side), one)) ?? stop
    if (stop?.kind === 'timeout') break
    from += side
  }
  for (const { place, count } of heads) one.learnt.rows[place] = Math.min(greatestCount, count)
  return stop
}

/**
 * How many columns to walk side by side so that the fewest requests bring `rows` rows (and the end behind them) of
 * `columns` columns, when `fit` variables fit a reply. While the rows are not known, as many as there may be.
 */
export function sideBySide(columns: number, rows: number, fit: number): number {
  const most = Math.max(1, Math.min(columns, mostColumns, fit))
  if (rows === 0) return most
  const requests = (side: number): number =>
    side === 0 ? 0 : Math.ceil((rows + 1) / Math.max(1, Math.floor(fit / side)))
  let best = most
  let fewest = Number.POSITIVE_INFINITY
  for (let side = 1; side <= most; side++) {
    const all = Math.floor(columns / side) * requests(side) + requests(columns % side)
    if (all >= fewest) continue
    fewest = all
    best = side
  }
  return best
}

/** How many rows a column had in the poll before. */
function rowsOf({ place }: Head, { learnt }: Walk): number {
  return learnt.rows[place] ?? 0
}

/** How many variables of these columns fit a reply. */
function fitting(heads: readonly Head[], { learnt, tuning }: Walk): number {
  const bytes = heads.reduce((sum, { place }) => sum + (learnt.bytes[place] || usualSize), 0)
  return Math.max(1, Math.min(tuning.varbinds, Math.floor(((largestReply - outside) * heads.length) / bytes)))
}

async function walkGroup(heads: readonly Head[], one: Walk): Promise<Stop | undefined> {
  const { transport, tuning, budget, isV1, turn } = one
  let stop: Stop | undefined
  for (;;) {
    const active = heads.filter(({ isDone }) => !isDone).slice(0, Math.max(1, tuning.varbinds))
    if (active.length === 0) return stop
    const spent = spend(budget)
    if (spent !== undefined) return spent
    const fit = Math.floor(fitting(active, one) / active.length)
    const repetitions = isV1 ? 1 : Math.max(1, Math.min(fit, expected(active, one)))
    const asked = active.map(({ last }) => last)
    const reply = await (repetitions === 1 ? transport.next(asked, turn) : transport.bulk(asked, repetitions, turn))
    if (reply.kind !== 'varbinds') {
      const failed = failure(reply, isV1)
      // In v1 the end of one column fails the request for all: each is then walked to its own end.
      if (failed === 'end') return active.length === 1 ? stop : ((await oneByOne(active, one)) ?? stop)
      if (turn.signal.aborted || !halve(tuning, failed)) return failed
      continue
    }
    budget.bytes -= reply.varbinds.bytes.length
    stop = takeIn(active, reply.varbinds, one) ?? stop
    if (reply.varbinds.types.length === 0)
      return { kind: 'protocol', detail: `the agent answers with nothing to ${active[0]?.column.oid}` }
  }
}

/** How many rows are still to come, with the end behind them, going by the poll before; no bound where that is past. */
function expected(active: readonly Head[], one: Walk): number {
  const most = Math.max(...active.map((head) => rowsOf(head, one) - head.count))
  const isKnown = active.every((head) => rowsOf(head, one) > 0)
  return isKnown && most >= 0 ? most + 1 : Number.POSITIVE_INFINITY
}

async function oneByOne(heads: readonly Head[], one: Walk): Promise<Stop | undefined> {
  let stop: Stop | undefined
  for (const head of heads) stop = (await walkGroup([head], one)) ?? stop
  return stop
}

/** In v1 the end of the agent is the error noSuchName (RFC 1157 section 4.1.3). */
function failure(reply: Exclude<Reply, { kind: 'varbinds' }>, isV1: boolean): Stop | 'end' {
  if (reply.kind === 'fault') return { kind: reply.fault, detail: reply.detail }
  const { status } = reply
  if (isV1 && status === 2) return 'end'
  const why = status === tooBig ? 'its reply would be too big' : `error-status ${status} (RFC 3416)`
  return { kind: status === tooBig ? 'limit' : 'protocol', detail: `the agent refuses to go on with a table: ${why}` }
}

/** Asks for less from now on; false when less is not possible, or would not help. */
function halve(tuning: Tuning, failed: Stop): boolean {
  const helps = failed.kind === 'timeout' || failed.kind === 'limit'
  if (!helps || tuning.varbinds <= 1) return false
  tuning.varbinds = Math.max(1, Math.floor(tuning.varbinds / 2))
  return true
}

/**
 * Takes a reply in: its variables are the columns' in turn. A column for which nothing came (the agent has cut its reply
 * short) is asked for again from where it is. Says why when a column ended otherwise than at its end.
 */
function takeIn(active: readonly Head[], varbinds: Varbinds, { grid, learnt }: Walk): Stop | undefined {
  let stop: Stop | undefined
  for (let i = 0; i < varbinds.types.length; i++) {
    const head = active[i % active.length]
    if (head !== undefined && !head.isDone) stop = advance(head, varbinds, i, grid, learnt) ?? stop
  }
  return stop
}

/** Takes one variable of a column in; says why when the column ended otherwise than at its end. */
function advance(head: Head, varbinds: Varbinds, i: number, grid: Grid, learnt: Learnt): Stop | undefined {
  const { bytes, begins, ends, types, values } = varbinds
  const { column } = head
  const [begin = 0, end = 0, type = 0] = [begins[i], ends[i], types[i]]
  const index = begin + column.bytes.length
  if (type === endOfMibView || index >= end || !startsWith(bytes, begin, column.bytes)) {
    head.isDone = true
    return undefined
  }
  const key = keyAt(bytes, index, end)
  if (head.key !== undefined && !keyFollows(head.key, key)) {
    head.isDone = true
    return {
      kind: 'protocol',
      detail: `the agent repeats itself in table column ${column.oid} at ${key}; rows up to there are read`,
    }
  }
  head.key = key
  head.last = { bytes, begin, end }
  const row = grid.row(key, head.likely)
  head.likely = row + 1
  const value = values[i]
  if (isThere(type) && value !== undefined) {
    head.cells[row] = value
    head.count++
  }
  const size = (varbinds.stops[i] ?? 0) - begin + headsSize
  learnt.bytes[head.place] = Math.min(greatestSize, Math.max(learnt.bytes[head.place] ?? 0, size))
  if (head.count < mostRows) return undefined
  head.isDone = true
  return { kind: 'limit', detail: `table column ${column.oid} has more than ${mostRows} rows` }
}

/** Compared from the end: columns of one table differ there. */
function startsWith(bytes: Uint8Array, begin: number, prefix: Uint8Array): boolean {
  for (let i = prefix.length - 1; i >= 0; i--) if (bytes[begin + i] !== prefix[i]) return false
  return true
}
