import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'
import type { Metric, Text } from './metric.ts'
import type { Place } from './place.ts'
import type { Unit } from './unit.ts'

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

/** With what a series is compared in its group: the value in the middle, the mean, the lowest or the highest. */
export const references = ['median', 'mean', 'lowest', 'highest'] as const

export type Reference = (typeof references)[number]

/**
 * The number that is judged, where it is not the value itself. Over a time: `rate`, growth per second; `change`, the value
 * less that of then (of a counter, its growth); `changes`, how often the value changed; `forecast`, the value so far
 * `ahead` by a linear fit. Of several series: `spread`, the distance from the others that differ only in the labels
 * `among`; `count`, how many of the device's series fulfil a condition. Prometheus: rate(m[5m]), m - m offset 10m,
 * increase(m[10m]), changes(m[1h]), predict_linear(m[1h], 14400), abs(m - quantile(0.5, m)), count(m == 1).
 */
export type Measure =
  | { readonly kind: 'rate' | 'change' | 'changes'; readonly over: Milliseconds }
  | { readonly kind: 'forecast'; readonly ahead: Milliseconds; readonly over: Milliseconds }
  | {
      readonly kind: 'spread'
      readonly among: readonly string[]
      readonly from: Reference
      /** Whether the distance is divided by what it is measured from. */
      readonly isRelative: boolean
    }
  | { readonly kind: 'count'; readonly of: Condition }

/** A threshold or condition on the series of one metric of one device (Prometheus: alerting rule). */
export interface Rule {
  readonly alarm: string
  readonly metric: Metric
  /** Only series that have these labels. */
  readonly match: Labels
  /** What of the series is judged; undefined for the value itself. */
  readonly measure: Measure | undefined
  readonly condition: Condition
  readonly for: Milliseconds
  readonly keepFiringFor: Milliseconds
  readonly severity: Severity
  /** More labels for the alert, e.g. the team to page. */
  readonly labels: Labels
  /** Templates with {value}, {limit}, {place}, {since}, {duration} and the alert's labels. */
  readonly summary: Text
  /** What to check first, with the same placeholders. */
  readonly check: Text | undefined
  readonly runbook: string | undefined
  readonly place: Place
}

/** The unit of the number that a rule judges, and what stands behind it for people: `B/s`, `/s`. */
export function judgedUnit({ metric, measure }: Pick<Rule, 'metric' | 'measure'>): Unit {
  switch (measure?.kind) {
    case 'rate':
      return rateUnits[metric.unit] ?? metric.unit
    case 'changes':
    case 'count':
      return 'none'
    case 'spread':
      return measure.isRelative ? 'ratio' : metric.unit
    default:
      return metric.unit
  }
}

/** What grows by one of these a second: joules a second are watts. */
const rateUnits: Readonly<Partial<Record<Unit, Unit>>> = {
  bytes: 'bytes_per_second',
  joules: 'watts',
  seconds: 'ratio',
}
