import type { Condition, Limit, Measure } from '../model/rule.ts'
import { type Definition, matchers, quoted, selector } from './definition.ts'
import { stateMatcher } from './measured.ts'

type Count = Extract<Measure, { readonly kind: 'count' }>
type Ordered = Extract<Condition, { readonly hysteresis: number }>

/**
 * How many series fulfil a condition, as siteward counts them: of a state that nobody knows, and of a device of a group
 * that gives no series, either may be true. The limit is broken only where it is so both ways, and a firing alarm is over
 * only where it is well both ways. `firing` is the alert of this definition.
 */
export function countExpression(definition: Definition, { of }: Count, firing: string): string {
  const { condition } = definition.rule
  if (!('hysteresis' in condition)) return countOf(definition, of, 'least')
  const [least, most] = [countOf(definition, of, 'least'), countOf(definition, of, 'most')]
  const { low, high } = limitsOf(condition)
  const isBroken = [
    ...(low === undefined ? [] : [`${most} < ${low}`]),
    ...(high === undefined ? [] : [`${least} > ${high}`]),
  ]
  const isWell = [
    ...(low === undefined ? [] : [`(${least} >= ${low + condition.hysteresis})`]),
    ...(high === undefined ? [] : [`(${most} <= ${high - condition.hysteresis})`]),
  ]
  const kept = `max by (site, device) (${firing}) unless on (site, device) (${isWell.join(' and on (site, device) ')})`
  return [...isBroken, kept].map((part) => `(${part})`).join('\nor\n')
}

function limitsOf(condition: Ordered): { readonly low: number | undefined; readonly high: number | undefined } {
  const number = (limit: Limit): number | undefined => (limit.kind === 'fixed' ? limit.value : undefined)
  switch (condition.kind) {
    case 'within':
      return { low: number(condition.low), high: number(condition.high) }
    case 'above':
      return { low: undefined, high: number(condition.limit) }
    case 'below':
      return { low: number(condition.limit), high: undefined }
  }
}

/** The least or the most that the count can be, under the name of its device or group. */
function countOf(definition: Definition, of: Condition, bound: 'least' | 'most'): string {
  const { devices, members } = definition
  const counted = countedOf(definition, of, bound === 'most')
  if (members === undefined) return `sum by (site, device) (${counted})`
  const { rule } = definition
  const there = `count by (site) (count by (site, device) (${selector(definition, rule.metric.name, matchers(rule.match))}))`
  const count = `sum by (site) (${counted})${bound === 'least' ? '' : ` + (${members.length} - ${there})`}`
  return `label_replace(${count}, "device", ${quoted(devices[0]?.name ?? '')}, "", "")`
}

/** 1 for each series that is counted, 0 for the others. */
function countedOf(definition: Definition, of: Condition, withUnknown: boolean): string {
  const { metric, match } = definition.rule
  const series = selector(definition, metric.name, matchers(match))
  const number = (limit: Limit): string => (limit.kind === 'fixed' ? String(limit.value) : 'NaN')
  switch (of.kind) {
    case 'above':
      return `${series} > bool ${number(of.limit)}`
    case 'below':
      return `${series} < bool ${number(of.limit)}`
    case 'within':
      return `(${series} < bool ${number(of.low)}) + (${series} > bool ${number(of.high)})`
    case 'is':
    case 'not':
      return selector(definition, metric.name, [...matchers(match), stateMatcher(definition.rule, of, withUnknown)])
    case 'stale':
    case 'absent':
      return series
  }
}
