import { unknownState } from '../model/metric.ts'
import type { Condition, Limit, Measure, Reference, Rule } from '../model/rule.ts'
import { type Definition, escaped, matchers, quoted, selector } from './definition.ts'

/** The labels that tell a rule's alerts apart: those of its series, but for a count, which is of the device. */
export function identityOf({ metric, measure }: Pick<Rule, 'metric' | 'measure'>): string {
  return ['site', 'device', ...(measure?.kind === 'count' ? [] : metric.labels)].join(', ')
}

/** The number that a rule judges, as PromQL: the worst of the series with one identity, or what is measured of them. */
export function judgedOf(definition: Definition, worst: 'max' | 'min'): string {
  const { rule } = definition
  const { measure, metric } = rule
  const by = identityOf(rule)
  const series = selector(definition, metric.name, matchers(rule.match))
  switch (measure?.kind) {
    case undefined:
      return `${worst} by (${by}) (${series})`
    case 'rate':
      return `${worst} by (${by}) (rate(${series}[${seconds(measure.over)}s]))`
    case 'change':
      return metric.kind === 'counter'
        ? `${worst} by (${by}) (increase(${series}[${seconds(measure.over)}s]))`
        : `${worst} by (${by}) (${series} - ${series} offset ${seconds(measure.over)}s)`
    case 'changes':
      // Each change of a state is told twice: by the state that was, and by the one that is.
      return metric.kind === 'state'
        ? `sum by (${by}) (changes(${series}[${seconds(measure.over)}s])) / 2`
        : `${worst} by (${by}) (changes(${series}[${seconds(measure.over)}s]))`
    case 'forecast':
      return `${worst} by (${by}) (predict_linear(${series}[${seconds(measure.over)}s], ${seconds(measure.ahead)}))`
    case 'spread':
      return spreadOf(definition, measure, series)
    case 'count':
      return `sum by (${by}) (${countedOf(definition, measure.of)})`
  }
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000
}

function spreadOf(definition: Definition, measure: Extract<Measure, { kind: 'spread' }>, series: string): string {
  const { metric } = definition.rule
  const shared = ['site', 'device', ...metric.labels.filter((label) => !measure.among.includes(label))].join(', ')
  const middle = `${references[measure.from](shared)} (${measure.from === 'median' ? '0.5, ' : ''}${series})`
  const far = `abs(max by (${identityOf(definition.rule)}) (${series}) - on (${shared}) group_left () ${middle})`
  return measure.isRelative ? `${far} / on (${shared}) group_left () abs(${middle})` : far
}

const references: Readonly<Record<Reference, (by: string) => string>> = {
  median: (by) => `quantile by (${by})`,
  mean: (by) => `avg by (${by})`,
  lowest: (by) => `min by (${by})`,
  highest: (by) => `max by (${by})`,
}

/** 1 for each series that is counted, 0 for the others. */
function countedOf(definition: Definition, of: Condition): string {
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
      return selector(definition, metric.name, [...matchers(match), stateMatcher(definition.rule, of)])
    case 'stale':
    case 'absent':
      return series
  }
}

/** What the probe does not know is broken only where the rule names it. */
export function stateMatcher(
  { metric }: Pick<Rule, 'metric'>,
  condition: Extract<Condition, { states: ReadonlySet<number> }>,
): string {
  const states = metric.kind === 'state' ? metric.states : []
  const named = states.filter((_, index) => condition.states.has(index))
  const bad =
    condition.kind === 'is' ? named : states.filter((state) => !named.includes(state) && state !== unknownState)
  return `state=~${quoted(bad.map(escaped).join('|'))}`
}
