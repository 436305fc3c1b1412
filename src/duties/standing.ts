import { addDays, type Day, daysBetween, type Holidays } from '../model/calendar.ts'
import type { Done, Duty, Recurrence } from '../model/duty.ts'
import { moved, type Occurrence, occurrences } from './occurrences.ts'

/** One time that a duty was to be done, and whether it was. */
export interface Turn {
  readonly due: Day
  readonly done: Done | undefined
  /** `late` was done after its grace; `missed` was not done while it could be; `open` can still be. */
  readonly state: 'in_time' | 'late' | 'missed' | 'open' | 'overdue'
}

/** How a duty stands on a day. */
export interface Standing {
  readonly last: Done | undefined
  /** When it is to be done next. */
  readonly due: Day
  /** Whether it should have been done by now. */
  readonly isOverdue: boolean
  /** Days since it is overdue; 0 where it is not. */
  readonly overdueDays: number
}

/** What is known of a duty. */
export interface Known {
  readonly duty: Duty
  /** Since when it is owed. */
  readonly since: Day
  /** In the order of their days. */
  readonly done: readonly Done[]
  readonly holidays: Holidays
}

/** The next time lies no further ahead than the longest pause between two: a duty of one month a year. */
const furthestAhead = 400

/** Pure: every time that the duty was to be done from `since` on, with what became of it by today, and the next one. */
export function turnsOf({ duty, since, done, holidays }: Known, today: Day): readonly Turn[] {
  const { recurrence } = duty
  return recurrence.kind === 'days'
    ? countedTurns({ duty, since, done, holidays }, recurrence, today)
    : calendarTurns(occurrences(duty, since, addDays(today, furthestAhead), holidays), done, duty.grace, today)
}

function calendarTurns(
  times: readonly Occurrence[],
  done: readonly Done[],
  grace: number,
  today: Day,
): readonly Turn[] {
  const byTime = assigned(times, done)
  const turns: Turn[] = []
  for (const [n, time] of times.entries()) {
    const found = byTime[n]
    turns.push({ due: time.due, done: found, state: stateOf(time, found, grace, today) })
    // Of what is yet to come only the next is of interest.
    if (found === undefined && time.due >= today) break
  }
  return turns
}

/** Each time that something was done counts for the first time of the calendar that it fits and that is not done yet. */
function assigned(times: readonly Occurrence[], done: readonly Done[]): readonly (Done | undefined)[] {
  const found: (Done | undefined)[] = times.map(() => undefined)
  for (const one of done) {
    const n = times.findIndex(({ opens, closes }, i) => found[i] === undefined && opens <= one.day && one.day <= closes)
    if (n >= 0) found[n] = one
  }
  return found
}

function stateOf({ due, closes }: Occurrence, done: Done | undefined, grace: number, today: Day): Turn['state'] {
  const limit = addDays(due, grace)
  if (done !== undefined) return done.day <= limit ? 'in_time' : 'late'
  if (today <= limit) return 'open'
  return today <= closes ? 'overdue' : 'missed'
}

/** So many days after the last time: each is due when the one before was done. */
function countedTurns(
  { duty, since, done, holidays }: Known,
  { days }: Extract<Recurrence, { kind: 'days' }>,
  today: Day,
): readonly Turn[] {
  const turns: Turn[] = []
  // A duty that says from when it is owed is due on that day; one that was only heard of then, a pause later.
  let due = moved(duty.from ?? addDays(since, days), duty.moves, holidays)
  for (const one of done) {
    turns.push({ due, done: one, state: one.day <= addDays(due, duty.grace) ? 'in_time' : 'late' })
    due = moved(addDays(one.day, days), duty.moves, holidays)
  }
  const state = today <= addDays(due, duty.grace) ? 'open' : 'overdue'
  return [...turns, { due, done: undefined, state }]
}

/** Pure: how a duty stands today. One that was missed stays overdue until it is done again. */
export function standingOf(known: Known, today: Day): Standing {
  const turns = turnsOf(known, today)
  const last = known.done.at(-1)
  const lastDone = turns.findLastIndex(({ done }) => done !== undefined)
  const owed = turns.slice(lastDone + 1).find(({ state }) => state === 'missed' || state === 'overdue')
  const next = turns.find(({ state }, n) => n > lastDone && (state === 'open' || state === 'overdue'))
  const due = next?.due ?? turns.at(-1)?.due ?? known.since
  if (owed === undefined) return { last, due, isOverdue: false, overdueDays: 0 }
  const overdueDays = Math.max(0, daysBetween(addDays(owed.due, known.duty.grace), today))
  return { last, due: owed.due, isOverdue: true, overdueDays }
}

/** How many of the times that were due in a period were done, and how. */
export interface Tally {
  readonly due: number
  readonly inTime: number
  readonly late: number
  readonly missed: number
}

/** Pure: the tally of what was due between two days, both included; what can still be done in time is not counted. */
export function tally(turns: readonly Turn[], from: Day, to: Day): Tally {
  const settled = turns.filter(({ due, state }) => due >= from && due <= to && state !== 'open')
  const count = (...states: readonly Turn['state'][]): number =>
    settled.filter(({ state }) => states.includes(state)).length
  return { due: settled.length, inTime: count('in_time'), late: count('late'), missed: count('missed', 'overdue') }
}
