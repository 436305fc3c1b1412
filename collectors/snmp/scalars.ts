import type { Milliseconds } from '../../src/model/clock.ts'
import type { Fault } from '../../src/model/fault.ts'
import type { SnmpTransport } from './transport.ts'
import { isThere, type Varbind } from './value.ts'
import type { Budget, Tuning } from './walk.ts'

/** Scalars in one GET: with their values they fit a frame. */
const mostScalars = 30
/** A scalar that makes requests fail is asked for again after an hour: a device may have been updated. */
const badFor: Milliseconds = 3_600_000

/** What was got, by OID, and why the rest was not. */
export interface Got {
  readonly varbinds: ReadonlyMap<string, Varbind>
  readonly stop: Pick<Fault, 'kind' | 'detail'> | undefined
}

/**
 * Reads scalars in as few GETs as the agent bears. What it refuses as a whole (too big; in v1 one missing variable fails
 * all) is halved until the one at fault stands alone; that one is remembered and left out.
 */
export async function getScalars(
  transport: SnmpTransport,
  oids: readonly string[],
  tuning: Tuning,
  budget: Budget,
  now: Milliseconds,
  signal: AbortSignal,
): Promise<Got> {
  const varbinds = new Map<string, Varbind>()
  const wanted = oids.filter((oid) => (tuning.bad.get(oid) ?? 0) <= now)
  const queue: (readonly string[])[] = []
  for (let from = 0; from < wanted.length; from += mostScalars) queue.push(wanted.slice(from, from + mostScalars))
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    if (budget.requests-- <= 0)
      return { varbinds, stop: { kind: 'limit', detail: 'more requests than a poll may make' } }
    const reply = await transport.get(batch, signal)
    if (reply.kind === 'varbinds') {
      for (const varbind of reply.varbinds) if (isThere(varbind)) varbinds.set(varbind.oid, varbind)
    } else if (reply.kind === 'refused') {
      const half = Math.ceil(batch.length / 2)
      const [only] = batch
      if (batch.length > 1) queue.unshift(batch.slice(0, half), batch.slice(half))
      else if (only !== undefined) tuning.bad.set(only, now + badFor)
    } else if (reply.kind === 'fault') return { varbinds, stop: { kind: reply.fault, detail: reply.detail } }
  }
  return { varbinds, stop: undefined }
}
