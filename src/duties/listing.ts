import type { Day } from '../model/calendar.ts'
import type { HandReading } from '../model/duty.ts'
import type { Labels } from '../model/labels.ts'
import { stateName, type Text } from '../model/metric.ts'
import { formatValue } from '../model/unit.ts'
import { type Known, standingOf, tally, turnsOf } from './standing.ts'
import { recurrenceText } from './texts.ts'

/** A duty as it is listed and answered over HTTP. */
export interface ListedDuty {
  readonly name: string
  readonly title: Text
  readonly when: Text
  readonly plan: readonly string[]
  readonly devices: readonly string[]
  readonly due: Day
  readonly state: 'due_later' | 'due_today' | 'overdue'
  readonly overdue_days: number
  readonly last: ListedDone | null
  readonly readings: readonly ListedReading[]
  /** Of all times since it is owed. */
  readonly turns: { readonly due: number; readonly in_time: number; readonly late: number; readonly missed: number }
}

interface ListedDone {
  readonly day: Day
  readonly by: string
  readonly note: string
}

interface ListedReading {
  readonly name: string
  readonly device: string
  readonly metric: string
  readonly labels: Labels
  /** In base units; null before it was first typed in. */
  readonly value: number | null
  readonly text: string
}

/** Pure: a duty for people and programs, as of a day. */
export function listedDuty(known: Known, today: Day): ListedDuty {
  const { duty } = known
  const { last, due, isOverdue, overdueDays } = standingOf(known, today)
  const { due: count, inTime, late, missed } = tally(turnsOf(known, today), known.since, '9999-12-31')
  return {
    name: duty.name,
    title: duty.title,
    when: { en: recurrenceText(duty.recurrence, 'en'), zh: recurrenceText(duty.recurrence, 'zh') },
    plan: duty.plan,
    devices: duty.devices,
    due,
    state: isOverdue ? 'overdue' : due <= today ? 'due_today' : 'due_later',
    overdue_days: overdueDays,
    last: last === undefined ? null : { day: last.day, by: last.by, note: last.note },
    readings: duty.readings.map((reading) => listedReading(reading, last?.values[reading.name])),
    turns: { due: count, in_time: inTime, late, missed },
  }
}

function listedReading({ name, device, metric, labels }: HandReading, value: number | undefined): ListedReading {
  const text =
    value === undefined ? '' : metric.kind === 'state' ? stateName(metric, value) : formatValue(value, metric.unit)
  return { name, device, metric: metric.name, labels, value: value ?? null, text }
}
