import { unknownState } from '../model/metric.ts'
import type { Condition, Measure, Reference, Rule } from '../model/rule.ts'
import { type Definition, escaped, matchers, quoted, selector } from './definition.ts'

/** The labels that tell a rule's alerts apart: those of its series. */
export function identityOf({ metric }: Pick<Rule, 'metric'>): string {
  return ['site', 'device', ...metric.labels].join(', ')
}

/** What is measured of single series. */
export type SeriesMeasure = Exclude<Measure, { readonly kind: 'count' }> | undefined

/**
 * The number that a rule judges, as PromQL: the worst of the series with one identity, or what is measured of them. Few
 * changes, and little growth, are told only of a series that was there all the time.
 */
export function judgedOf(definition: Definition, measure: SeriesMeasure, worst: 'max' | 'min'): string {
  const judged = measuredOf(definition, measure, worst)
  if (worst === 'max' || !isPartial(definition, measure)) return judged
  const by = identityOf(definition.rule)
  return `(${judged} and on (${by}) max by (${by}) (${seriesOf(definition)} offset ${seconds(measure.over)}s))`
}

/** Whether less comes out while the readings do not fill the measure's time yet. */
function isPartial(
  { rule }: Definition,
  measure: SeriesMeasure,
): measure is Extract<Measure, { kind: 'rate' | 'change' | 'changes' }> {
  const isGrowth = measure?.kind === 'change' && rule.metric.kind === 'counter'
  return isGrowth || measure?.kind === 'rate' || measure?.kind === 'changes'
}

function seriesOf(definition: Definition): string {
  const { metric, match } = definition.rule
  return selector(definition, metric.name, matchers(match))
}

function measuredOf(definition: Definition, measure: SeriesMeasure, worst: 'max' | 'min'): string {
  const { rule } = definition
  const { metric } = rule
  const by = identityOf(rule)
  const series = seriesOf(definition)
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

/** What the probe does not know is broken only where the rule names it, or where it is asked for. */
export function stateMatcher(
  { metric }: Pick<Rule, 'metric'>,
  condition: Extract<Condition, { states: ReadonlySet<number> }>,
  withUnknown = false,
): string {
  const states = metric.kind === 'state' ? metric.states : []
  const named = states.filter((_, index) => condition.states.has(index))
  const known = condition.kind === 'is' ? named : states.filter((one) => !named.includes(one) && one !== unknownState)
  const bad = withUnknown ? [...new Set([...known, unknownState])] : known
  return `state=~${quoted(bad.map(escaped).join('|'))}`
}
