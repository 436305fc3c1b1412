import type { Text } from './metric.ts'

/** What it takes for an item of a duty plan to be watched; all that is named. */
export interface PlanNeeds {
  /** Metrics by which it is seen, of some device. */
  readonly readings: readonly string[]
  /** Alarms that some device must have. */
  readonly alarms: readonly string[]
  /** A duty of the site that names the item, due at least so often. */
  readonly duty: { readonly written: string; readonly days: number } | undefined
  readonly drill: boolean
  /** A report on a schedule, of this period. */
  readonly report: 'week' | 'month' | 'quarter' | 'year' | undefined
  readonly ledger: boolean
  /** How siteward itself does it. */
  readonly siteward: string | undefined
  /** Why siteward cannot see it. */
  readonly outOfScope: string | undefined
}

/** One thing that a site owes. */
export interface PlanItem extends PlanNeeds {
  readonly id: string
  readonly section: string
  readonly text: Text
}

/** What a site owes by contract. */
export interface DutyPlan {
  readonly name: string
  readonly items: readonly PlanItem[]
}
