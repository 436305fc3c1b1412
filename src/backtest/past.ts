import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'

/** The past of one series: points in the order of time; the value NaN where a reading is missing. */
export interface PastOf {
  readonly metric: string
  readonly labels: Labels
  readonly points: readonly (readonly [at: Milliseconds, value: number])[]
}

/** What is asked of the past: these metrics of these devices, from one time to another. */
export interface Wanted {
  readonly devices: readonly string[]
  readonly metrics: readonly string[]
  readonly from: Milliseconds
  readonly to: Milliseconds
}

/** Where past readings come from. Rejects with PastError where they cannot be had. */
export interface Past {
  /** For people: `Prometheus at http://..`, `siteward at http://..`. */
  readonly name: string
  /** How far back it goes at most. */
  readonly reach: Milliseconds
  /** How much is asked for at once. */
  readonly span: Milliseconds
  read(wanted: Wanted): Promise<readonly PastOf[]>
}

/** Why the past cannot be read; for the operator. */
export class PastError extends Error {}

/** A stretch of time in which an alarm fired. */
export interface Fired {
  readonly alarm: string
  readonly severity: string
  readonly device: string
  /** The labels of its series, where they are known. */
  readonly own: Labels | undefined
  readonly from: Milliseconds
  /** Undefined while it still fires. */
  readonly to: Milliseconds | undefined
}
