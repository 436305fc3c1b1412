import { Temporal } from 'temporal-polyfill'
import type { Milliseconds } from '../model/clock.ts'
import { labelsMatch } from '../model/labels.ts'
import type { DayRange, QuietScope, QuietTime } from '../model/quiet.ts'
import type { FiringAlarm } from './hold.ts'

/** One time that a window lasts: wall clock, the end not included. */
export interface Occurrence {
  readonly from: Milliseconds
  readonly to: Milliseconds
}

type Recurring = Extract<QuietTime, { readonly kind: 'recurring' }>

const minutesOfDay = 1440

/**
 * The occurrence of a window that holds at `now` (wall clock), undefined where none does. Where the clocks are set
 * forward within it, an end that is skipped is as much later; where they are set back, what is there twice is in it both
 * times: a window is never shorter than it is written.
 */
export function occurrenceAt(time: QuietTime, now: Milliseconds, timeZone: string): Occurrence | undefined {
  if (time.kind === 'once') return now >= time.from && now < time.to ? { from: time.from, to: time.to } : undefined
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate()
  // One that began yesterday may go on past midnight; the clocks may have been set over midnight.
  for (const days of [0, -1, 1]) {
    const day = today.add({ days })
    if (!isOn(time, day)) continue
    const found = occurrenceOn(time, day, timeZone)
    if (now >= found.from && now < found.to) return found
  }
  return undefined
}

function occurrenceOn({ from, to }: Recurring, day: Temporal.PlainDate, timeZone: string): Occurrence {
  const end = to <= from ? day.add({ days: 1 }) : day
  return { from: momentOn(day, from, timeZone, 'earlier'), to: momentOn(end, to, timeZone, 'later') }
}

/** A local time as wall clock; 24:00 is the midnight that ends the day. */
function momentOn(
  day: Temporal.PlainDate,
  minutes: number,
  timeZone: string,
  disambiguation: 'earlier' | 'later',
): Milliseconds {
  const date = minutes === minutesOfDay ? day.add({ days: 1 }) : day
  const minute = minutes % minutesOfDay
  const local = date.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 })
  return local.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
}

function isOn({ weekdays, daysOfMonth, months }: Recurring, day: Temporal.PlainDate): boolean {
  if (months.length > 0 && !months.includes(day.month)) return false
  if (weekdays.length > 0 && !weekdays.includes(day.dayOfWeek)) return false
  return daysOfMonth.length === 0 || daysOfMonth.some((range) => isIn(day.day, day.daysInMonth, range))
}

/** Negative days count from the end of the month: -1 is its last. */
function isIn(day: number, length: number, { first, last }: DayRange): boolean {
  const fromEnd = day - length - 1
  return (first < 0 ? fromEnd : day) >= first && (last < 0 ? fromEnd : day) <= last
}

/** Whether a window is about an alarm. */
export function isUnder(
  { devices, alarms, match }: QuietScope,
  alarm: Pick<FiringAlarm, 'device' | 'alarm' | 'labels'>,
) {
  if (devices.length > 0 && !devices.includes(alarm.device)) return false
  if (alarms.length > 0 && !alarms.includes(alarm.alarm)) return false
  return labelsMatch(alarm.labels, match)
}
