import { bad, good, type Outcome } from '../../src/model/aim.ts'
import type { Raw } from '../../src/model/conversion.ts'
import type { Witnessed } from '../../src/model/harvest.ts'
import type { Substitute } from '../collector.ts'
import { oidBytes } from './ber.ts'
import { contentFor, typeNames, type Varbinds, variableAt, withContent } from './codec.ts'
import type { SnmpPlan } from './compile.ts'
import { indexOfSeries } from './kept.ts'
import type { PlannedPoint } from './layout.ts'
import type { SnmpSpec } from './schema.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import { isThere } from './value.ts'

const wordSize = 2 ** 32

/** A variable that is to hold something else. */
interface Place {
  readonly oid: string
  readonly raw: Raw
  /** Whether it is one of several of which the first that the agent has counts, and not the upper half of a number. */
  readonly isOneOf: boolean
}

/** An agent whose variables of one value hold something else, for one poll: what is asked is asked of the agent. */
export function substituting(transport: SnmpTransport, plan: SnmpPlan, substitute: Substitute): SnmpTransport {
  const found = placesOf(plan, substitute)
  if (!found.ok) {
    substitute.placed(found)
    return transport
  }
  const places = new Map(found.value.map((place) => [keyOf(oidBytes(place.oid)), place]))
  let taken: Place | undefined
  const alter = (reply: Reply): Reply => {
    if (reply.kind !== 'varbinds') return reply
    let { varbinds } = reply
    for (let i = 0; i < varbinds.types.length; i++) {
      const place = places.get(keyOf(varbinds.bytes.subarray(varbinds.begins[i], varbinds.ends[i])))
      if (place === undefined || !isThere(varbinds.types[i] ?? 0)) continue
      if (place.isOneOf && taken !== undefined && taken !== place) continue
      if (place.isOneOf) taken = place
      varbinds = put(varbinds, i, place, substitute)
    }
    return { ...reply, varbinds }
  }
  return {
    get: async (oids, turn) => alter(await transport.get(oids, turn)),
    next: async (oids, turn) => alter(await transport.next(oids, turn)),
    bulk: async (oids, repetitions, turn) => alter(await transport.bulk(oids, repetitions, turn)),
    close: () => transport.close(),
  }
}

function put(varbinds: Varbinds, i: number, { oid, raw }: Place, { was, placed }: Substitute): Varbinds {
  const { type, content } = variableAt(varbinds, i)
  const name = typeNames[type] ?? `type ${type}`
  const sent = raw === null ? undefined : contentFor(type, signedAs(raw, type, was.point.spec as SnmpSpec), content)
  const changed = sent === undefined ? undefined : withContent(varbinds, i, sent)
  const told: Outcome<string> =
    changed === undefined
      ? bad(`${oid} is ${name}, which cannot hold ${String(raw)}`)
      : good(`${oid} = ${name} ${String(changed.values[i])}`)
  placed(told)
  return changed ?? varbinds
}

/** A number whose sign the agent gets wrong: `as:` turned round. */
function signedAs(raw: NonNullable<Raw>, type: number, { as }: SnmpSpec): NonNullable<Raw> {
  if (as === undefined || typeof raw !== 'number') return raw
  return typeNames[type] === 'INTEGER' ? raw | 0 : raw >>> 0
}

/** The variables from which a value was read. */
function placesOf(plan: SnmpPlan, { was, raw: wanted }: Substitute): Outcome<readonly Place[]> {
  const { layout, tables } = plan
  const raw = (planned: PlannedPoint): Raw => ofWhole(planned, was, wanted)
  const isPoint = ({ point }: PlannedPoint): boolean => point === was.point
  const scalar = layout.scalarPoints.find(isPoint)
  if (scalar !== undefined) return good(variablesOf(scalar, layout.scalars, '', raw(scalar)))
  for (const [i, { groups, columns }] of layout.tables.entries()) {
    const planned = groups.flatMap(({ points }) => points).find(isPoint)
    const kept = tables[i]
    const index = planned === undefined || kept === undefined ? undefined : indexOfSeries(kept, was.series)
    if (planned !== undefined && index !== undefined)
      return good(variablesOf(planned, columns, `.${index}`, raw(planned)))
  }
  return bad('it is a number of rows, which no single variable tells')
}

/** Of a value that is divided by a sum which holds it, used by used and free: what it must be for the quotient to come. */
function ofWhole({ from, factors, scales }: PlannedPoint, was: Witnessed, raw: Raw): Raw {
  const isPart = factors?.divisors.some((column) => from.includes(column)) === true
  const isPlain = factors?.multiply === undefined && factors?.digits === undefined && factors?.siPrefix === undefined
  const [scale = 1] = scales
  if (!isPart || !isPlain || typeof raw !== 'number' || typeof was.raw !== 'number') return raw
  const rest = scale / was.factor - was.raw
  const quotient = raw * was.factor
  return (quotient * rest) / (scale - quotient)
}

function variablesOf(
  { from, highWord }: PlannedPoint,
  columns: readonly { readonly oid: string }[],
  index: string,
  raw: Raw,
): readonly Place[] {
  const at = (column: number, part: Raw, isOneOf: boolean): readonly Place[] => {
    const oid = columns[column]?.oid
    return oid === undefined ? [] : [{ oid: oid + index, raw: part, isOneOf }]
  }
  if (highWord === undefined || typeof raw !== 'number') return from.flatMap((column) => at(column, raw, true))
  const whole = Math.round(raw)
  const high = Math.floor(whole / wordSize)
  return [...at(highWord, high, false), ...from.flatMap((column) => at(column, whole - high * wordSize, true))]
}

function keyOf(oid: Uint8Array): string {
  return Buffer.from(oid.buffer, oid.byteOffset, oid.length).toString('latin1')
}
