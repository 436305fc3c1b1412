import type { Milliseconds } from './clock.ts'
import type { Fault } from './fault.ts'
import type { Series } from './series.ts'

/**
 * What one poll read of one series. For a number metric `value` is in the metric's base unit; for a state metric it is
 * the index into `metric.states`; for an info metric it is 1. NaN says "the device reports it as not available", which
 * is neither 0 nor a fault.
 */
export interface Reading {
  readonly series: Series
  readonly value: number
}

/** The outcome of one poll: what came and why the rest did not, both, always. */
export interface PollResult {
  readonly readings: readonly Reading[]
  readonly faults: readonly Fault[]
  /** Requests that went out on the wire. */
  readonly requests: number
  /** Values that came but cannot be: each names the point and the value. They are not among the readings. */
  readonly doubts: readonly string[]
}

/** A poll as the frame reports it: the result with how long it took. */
export interface Poll extends PollResult {
  readonly duration: Milliseconds
}

/** What a poll came to: all that was asked for, some of it, or nothing. */
export type PollOutcome = 'good' | 'partial' | 'failed'

export function outcomeOf({ readings, faults }: Pick<PollResult, 'readings' | 'faults'>): PollOutcome {
  if (faults.length === 0) return 'good'
  return readings.length > 0 ? 'partial' : 'failed'
}
