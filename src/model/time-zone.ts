import { Temporal } from 'temporal-polyfill'
import type { Milliseconds } from './clock.ts'

/** What a local time stands for that the clocks skip, or that is there twice: the earlier moment or the later. */
export type Disambiguation = 'earlier' | 'later'

let ofSystem: string | undefined

/** The time zone of the machine. Not before somebody asks: the tables of the world's dates take 20 ms to load. */
export function systemTimeZone(): string {
  ofSystem ??= Intl.DateTimeFormat().resolvedOptions().timeZone
  return ofSystem
}

/** Whether the time zone database has a zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** A local date and time (`2026-12-01 22:00`) as wall clock; undefined where there is no such day or hour. */
export function localMoment(text: string, timeZone: string, which: Disambiguation): Milliseconds | undefined {
  try {
    const local = Temporal.PlainDateTime.from(text.trim().replace(' ', 'T'), { overflow: 'reject' })
    return local.toZonedDateTime(timeZone, { disambiguation: which }).epochMilliseconds
  } catch {
    return undefined
  }
}

/** Wall clock as the local date and time with its offset from UTC: `2026-12-01 22:00 +08:00`. */
export function localTime(wall: Milliseconds, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.round(wall)).toZonedDateTimeISO(timeZone)
  const [date, time] = local.toPlainDateTime().toString({ smallestUnit: 'minute' }).split('T')
  return `${date} ${time} ${local.offset}`
}
