import { addDays, type Day, dayOf, nextSpan, type Span, spanStart, startOf } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Level } from '../model/roll-up.ts'

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
  const day = dayAt(dayOf(wall, timeZone), timeZone)
  const start = day.start + Math.floor((wall - day.start) / hour) * hour
  return { start, end: Math.min(start + hour, day.end) }
}

/** Pure: a day. */
export function dayAt(day: Day, timeZone: string): Stretch {
  return { start: startOf(day, timeZone), end: startOf(addDays(day, 1), timeZone) }
}

/** Pure: the stretch of a level in which a day falls. */
export function stretchAt(day: Day, level: Exclude<Level, 'hour'>, timeZone: string): Stretch {
  return spanAt(day, level, timeZone)
}

/** Pure: the week, month, year .. in which a day falls. */
export function spanAt(day: Day, span: Span, timeZone: string): Stretch {
  return { start: startOf(spanStart(day, span), timeZone), end: startOf(nextSpan(day, span), timeZone) }
}

/** Pure: the starts of the hours of a day. */
export function hoursOf({ start, end }: Stretch): readonly Milliseconds[] {
  const starts: Milliseconds[] = []
  for (let at = start; at < end; at += hour) starts.push(at)
  return starts
}
