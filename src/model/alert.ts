import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'

/** What Alertmanager is told of an alarm. Times are wall clock; `labels` are its identity and never hold a value. */
export interface Alert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAt: Milliseconds
  /** Set once the alarm is resolved. */
  readonly endsAt: Milliseconds | undefined
}
