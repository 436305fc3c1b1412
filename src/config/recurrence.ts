import type { Static } from 'typebox'
import { spans } from '../model/calendar.ts'
import type { MonthDay, Recurrence } from '../model/duty.ts'
import type { Spot } from './check.ts'
import type { Problems } from './problems.ts'
import type { duty as dutySchema } from './schemas/duty.ts'

type DutyText = Static<typeof dutySchema>

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth']

/** When a duty is due; undefined, with the problem, where it cannot be said. */
export function readRecurrence(
  { every, on, months }: DutyText,
  { tree, path }: Spot,
  problems: Problems,
): Recurrence | undefined {
  if ((every === undefined) === (on === undefined)) {
    const where = every === undefined ? tree.keyAt(path) : tree.keyAt([...path, 'on'])
    problems.add(where, 'when is it due?', 'give every: (month, 90d) or on: ([1, 15], third tuesday), one of them')
    return undefined
  }
  const days = on === undefined ? [] : Array.isArray(on) ? on : [on]
  const plain = days.filter((day) => typeof day === 'string' && weekdays.includes(day))
  if (months !== undefined && (every !== undefined || plain.length > 0)) {
    problems.add(tree.keyAt([...path, 'months']), 'months: goes with days of a month', 'as on: third tuesday')
    return undefined
  }
  if (every !== undefined) return readEvery(every)
  if (plain.length === days.length)
    return { kind: 'weekdays', weekdays: [...new Set(plain.map((day) => weekdays.indexOf(String(day)) + 1))].sort() }
  if (plain.length > 0 || days.includes(0)) {
    const wrong = plain.length > 0 ? 'days of the week stand beside days of the month' : 'a month has no day 0'
    problems.add(tree.at([...path, 'on']), wrong, 'make two duties of it, or write as first monday')
    return undefined
  }
  return { kind: 'month_days', days: days.map(monthDay), months: [...(months ?? [])].sort((a, b) => a - b) }
}

function readEvery(text: string): Recurrence {
  const span = spans.find((one) => one === text)
  if (span !== undefined) return { kind: 'span', span }
  const count = Number(text.slice(0, -1))
  return { kind: 'days', days: text.endsWith('w') ? 7 * count : count }
}

/** `15`, `-1` or `third tuesday`, which the schema has seen. */
function monthDay(day: string | number): MonthDay {
  if (typeof day === 'number') return { kind: 'day', day }
  const [ordinal = '', name = ''] = day.split(' ')
  return {
    kind: 'weekday',
    weekday: weekdays.indexOf(name) + 1,
    nth: ordinal === 'last' ? -1 : ordinals.indexOf(ordinal) + 1,
  }
}
