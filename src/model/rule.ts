import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'
import type { Metric, Text } from './metric.ts'
import type { Place } from './place.ts'

export const severities = ['warning', 'critical'] as const

export type Severity = (typeof severities)[number]

/** A number in the metric's base unit, or the newest reading of another metric with the same labels (a device's own). */
export type Limit =
  | { readonly kind: 'fixed'; readonly value: number }
  | { readonly kind: 'metric'; readonly metric: string }

/**
 * When a series breaks a rule. `hysteresis` is how far back inside the limit a value must come to be good again.
 * `states` are indexes into the state metric's states. `stale` looks at one series, `absent` at all of a device.
 */
export type Condition =
  | { readonly kind: 'within'; readonly low: Limit; readonly high: Limit; readonly hysteresis: number }
  | { readonly kind: 'above' | 'below'; readonly limit: Limit; readonly hysteresis: number }
  | { readonly kind: 'is' | 'not'; readonly states: ReadonlySet<number> }
  | { readonly kind: 'stale' | 'absent'; readonly after: Milliseconds }

/** A threshold or condition on the series of one metric of one device (Prometheus: alerting rule). */
export interface Rule {
  readonly alarm: string
  readonly metric: Metric
  /** Only series that have these labels. */
  readonly match: Labels
  readonly condition: Condition
  readonly for: Milliseconds
  readonly keepFiringFor: Milliseconds
  readonly severity: Severity
  /** More labels for the alert, e.g. the team to page. */
  readonly labels: Labels
  /** Templates with {value}, {limit}, {device}, {since} and the series' labels. */
  readonly summary: Text
  readonly runbook: string | undefined
  readonly place: Place
}
