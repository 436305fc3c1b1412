import { type Day, dayOf, nextSpan, type Span, spanStart, startOf } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'

/** A stretch of time (wall clock), its end not included. */
export interface Stretch {
  readonly start: Milliseconds
  readonly end: Milliseconds
}

const hour: Milliseconds = 3_600_000

/**
 * Pure: the hour in which a moment falls: whole hours from midnight of the time zone on, so that a day is made of hours
 * wherever it is, also where its clocks are half an hour off or are set.
 */
export function hourAt(wall: Milliseconds, timeZone: string): Stretch {
  const day = stretchAt(dayOf(wall, timeZone), 'day', timeZone)
  const start = day.start + Math.floor((wall - day.start) / hour) * hour
  return { start, end: Math.min(start + hour, day.end) }
}

/** Pure: the day, week, xun, month .. in which a day falls. */
export function stretchAt(day: Day, span: Span, timeZone: string): Stretch {
  return { start: startOf(spanStart(day, span), timeZone), end: startOf(nextSpan(day, span), timeZone) }
}
