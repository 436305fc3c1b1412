import type { Unit } from '../../src/model/unit.ts'

/** What a sensor's unit (in FreeIPMI's words) means in a metric's base unit. */
interface Fit {
  readonly factor: number
  readonly offset: number
}

const plain: Fit = { factor: 1, offset: 0 }

const fits: Partial<Record<Unit, Readonly<Record<string, Fit>>>> = {
  celsius: { C: plain, F: { factor: 5 / 9, offset: -160 / 9 }, K: { factor: 1, offset: -273.15 } },
  rpm: { RPM: plain },
  ratio: { '%': { factor: 0.01, offset: 0 } },
  volts: { V: plain },
  amperes: { A: plain },
  watts: { W: plain },
  joules: { J: plain },
  hertz: { Hz: plain },
}

/** How a sensor's reading becomes the metric's unit; undefined when the two do not go together. */
export function fitOf(unit: string, metric: Unit): Fit | undefined {
  if (metric === 'none') return plain
  const table = fits[metric] ?? {}
  return Object.hasOwn(table, unit) ? table[unit] : undefined
}

/** The number in the metric's unit, to 12 digits: 77 °F is 25 °C and not 25.000000000000004. */
export function applyFit(number: number, { factor, offset }: Fit): number {
  return Number((number * factor + offset).toPrecision(12))
}
