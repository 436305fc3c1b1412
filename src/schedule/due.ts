import type { Milliseconds } from '../model/clock.ts'
import { stableHash } from '../model/hash.ts'

/** How far a dead device's polls are stretched at most: this many intervals ... */
const longestBackoff = 5
/** ... but never further apart than this, so that its return is soon seen. */
const farthest: Milliseconds = 300_000

/**
 * A task's place within its interval, by a hash that is the same after every start: thousands of polls are spread evenly
 * and none moves when another comes or goes. Milliseconds from the beginning of the interval.
 */
export function placeWithin(key: string, interval: Milliseconds): Milliseconds {
  return stableHash(key) % Math.max(1, Math.floor(interval))
}

/**
 * The next due time after `now` of a task whose due times are `phase`, `phase + interval` and so on: polls missed by a
 * stalled process are left out, not made up.
 */
export function nextDue(phase: Milliseconds, interval: Milliseconds, now: Milliseconds): Milliseconds {
  const count = Math.floor((now - phase) / interval) + 1
  return phase + Math.max(0, count) * interval
}

/** A task that is seldom due is asked again this soon after a failure; doubled each time, up to `farthest`. */
const firstRetry: Milliseconds = 30_000

/**
 * How soon a task whose interval is so long that no backoff stretches it is asked again after `failures` in a row:
 * what is read once an hour must not count as dead for an hour because of one lost packet. Undefined: when it is due.
 */
export function retryAfter(failures: number, interval: Milliseconds): Milliseconds | undefined {
  if (failures === 0 || interval <= farthest) return undefined
  return Math.min(firstRetry * 2 ** Math.min(failures - 1, 10), farthest)
}

/**
 * How long to wait beyond the interval after `failures` polls in a row without any answer: nothing after the first two
 * (a lost packet is no death), then doubling up to four intervals more, with up to a tenth of jitter.
 */
export function backoff(failures: number, interval: Milliseconds, random: () => number): Milliseconds {
  if (failures < 3) return 0
  const intervals = Math.min(2 ** (failures - 2), longestBackoff) - 1
  const extra = Math.max(0, Math.min(intervals * interval, farthest - interval))
  return extra * (1 - 0.1 * random())
}
