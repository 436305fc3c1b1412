import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'
import type { Metric } from './metric.ts'

/** The stretches of time for which readings are rolled up; three xun (旬, about ten days) are a month. */
export const levels = ['hour', 'day', 'xun', 'month'] as const

export type Level = (typeof levels)[number]

/**
 * Readings are looked at on each full minute: what stands on /metrics then is one sample. It is what a Prometheus sees
 * that is asked for the same minutes, so that both come to the same figures.
 */
export const grid: Milliseconds = 60_000

/**
 * What is kept of one series in a stretch of time: the lowest and the highest sample, their sum, how many there were, and
 * how many of them broke a rule on their value. Of a counter `sum` is how much it grew from minute to minute, and
 * `outside` how often it began anew. Of a state only the two counts mean something. All of it can be added up.
 */
export interface Rolled {
  readonly low: number
  readonly high: number
  readonly sum: number
  readonly count: number
  readonly outside: number
}

/** The same of many series side by side, each known by a number. */
export interface Columns {
  readonly ids: Uint32Array
  readonly counts: Uint32Array
  readonly outsides: Uint32Array
  readonly lows: Float64Array
  readonly highs: Float64Array
  readonly sums: Float64Array
}

/** A series as roll-ups know it, whatever its number in a process. */
export interface RolledSeries {
  readonly metric: string
  /** Without site and device. */
  readonly labels: Labels
}

/** For how long roll-ups are kept, and how much of the disk they may take. */
export interface RollUpPlan {
  readonly keep: Readonly<Record<Level, Milliseconds>>
  /** The most that they may take; above it the oldest hours go first, then the oldest days. */
  readonly bytes: number
}

/** The only metric of siteward itself that is rolled up: whether a device answered. */
export const upMetric = 'siteward_device_up'

/** Whether a metric is rolled up: a quantity or a state of a device; of facts and points in time there is no average. */
export function isRolledUp({ kind, name, unit }: Metric): boolean {
  if (name === upMetric) return true
  return kind !== 'info' && unit !== 'timestamp' && !name.startsWith('siteward_')
}

/** Both together. */
export function merged(a: Rolled, b: Rolled): Rolled {
  return {
    low: lesser(a.low, b.low),
    high: greater(a.high, b.high),
    sum: a.sum + b.sum,
    count: a.count + b.count,
    outside: a.outside + b.outside,
  }
}

/** Nothing yet. */
export const nothingRolled: Rolled = { low: Number.NaN, high: Number.NaN, sum: 0, count: 0, outside: 0 }

/** NaN is no value. */
function lesser(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b
}

function greater(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b
}
