import type { Milliseconds } from '../../src/model/clock.ts'
import type { Fault } from '../../src/model/fault.ts'
import type { Grid } from './grid.ts'
import { isThere } from './value.ts'
import { spend, type Walk, type WalkedColumn } from './walk.ts'

/** Scalars in one GET: with their values they fit a frame. */
const mostScalars = 30
/** A scalar that makes requests fail is asked for again after an hour: a device may have been updated. */
const badFor: Milliseconds = 3_600_000

/** A scalar's OID and the column of the grid in which its value is put. */
interface Wanted {
  readonly scalar: WalkedColumn
  readonly place: number
}

/**
 * Reads scalars into the first row of the grid, in as few GETs as the agent bears. What it refuses as a whole (too big;
 * in v1 one missing variable fails all) is halved until the one at fault stands alone; that one is remembered and left
 * out. Returns why the rest was not read.
 */
export async function getScalars(
  scalars: readonly WalkedColumn[],
  { transport, tuning, budget, turn, grid }: Omit<Walk, 'learnt' | 'isV1'>,
): Promise<Pick<Fault, 'kind' | 'detail'> | undefined> {
  const wanted = scalars
    .map((scalar, place): Wanted => ({ scalar, place }))
    .filter(({ scalar }) => (tuning.bad.get(scalar.oid) ?? 0) <= turn.now)
  const queue: (readonly Wanted[])[] = []
  for (let from = 0; from < wanted.length; from += mostScalars) queue.push(wanted.slice(from, from + mostScalars))
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    const spent = spend(budget)
    if (spent !== undefined) return spent
    const asked = batch.map(({ scalar: { bytes } }) => ({ bytes, begin: 0, end: bytes.length }))
    const reply = await transport.get(asked, turn)
    if (reply.kind === 'fault') return { kind: reply.fault, detail: reply.detail }
    if (reply.kind === 'varbinds') {
      budget.bytes -= reply.varbinds.bytes.length
      for (const [i, { place }] of batch.entries()) put(grid, place, reply.varbinds.types[i], reply.varbinds.values[i])
      continue
    }
    const half = Math.ceil(batch.length / 2)
    const [only] = batch
    if (batch.length > 1) queue.unshift(batch.slice(0, half), batch.slice(half))
    else if (only !== undefined) tuning.bad.set(only.scalar.oid, turn.now + badFor)
  }
  return undefined
}

function put(grid: Grid, place: number, type: number | undefined, value: Grid['columns'][number][number]): void {
  const cells = grid.columns[place]
  if (cells !== undefined && type !== undefined && isThere(type)) cells[0] = value
}
