import type { Point } from '../../src/model/probe.ts'
import { addressKeys } from './register.ts'
import type { PointSpec } from './schema.ts'

/** Registers have this many bits. */
const wordBits = 16

/**
 * A point that stands for a row of like values (the cells of a battery, the breakers of a cabinet) as one point each;
 * any other point as it is. Their labels are their names, or count up from `from`.
 */
export function repeated(point: Point<PointSpec>): readonly Point<PointSpec>[] {
  const { repeat, ...single } = point.spec
  if (repeat === undefined) return [point]
  const { count, step = 1, label, from = 1, names = [] } = repeat
  return Array.from({ length: count }, (_, i) => ({
    ...point,
    spec: { ...moved(single, i * step), labels: { ...single.labels, [label]: names[i] ?? String(from + i) } },
  }))
}

/** A point `by` places on: bits where it is a bit of a register, else addresses. */
function moved(spec: PointSpec, by: number): PointSpec {
  const bit = spec.bit === undefined ? undefined : spec.bit + by
  const words = bit === undefined ? by : Math.floor(bit / wordBits)
  const addresses = addressKeys.flatMap((key) => {
    const address = spec[key]
    return address === undefined ? [] : [[key, address + words] as const]
  })
  return { ...spec, ...Object.fromEntries(addresses), ...(bit === undefined ? {} : { bit: bit % wordBits }) }
}
