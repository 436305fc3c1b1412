import { Temporal } from 'temporal-polyfill'
import type { Milliseconds } from './clock.ts'

/** A day as ISO 8601 has it, `2026-03-17`: such texts sort by time. */
export type Day = string

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
