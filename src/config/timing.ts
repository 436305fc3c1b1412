import type { Milliseconds } from '../model/clock.ts'
import { formatDuration } from '../model/duration.ts'
import type { Place } from '../model/place.ts'
import type { Probe } from '../model/probe.ts'
import type { Spot } from './check.ts'
import { day, readDuration, second } from './durations.ts'
import type { Problems } from './problems.ts'

/** How often to poll and the deadline of one poll; each with where it was written, if it was. */
export interface Timing {
  readonly interval: Milliseconds
  readonly timeout: Milliseconds
  readonly timeoutAt: Place | undefined
}

/** What holds where a site says nothing. */
export const defaultTiming: Timing = { interval: 60 * second, timeout: 10 * second, timeoutAt: undefined }

interface TimingText {
  readonly interval?: string
  readonly timeout?: string
}

/** A probe's own times over those of its device: what changes once a day is not asked for each minute beside the rest. */
export function probeTiming(probe: Pick<Probe, 'interval' | 'timeout'>, outer: Timing): Timing {
  const interval = probe.interval ?? outer.interval
  if (probe.timeout === undefined) return { ...outer, interval, timeout: Math.min(outer.timeout, interval) }
  return { interval, timeout: Math.min(probe.timeout, interval), timeoutAt: undefined }
}

/** What is written here over what was written further out. A deadline past the next poll would let polls overlap. */
export function readTiming(text: TimingText, outer: Timing, { tree, path }: Spot, problems: Problems): Timing {
  const read = (key: keyof TimingText): Milliseconds | undefined =>
    text[key] === undefined ? undefined : readDuration(text[key], [second, day], tree.at([...path, key]), problems)
  const interval = read('interval') ?? outer.interval
  const written = read('timeout')
  const timeoutAt = written === undefined ? outer.timeoutAt : tree.at([...path, 'timeout'])
  const timeout = written ?? outer.timeout
  if (timeout <= interval) return { interval, timeout, timeoutAt }
  // Nobody wrote this timeout: it follows the interval.
  if (timeoutAt === undefined) return { interval, timeout: interval, timeoutAt }
  const place = written === undefined ? tree.at([...path, 'interval']) : timeoutAt
  problems.add(place, `the timeout ${formatDuration(timeout)} is longer than the interval ${formatDuration(interval)}`)
  return { interval, timeout: interval, timeoutAt }
}
