import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'

/** The stretches of time for which readings are rolled up; three xun (旬, about ten days) are a month. */
export const levels = ['hour', 'day', 'xun', 'month'] as const

export type Level = (typeof levels)[number]

/**
 * What is kept of the readings of one series in a stretch of time. Of a counter `sum` is how much it grew, `low` and
 * `high` its first and last value; of a state only the times count.
 */
export interface Rolled {
  readonly low: number
  readonly high: number
  readonly sum: number
  /** Readings that came. */
  readonly count: number
  /** For how long there were readings. */
  readonly known: Milliseconds
  /** For how long they broke a rule on their value. */
  readonly outside: Milliseconds
}

/** A series as roll-ups know it, whatever its number in a process. */
export interface RolledSeries {
  readonly metric: string
  readonly device: string
  /** Without site and device. */
  readonly labels: Labels
}

/** What is rolled up beside the series that have limits, and how much of the disk it may take. */
export interface RollUpPlan {
  /** More metrics that are kept, as a counter of energy. */
  readonly metrics: readonly string[]
  readonly keep: Readonly<Record<Level, Milliseconds>>
  /** The most that the database may take; above it the oldest hours go first, then the oldest days. */
  readonly bytes: number
}

/** Both together; of stretches side by side the one for all of them. */
export function merged(a: Rolled, b: Rolled): Rolled {
  return {
    low: lesser(a.low, b.low),
    high: greater(a.high, b.high),
    sum: a.sum + b.sum,
    count: a.count + b.count,
    known: a.known + b.known,
    outside: a.outside + b.outside,
  }
}

/** NaN is no value. */
function lesser(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)
}

function greater(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)
}

/** The name of a series in one text. */
export function seriesKey({ metric, device, labels }: RolledSeries): string {
  return JSON.stringify([metric, device, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}
