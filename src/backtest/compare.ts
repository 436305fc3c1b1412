import type { Milliseconds } from '../model/clock.ts'
import type { Fired } from './past.ts'

/** What new rules would have changed. */
export interface Comparison {
  /** Would have fired, and nothing of its kind did. */
  readonly added: readonly Fired[]
  /** Fired, and nothing of its kind would have. */
  readonly removed: readonly Fired[]
  /** Would have fired, and did. */
  readonly same: readonly Fired[]
}

/**
 * Alarms of the same name, severity and device are of a kind when their times overlap, or miss each other by no more than
 * `slack` (a poll earlier or later changes nothing). Pure.
 */
export function compareFired(would: readonly Fired[], did: readonly Fired[], slack: Milliseconds): Comparison {
  const isOfKind = (a: Fired, b: Fired): boolean =>
    a.alarm === b.alarm &&
    a.severity === b.severity &&
    a.device === b.device &&
    a.from - slack <= (b.to ?? Number.POSITIVE_INFINITY) &&
    b.from - slack <= (a.to ?? Number.POSITIVE_INFINITY)
  const byTime = (a: Fired, b: Fired): number => a.from - b.from
  const same = would.filter((one) => did.some((other) => isOfKind(one, other)))
  return {
    added: would.filter((one) => !same.includes(one)).sort(byTime),
    removed: did.filter((one) => !would.some((other) => isOfKind(one, other))).sort(byTime),
    same: same.sort(byTime),
  }
}

/** The stretches in which counts of firing alarms (series `siteward_alarms`) were above nothing. */
export function firedOfCounts(
  points: readonly (readonly [at: Milliseconds, value: number])[],
  of: Pick<Fired, 'alarm' | 'severity' | 'device'>,
): readonly Fired[] {
  const fired: Fired[] = []
  let from: Milliseconds | undefined
  for (const [at, value] of points) {
    if (value > 0) from ??= at
    // A count that is missing says nothing: siteward was away.
    else if (value === 0 && from !== undefined) {
      fired.push({ ...of, own: undefined, from, to: at })
      from = undefined
    }
  }
  if (from !== undefined) fired.push({ ...of, own: undefined, from, to: undefined })
  return fired
}
