import type { Day, Span } from './calendar.ts'
import type { Language } from './metric.ts'

/** What a report is about: the whole of one of these. */
export const reportPeriods = ['week', 'month', 'quarter', 'half_year', 'year'] as const satisfies readonly Span[]

export type ReportPeriod = (typeof reportPeriods)[number]

/** What a report is written as. */
export const reportForms = ['html', 'pdf', 'xlsx'] as const

export type ReportForm = (typeof reportForms)[number]

/** A report that siteward writes by itself, on the day after each period. */
export interface PlannedReport {
  readonly name: string
  readonly period: ReportPeriod
  /** Of devices of these classes only; all where none is named. */
  readonly classes: readonly string[]
  readonly language: Language
  readonly forms: readonly ReportForm[]
  /** Minutes after midnight. */
  readonly at: number
  /** How many of it are kept in the folder; the oldest go first. */
  readonly keep: number
}

/** The site's reports on a schedule. */
export interface SiteReports {
  readonly folder: string
  /** Whether Alertmanager is told of each that was written. */
  readonly announce: boolean
  readonly schedule: readonly PlannedReport[]
}

/** How the file of a planned report is called; `from` is the first day that it is about. */
export function reportFile(name: string, from: Day, form: ReportForm): string {
  return `${name}-${from}.${form}`
}
