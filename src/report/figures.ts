import type { Device } from '../model/device.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Rolled } from '../model/roll-up.ts'
import type { Stretch } from '../rollup/stretches.ts'

/** One series over a period: as a whole, and stretch by stretch for its chart; NaN where there is nothing. */
export interface SeriesFigures {
  readonly metric: Metric
  /** Without site and device. */
  readonly labels: Labels
  readonly total: Rolled
  readonly lows: Float64Array
  readonly averages: Float64Array
  readonly highs: Float64Array
}

/** Where figures come from. Rejects with FiguresError where they cannot be had. */
export interface FigureSource {
  /** For people: `roll-ups`, `Prometheus at http://..`. */
  readonly name: string
  /** The figures of one device over stretches side by side, series by series in an order that is always the same. */
  read(device: Device, stretches: readonly Stretch[]): Promise<readonly SeriesFigures[]>
}

/** Why there are no figures; for the operator. */
export class FiguresError extends Error {}

/** The average of what was rolled up: of a counter there is none. */
export function averageOf({ sum, count }: Rolled, { kind }: Metric): number {
  return kind === 'gauge' && count > 0 ? sum / count : Number.NaN
}

/**
 * How much a counter grew: from the first reading to the last, time without readings included; where it began anew in
 * between, what is known to the minute.
 */
export function growthOf({ low, high, sum, outside }: Rolled): number {
  return outside === 0 ? high - low : sum
}

/** By metric and labels, so that a report made again is the same. */
export function inOrder(all: readonly SeriesFigures[]): readonly SeriesFigures[] {
  const key = ({ metric, labels }: SeriesFigures): string =>
    `${metric.name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`
  const keyed = all.map((one) => [key(one), one] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one)
}
