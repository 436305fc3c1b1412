import type { Day, Span } from './calendar.ts'
import type { Labels } from './labels.ts'
import type { Metric, Text } from './metric.ts'
import type { Place } from './place.ts'

/** Certain days of a month: the nth (from its end where negative), or the nth weekday (1 is Monday) in it. */
export type MonthDay =
  | { readonly kind: 'day'; readonly day: number }
  | { readonly kind: 'weekday'; readonly weekday: number; readonly nth: number }

/** When a duty is due. */
export type Recurrence =
  /** Once within each week, month ..: on its last day at the latest. */
  | { readonly kind: 'span'; readonly span: Span }
  /** So many days after it was last done. */
  | { readonly kind: 'days'; readonly days: number }
  /** On these days of these months; every month where none is named. */
  | { readonly kind: 'month_days'; readonly days: readonly MonthDay[]; readonly months: readonly number[] }
  /** On these days of the week; 1 is Monday. */
  | { readonly kind: 'weekdays'; readonly weekdays: readonly number[] }

/** A value that a person reads and types in. */
export interface HandReading {
  /** By which the person names it; needed where a duty has several. */
  readonly name: string
  readonly device: string
  readonly metric: Metric
  readonly labels: Labels
}

/** Recurring work that no sensor shows. */
export interface Duty {
  readonly name: string
  readonly title: Text
  readonly recurrence: Recurrence
  /** To which workday it moves when it falls on a day off; undefined where it stays. */
  readonly moves: 'earlier' | 'later' | undefined
  /** Days after it was due until it is overdue. */
  readonly grace: number
  /** Since when it is owed; undefined: since siteward first heard of it. */
  readonly from: Day | undefined
  /** What of the duty plan it does, by its ids there. */
  readonly plan: readonly string[]
  /** What it is done to, for people. */
  readonly devices: readonly string[]
  /** What is read and typed in when it is done. */
  readonly readings: readonly HandReading[]
  readonly place: Place
}

/** A duty that was done, by the record. */
export interface Done {
  readonly day: Day
  /** When it was written down (wall clock). */
  readonly at: number
  readonly by: string
  readonly note: string
  /** In base units, by the names of readings. */
  readonly values: Readonly<Record<string, number>>
}
