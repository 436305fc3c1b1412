import { addDays, type Day, nextSpan, spanStart, startOf } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { ReportPeriod } from '../model/report.ts'
import type { Stretch } from '../rollup/stretches.ts'

/** What a report is about, in days and in stretches for its charts. */
export interface Covered {
  readonly from: Day
  readonly to: Day
  readonly stretches: readonly Stretch[]
  readonly end: Milliseconds
}

const hour: Milliseconds = 3_600_000

/** Pure: the whole week, month .. in which a day falls: a week by hours, all else by days. */
export function coveredBy(period: ReportPeriod, day: Day, timeZone: string): Covered {
  const [from, after] = [spanStart(day, period), nextSpan(day, period)]
  const stretches: Stretch[] = []
  for (let at = from; at < after; at = addDays(at, 1)) {
    const [start, end] = [startOf(at, timeZone), startOf(addDays(at, 1), timeZone)]
    if (period !== 'week') stretches.push({ start, end })
    else
      for (let from = start; from < end; from += hour) stretches.push({ start: from, end: Math.min(end, from + hour) })
  }
  return { from, to: addDays(after, -1), stretches, end: startOf(after, timeZone) }
}

/** Pure: the last day of the period before the one in which a day falls. */
export function dayBefore(period: ReportPeriod, day: Day): Day {
  return addDays(spanStart(day, period), -1)
}
