import type { Milliseconds } from './clock.ts'

/** What a probe knows of the events that its device tells by itself (SNMP: traps). */
export interface DeclaredEvent {
  /** The identifiers that say it has begun; each makes siteward poll the device at once. */
  readonly on: readonly string[]
  /** The identifiers that say it is over. */
  readonly clear: readonly string[]
  /** The label of its series, on which rules may stand; undefined where it only makes siteward poll. */
  readonly name: string | undefined
  /** After how long it is taken for over where nothing says so. */
  readonly lasts: Milliseconds
}

/** The metric of events: 1 while one lasts; its entry is in config/metrics.yaml. */
export const eventMetric = 'siteward_event_active'
