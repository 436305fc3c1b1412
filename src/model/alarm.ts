import type { Moment } from './clock.ts'

interface Inactive {
  readonly state: 'inactive'
}

interface Pending {
  readonly state: 'pending'
  /** When the rule was first broken. */
  readonly activeAt: Moment
}

interface Firing {
  readonly state: 'firing'
  readonly activeAt: Moment
  readonly firedAt: Moment
  /** Since when the value is good again, while `keep_firing_for` lasts. */
  readonly clearSince: Moment | undefined
}

interface Unknown {
  readonly state: 'unknown'
  readonly since: Moment
  /** What it was when its reading went stale: a firing one stays on the page. */
  readonly was: Known
}

/** An alarm while its reading is fresh. */
export type Known = Inactive | Pending | Firing

/** A rule's state for one series or device. */
export type Alarm = Known | Unknown

export const inactive: Inactive = { state: 'inactive' }

/** Whether somebody is (still) told of it: missing data never resolves an alarm. */
export function isFiring(alarm: Alarm): boolean {
  return alarm.state === 'firing' || (alarm.state === 'unknown' && alarm.was.state === 'firing')
}

/** The alarm as it was when last judged on a fresh reading. */
export function lastKnown(alarm: Alarm): Known {
  return alarm.state === 'unknown' ? alarm.was : alarm
}
