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

/** How an Alertmanager holds an alert (its API v2: GettableAlert), or why it could not be asked. */
export interface HeldAlert {
  readonly state: 'active' | 'suppressed' | 'unprocessed' | 'absent' | 'unreachable'
  /** The receivers that its routing tree finds. */
  readonly receivers: readonly string[]
  /** Silences and inhibiting alerts, by their names in Alertmanager. */
  readonly suppressedBy: readonly string[]
  readonly why: string
}
