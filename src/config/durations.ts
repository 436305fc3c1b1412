import type { Milliseconds } from '../model/clock.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import type { Place } from '../model/place.ts'
import type { Problems } from './problems.ts'

export const second: Milliseconds = 1000
export const minute: Milliseconds = 60_000
export const hour: Milliseconds = 3_600_000
export const day: Milliseconds = 86_400_000
export const week: Milliseconds = 7 * day

/** A duration that the schema has seen, within its bounds; undefined, with the problem, where it is outside. */
export function readDuration(
  text: string,
  [least, most]: readonly [Milliseconds, Milliseconds],
  place: Place,
  problems: Problems,
): Milliseconds | undefined {
  const duration = parseDuration(text)
  if (duration !== undefined && duration >= least && duration <= most) return duration
  const bounds = `${formatDuration(least)} to ${formatDuration(most)}`
  problems.add(
    place,
    `${text} is too ${duration !== undefined && duration < least ? 'short' : 'long'}`,
    `allowed: ${bounds}`,
  )
  return undefined
}
