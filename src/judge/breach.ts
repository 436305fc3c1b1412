import { unknownState } from '../model/metric.ts'
import type { Condition, Limit, Rule } from '../model/rule.ts'

/** The numbers between which a value is good; an open side is infinite, an unknown limit NaN. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

/** How a value stands to a condition: `near` is back inside the limit, but not yet by the hysteresis. */
export type Breach = 'broken' | 'near' | 'clear' | 'unknown'

const unbounded: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/**
 * The bounds of a condition. `limitOf` tells the newest reading of the metric that a limit names (NaN when the device
 * gives none: then there is no limit).
 */
export function boundsOf(condition: Condition, limitOf: (metric: string) => number): Bounds {
  const number = (limit: Limit): number => (limit.kind === 'fixed' ? limit.value : limitOf(limit.metric))
  switch (condition.kind) {
    case 'within':
      return { low: number(condition.low), high: number(condition.high) }
    case 'above':
      return { ...unbounded, high: number(condition.limit) }
    case 'below':
      return { ...unbounded, low: number(condition.limit) }
    case 'is':
    case 'not':
    case 'stale':
    case 'absent':
      return unbounded
  }
}

/**
 * A fresh value against a condition. `unknown` when there is nothing to say: no value, a limit that the device does not
 * give, or the state `unknown` (index `unknownIndex`) in a rule that does not name it: that is never taken for a good one.
 */
export function breach(condition: Condition, bounds: Bounds, value: number, unknownIndex: number): Breach {
  if (Number.isNaN(value)) return 'unknown'
  switch (condition.kind) {
    case 'within':
    case 'above':
    case 'below':
      return numberBreach(bounds, condition.hysteresis, value)
    case 'is':
    case 'not':
      if (value === unknownIndex && !condition.states.has(value)) return 'unknown'
      return condition.states.has(value) === (condition.kind === 'is') ? 'broken' : 'clear'
    case 'stale':
    case 'absent':
      return 'clear'
  }
}

function numberBreach({ low, high }: Bounds, hysteresis: number, value: number): Breach {
  if (Number.isNaN(low) || Number.isNaN(high)) return 'unknown'
  if (value < low || value > high) return 'broken'
  return value >= low + hysteresis && value <= high - hysteresis ? 'clear' : 'near'
}

/** The number of the state that stands for what nobody knows; -1 where a number is judged. */
export function unknownIndex({ metric, measure }: Pick<Rule, 'metric' | 'measure'>): number {
  if (metric.kind !== 'state' || measure?.kind === 'changes') return -1
  // It is the last of all states, or (a metric that names it itself) among them.
  return metric.states.at(-1) === unknownState ? metric.states.length - 1 : metric.states.indexOf(unknownState)
}
