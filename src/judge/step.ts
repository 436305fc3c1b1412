import { type Alarm, inactive, type Known, lastKnown } from '../model/alarm.ts'
import { elapsed, type Milliseconds, type Moment } from '../model/clock.ts'
import type { Rule } from '../model/rule.ts'
import type { Breach } from './breach.ts'

/**
 * A pending alarm whose reading was unknown for longer starts anew: two bad readings an hour apart are no proof that it
 * was bad all the time between (Prometheus: --rules.alert.for-outage-tolerance, 1h).
 */
const longestGap: Milliseconds = 3_600_000

/** How long a rule must be broken before it fires. */
function patience({ condition, for: wait }: Rule): Milliseconds {
  return condition.kind === 'stale' || condition.kind === 'absent' ? Math.max(condition.after, wait) : wait
}

/**
 * One alarm, one input, the next alarm. Pure. `unknown` (no reading, or none that can be judged) keeps in mind what the
 * alarm was; only a fresh bad reading fires, and only fresh good ones resolve.
 */
export function step(rule: Rule, alarm: Alarm, breach: Breach, at: Moment): Alarm {
  const known = afterGap(alarm, at)
  switch (breach) {
    case 'unknown':
      return alarm.state === 'unknown' ? alarm : { state: 'unknown', since: at, was: alarm }
    case 'broken':
      return broken(rule, known, at)
    case 'near':
      // Back inside its limit, what has not fired is good; only a firing one must come back by the hysteresis.
      if (known.state !== 'firing') return inactive
      return known.clearSince === undefined ? known : { ...known, clearSince: undefined }
    case 'clear':
      return clear(rule, known, at)
  }
}

function afterGap(alarm: Alarm, at: Moment): Known {
  const known = lastKnown(alarm)
  const lost = alarm.state === 'unknown' && known.state === 'pending' && elapsed(alarm.since, at) > longestGap
  return lost ? inactive : known
}

function broken(rule: Rule, known: Known, at: Moment): Known {
  switch (known.state) {
    case 'firing':
      return known.clearSince === undefined ? known : { ...known, clearSince: undefined }
    case 'pending':
      return elapsed(known.activeAt, at) >= patience(rule) ? fire(known.activeAt, at) : known
    case 'inactive':
      return patience(rule) === 0 ? fire(at, at) : { state: 'pending', activeAt: at }
  }
}

function fire(activeAt: Moment, firedAt: Moment): Known {
  return { state: 'firing', activeAt, firedAt, clearSince: undefined }
}

function clear(rule: Rule, known: Known, at: Moment): Known {
  if (known.state !== 'firing') return inactive
  const clearSince = known.clearSince ?? at
  if (elapsed(clearSince, at) >= rule.keepFiringFor) return inactive
  return known.clearSince === undefined ? { ...known, clearSince } : known
}
