import type { Day } from '../model/calendar.ts'
import type { Done, Duty } from '../model/duty.ts'
import type { Labels } from '../model/labels.ts'
import { aboutNoAlarm, type RecordEvent } from '../model/record.ts'

/** What the record knows of a duty. */
export interface Recorded {
  /** When siteward first heard of it (wall clock); undefined where it has not yet. */
  readonly plannedAt: number | undefined
  /** In the order of their days. */
  readonly done: readonly Done[]
}

/** What stands before the name of a reading, as a label of an entry. */
const valuePrefix = 'value_'

/** Pure: the entry of a duty that siteward hears of for the first time. */
export function planned(duty: string, at: number): RecordEvent {
  return entry({ duty, action: 'planned' }, at, '', '')
}

/** Pure: the entry of a duty that was done. */
export function doneEntry(duty: string, { day, at, by, note, values }: Done): RecordEvent {
  const typed = Object.entries(values).map(([name, value]) => [valuePrefix + name, String(value)])
  return entry({ duty, action: 'done', day, ...Object.fromEntries(typed) }, at, by, note)
}

/** Pure: the entry by which the last time that a duty was done is taken back. */
export function withdrawn(duty: string, at: number, by: string, note: string): RecordEvent {
  return entry({ duty, action: 'withdrawn' }, at, by, note)
}

function entry(own: Labels, at: number, by: string, note: string): RecordEvent {
  return { ...aboutNoAlarm, kind: 'duty', at, own, by, note }
}

/** Pure: what entries of the record say of each duty. */
export function recorded(events: readonly RecordEvent[]): ReadonlyMap<string, Recorded> {
  const found = new Map<string, Recorded>()
  for (const event of events) {
    const { duty, action } = event.own
    if (event.kind !== 'duty' || duty === undefined) continue
    found.set(duty, next(found.get(duty) ?? { plannedAt: undefined, done: [] }, action ?? '', event))
  }
  for (const [duty, one] of found) found.set(duty, { ...one, done: one.done.toSorted(byDay) })
  return found
}

function next(known: Recorded, action: string, event: RecordEvent): Recorded {
  switch (action) {
    case 'planned':
      return { ...known, plannedAt: known.plannedAt ?? event.at }
    case 'done':
      return { ...known, done: [...known.done, doneOf(event)] }
    case 'withdrawn':
      return { ...known, done: withoutLast(known.done) }
    default:
      return known
  }
}

/** Without what was written down last, whatever day it was for. */
function withoutLast(done: readonly Done[]): readonly Done[] {
  const last = Math.max(...done.map(({ at }) => at))
  const index = done.findLastIndex(({ at }) => at === last)
  return done.filter((_, n) => n !== index)
}

function doneOf({ own, at, by, note }: RecordEvent): Done {
  const values = Object.entries(own).flatMap(([name, text]) => {
    const value = Number(text)
    return name.startsWith(valuePrefix) && Number.isFinite(value) ? [[name.slice(valuePrefix.length), value]] : []
  })
  return { day: own['day'] ?? '', at, by, note, values: Object.fromEntries(values) }
}

function byDay(a: Done, b: Done): number {
  return a.day < b.day ? -1 : a.day > b.day ? 1 : a.at - b.at
}

/** Since when a duty is owed: as it says, or since siteward first heard of it. */
export function sinceOf({ from }: Duty, heard: Day): Day {
  return from ?? heard
}
