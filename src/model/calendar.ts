import { Temporal } from 'temporal-polyfill'
import type { Milliseconds } from './clock.ts'

/** A day as ISO 8601 has it, `2026-03-17`: such texts sort by time. */
export type Day = string

/** The days off and the exchanged workdays of a country; what stands in neither is Monday to Friday. */
export interface Holidays {
  /** Days off, with their names for people where they have one. */
  readonly off: ReadonlySet<Day>
  /** Saturdays and Sundays on which people work in exchange. */
  readonly work: ReadonlySet<Day>
  /** The last year that the calendar knows; undefined where there is no calendar. */
  readonly until: number | undefined
}

/** Monday to Friday, all year. */
export const noHolidays: Holidays = { off: new Set(), work: new Set(), until: undefined }

/** Whether there is such a day. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' })
    return true
  } catch {
    return false
  }
}

/** The day on which a moment (wall clock) falls in a time zone. */
export function dayOf(wall: Milliseconds, timeZone: string): Day {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(wall)).toZonedDateTimeISO(timeZone).toPlainDate().toString()
}

/** When a day begins in a time zone (wall clock): where its clocks skip midnight, the first moment there is. */
export function startOf(day: Day, timeZone: string): Milliseconds {
  return Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds
}

/** The later of two days. */
export function later(a: Day, b: Day): Day {
  return [a, b].sort().at(1) ?? b
}

/** The day so many days later, or earlier. */
export function addDays(day: Day, days: number): Day {
  return Temporal.PlainDate.from(day).add({ days }).toString()
}

/** The day so many months later; the last of its month where that is shorter. */
export function addMonths(day: Day, months: number): Day {
  return Temporal.PlainDate.from(day).add({ months }, { overflow: 'constrain' }).toString()
}

/** Days from one to another. */
export function daysBetween(from: Day, to: Day): number {
  return Temporal.PlainDate.from(from).until(to, { largestUnit: 'days' }).days
}

/** 1 is Monday. */
export function weekdayOf(day: Day): number {
  return Temporal.PlainDate.from(day).dayOfWeek
}

/** Year, month and day of the month. */
export function partsOf(day: Day): { readonly year: number; readonly month: number; readonly dayOfMonth: number } {
  const { year, month, day: dayOfMonth } = Temporal.PlainDate.from(day)
  return { year, month, dayOfMonth }
}

/** The day of these numbers; the last of its month where the month is shorter. */
export function dayFrom(year: number, month: number, dayOfMonth: number): Day {
  return Temporal.PlainDate.from({ year, month, day: dayOfMonth }, { overflow: 'constrain' }).toString()
}

/** How many days the month of a day has. */
export function monthLength(day: Day): number {
  return Temporal.PlainDate.from(day).daysInMonth
}

/** Whether people work on a day. */
export function isWorkday(day: Day, { off, work }: Holidays): boolean {
  if (off.has(day)) return false
  return work.has(day) || weekdayOf(day) <= 5
}

/** The stretches of time that people read by: three a month are xun (旬, the 1st, 11th and 21st begin them). */
export const spans = ['day', 'week', 'xun', 'month', 'quarter', 'half_year', 'year'] as const

export type Span = (typeof spans)[number]

/** The first day of the stretch in which a day falls. */
export function spanStart(day: Day, span: Span): Day {
  const { year, month, dayOfMonth } = partsOf(day)
  switch (span) {
    case 'day':
      return day
    case 'week':
      return addDays(day, 1 - weekdayOf(day))
    case 'xun':
      return dayFrom(year, month, dayOfMonth > 20 ? 21 : dayOfMonth > 10 ? 11 : 1)
    case 'month':
      return dayFrom(year, month, 1)
    case 'quarter':
      return dayFrom(year, month - ((month - 1) % 3), 1)
    case 'half_year':
      return dayFrom(year, month > 6 ? 7 : 1, 1)
    case 'year':
      return dayFrom(year, 1, 1)
  }
}

/** The first day of the stretch after the one in which a day falls. */
export function nextSpan(day: Day, span: Span): Day {
  const start = spanStart(day, span)
  switch (span) {
    case 'day':
      return addDays(start, 1)
    case 'week':
      return addDays(start, 7)
    case 'xun': {
      const { dayOfMonth } = partsOf(start)
      return dayOfMonth === 21 ? addMonths(spanStart(start, 'month'), 1) : addDays(start, 10)
    }
    case 'month':
      return addMonths(start, 1)
    case 'quarter':
      return addMonths(start, 3)
    case 'half_year':
      return addMonths(start, 6)
    case 'year':
      return addMonths(start, 12)
  }
}
