import { type Metric, stateName, unknownState } from '../model/metric.ts'
import type { Limit, Rule } from '../model/rule.ts'

/**
 * Pure: a value that breaks a rule, as people write it; undefined for a rule that no single value breaks (absence, a
 * rate, a limit that only the device tells). `limitOf` tells what a device gives as a limit, NaN for nothing.
 */
export function breakingValue(rule: Rule, limitOf: (metric: string) => number): string | undefined {
  const { metric, condition } = rule
  // What is measured over a time, or among several series, is not one value.
  if (rule.measure !== undefined) return undefined
  switch (condition.kind) {
    case 'is':
      return stateFrom(metric, (index) => condition.states.has(index))
    case 'not':
      return stateFrom(metric, (index, name) => !condition.states.has(index) && name !== unknownState)
    case 'within':
      return (
        beyond(metric, numberOf(condition.high, limitOf), 1) ?? beyond(metric, numberOf(condition.low, limitOf), -1)
      )
    case 'above':
      return beyond(metric, numberOf(condition.limit, limitOf), 1)
    case 'below':
      return beyond(metric, numberOf(condition.limit, limitOf), -1)
    default:
      return undefined
  }
}

function numberOf(limit: Limit, limitOf: (metric: string) => number): number {
  return limit.kind === 'fixed' ? limit.value : limitOf(limit.metric)
}

function stateFrom(metric: Metric, isBad: (index: number, name: string) => boolean): string | undefined {
  if (metric.kind !== 'state') return undefined
  const index = metric.states.findIndex((name, at) => isBad(at, name))
  return index < 0 ? undefined : stateName(metric, index)
}

/** A tenth of the limit beyond it, at least one whole unit, but never beyond what is possible. */
function beyond(metric: Metric, limit: number, side: 1 | -1): string | undefined {
  if (metric.kind !== 'gauge' && metric.kind !== 'counter') return undefined
  if (!Number.isFinite(limit)) return undefined
  const { low, high } = metric.range
  const step = metric.unit === 'ratio' ? 0.05 : Math.max(1, Math.ceil(Math.abs(limit) / 10))
  const wanted = Number((limit + side * step).toPrecision(6))
  const value = Math.min(high, Math.max(low, wanted))
  return value === limit ? undefined : String(value)
}
