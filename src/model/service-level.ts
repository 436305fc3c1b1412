import { addDays, dayOf, type Holidays, isWorkday, startOf } from './calendar.ts'
import type { Milliseconds } from './clock.ts'
import type { Step } from './record.ts'
import type { Severity } from './rule.ts'

/** When people work, by their calendar: days off and exchanged workdays included. */
export interface WorkingTime {
  /** Times of a workday, from and to, since midnight. */
  readonly hours: readonly (readonly [from: Milliseconds, to: Milliseconds])[]
  /** Steps whose clocks stand still outside these times. */
  readonly steps: readonly Step[]
  readonly holidays: Holidays
  timeZone(): string
}

/** How long after somebody was told of an alarm each step may take. */
export interface ServiceLevels extends Readonly<Record<Step, Milliseconds>> {
  /** The severities for which these times hold. */
  readonly severities: readonly Severity[]
  readonly working: WorkingTime
}

/** Whether people work at a moment (wall clock). */
export function isWorkingTime(at: Milliseconds, { hours, holidays, timeZone }: WorkingTime): boolean {
  const day = dayOf(at, timeZone())
  if (!isWorkday(day, holidays)) return false
  const since = at - startOf(day, timeZone())
  return hours.some(([from, to]) => from <= since && since < to)
}

/** How much of the time between two moments (wall clock) counts for a step: all of it, or what is working time. */
export function countedTime(step: Step, from: Milliseconds, to: Milliseconds, working: WorkingTime): Milliseconds {
  if (!working.steps.includes(step) || to <= from) return Math.max(0, to - from)
  const { hours, holidays, timeZone } = working
  const zone = timeZone()
  let sum = 0
  for (let day = dayOf(from, zone); startOf(day, zone) < to; day = addDays(day, 1)) {
    if (!isWorkday(day, holidays)) continue
    const midnight = startOf(day, zone)
    for (const [begin, end] of hours)
      sum += Math.max(0, Math.min(to, midnight + end) - Math.max(from, midnight + begin))
  }
  return sum
}
