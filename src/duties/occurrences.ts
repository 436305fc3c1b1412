import {
  addDays,
  type Day,
  dayFrom,
  daysBetween,
  type Holidays,
  isWorkday,
  later,
  monthLength,
  nextSpan,
  partsOf,
  spanStart,
  weekdayOf,
} from '../model/calendar.ts'
import type { Duty, MonthDay, Recurrence } from '../model/duty.ts'

/** One time that a duty is to be done. Done between `opens` and `closes` (both included), it is this time that is done. */
export interface Occurrence {
  readonly due: Day
  readonly opens: Day
  readonly closes: Day
}

/** No workday is found so far away: a calendar that has none is wrong, and then the day stays. */
const furthestMove = 31

/**
 * Pure: the times of a duty with a fixed calendar that are due between two days, both included. A duty that counts from
 * when it was last done has none.
 */
export function occurrences(duty: Duty, from: Day, to: Day, holidays: Holidays): readonly Occurrence[] {
  const { recurrence } = duty
  switch (recurrence.kind) {
    case 'days':
      return []
    case 'span':
      return spanOccurrences(duty, recurrence.span, from, to, holidays)
    case 'month_days':
    case 'weekdays':
      return dayOccurrences(duty, recurrence, from, to, holidays)
  }
}

/** Once within each: due on its last day. What is done within the grace after it still counts for it. */
function spanOccurrences(
  duty: Duty,
  span: Extract<Recurrence, { kind: 'span' }>['span'],
  from: Day,
  to: Day,
  holidays: Holidays,
): readonly Occurrence[] {
  const found: Occurrence[] = []
  for (let opens = spanStart(from, span); opens <= to; opens = nextSpan(opens, span)) {
    const last = addDays(nextSpan(opens, span), -1)
    const due = moved(last, duty.moves, holidays)
    const closes = addDays(later(due, last), duty.grace)
    if (due >= from && due <= to) found.push({ due, opens, closes })
  }
  return found
}

/** On certain days: what is done nearer to one day than to its neighbours is done for that day, early or late. */
function dayOccurrences(
  duty: Duty,
  recurrence: Exclude<Recurrence, { kind: 'span' | 'days' }>,
  from: Day,
  to: Day,
  holidays: Holidays,
): readonly Occurrence[] {
  const margin = 'weekdays' in recurrence ? 14 : 800
  const days = plainDays(recurrence, addDays(from, -margin), addDays(to, margin)).map((day) =>
    moved(day, duty.moves, holidays),
  )
  return days.flatMap((due, n) => {
    const [before, after] = [days[n - 1], days[n + 1]]
    if (due < from || due > to || before === undefined || after === undefined) return []
    const opens = addDays(before, Math.floor(daysBetween(before, due) / 2) + 1)
    const half = addDays(due, Math.floor(daysBetween(due, after) / 2))
    const closes = addDays(due, duty.grace)
    return [{ due, opens, closes: later(closes, half) }]
  })
}

function plainDays(recurrence: Exclude<Recurrence, { kind: 'span' | 'days' }>, from: Day, to: Day): readonly Day[] {
  const found = new Set<Day>()
  if (recurrence.kind === 'weekdays') {
    for (let day = from; day <= to; day = addDays(day, 1))
      if (recurrence.weekdays.includes(weekdayOf(day))) found.add(day)
    return [...found]
  }
  for (let first = spanStart(from, 'month'); first <= to; first = nextSpan(first, 'month')) {
    const { month } = partsOf(first)
    if (recurrence.months.length > 0 && !recurrence.months.includes(month)) continue
    for (const one of recurrence.days) {
      const day = dayIn(first, one)
      if (day !== undefined && day >= from && day <= to) found.add(day)
    }
  }
  return [...found].sort()
}

/** The day of a month; undefined where it has none (a fifth Tuesday). The 31st of a shorter month is its last day. */
function dayIn(first: Day, wanted: MonthDay): Day | undefined {
  const { year, month } = partsOf(first)
  const length = monthLength(first)
  if (wanted.kind === 'day') {
    const number = wanted.day > 0 ? Math.min(wanted.day, length) : Math.max(1, length + 1 + wanted.day)
    return dayFrom(year, month, number)
  }
  const { weekday, nth } = wanted
  if (nth > 0) {
    const number = 1 + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1)
    return number > length ? undefined : dayFrom(year, month, number)
  }
  const last = dayFrom(year, month, length)
  const number = length - ((weekdayOf(last) - weekday + 7) % 7) + 7 * (nth + 1)
  return number < 1 ? undefined : dayFrom(year, month, number)
}

/** Pure: a day, or the nearest workday before or after it. */
export function moved(day: Day, to: Duty['moves'], holidays: Holidays): Day {
  if (to === undefined) return day
  const step = to === 'earlier' ? -1 : 1
  let workday = day
  for (let n = 0; n < furthestMove; n++) {
    if (isWorkday(workday, holidays)) return workday
    workday = addDays(workday, step)
  }
  return day
}
