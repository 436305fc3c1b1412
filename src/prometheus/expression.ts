import type { Device } from '../model/device.ts'
import { formatDuration } from '../model/duration.ts'
import { type Metric, unknownState } from '../model/metric.ts'
import type { Condition, Limit } from '../model/rule.ts'
import { countExpression } from './counted.ts'
import { type Definition, matchers, ownSelector, quoted, type RuledSite, selector } from './definition.ts'
import { identityOf, judgedOf, type SeriesMeasure, stateMatcher } from './measured.ts'

/** How far back a series is looked for that is not read any more. */
const memory = '1d'

/**
 * The PromQL of a definition: what breaks the rule, a firing alarm inside its hysteresis, and a firing alarm whose reading
 * is missing, since missing data resolves nothing. The labels of what it gives are those of siteward's own alert.
 */
export function expressionOf(definition: Definition): string {
  const { measure } = definition.rule
  return withDeviceLabels(
    definition,
    measure?.kind === 'count'
      ? countExpression(definition, measure, firing(definition))
      : seriesExpression(definition, measure),
  )
}

function seriesExpression(definition: Definition, measure: SeriesMeasure): string {
  const { condition } = definition.rule
  const parts = [broken(definition, measure), ...near(definition, measure)]
  if (condition.kind !== 'absent' && condition.kind !== 'stale') parts.push(held(definition))
  return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => `(${part})`).join('\nor\n')
}

/** What breaks the rules on the value of one metric of a device now, whichever it is; undefined where there are none. */
export function brokenOf(metric: Metric, device: Device, site: RuledSite): string | undefined {
  const rules = device.rules.filter(
    ({ metric: judged, measure, condition: { kind } }) =>
      judged.name === metric.name && measure === undefined && kind !== 'stale' && kind !== 'absent',
  )
  const parts = rules.map((rule) => {
    const devices = [device]
    const alone = { members: undefined, isForAll: false, fixed: {}, deviceLabels: [], variant: 0 }
    return `(${broken({ site, rule, devices, ...alone }, undefined)})`
  })
  return parts.length === 0 ? undefined : parts.join(' or ')
}

type Ordered = Extract<Condition, { readonly hysteresis: number }>

function broken(definition: Definition, measure: SeriesMeasure): string {
  const { rule } = definition
  const { condition, metric } = rule
  const by = identityOf(definition.rule)
  switch (condition.kind) {
    case 'within':
    case 'above':
    case 'below':
      return sides(definition, measure, condition, 0).join('\nor\n')
    case 'is':
    case 'not':
      return `max by (${by}) (${selector(definition, metric.name, [...matchers(rule.match), stateMatcher(rule, condition)])}) == 1`
    case 'stale': {
      const series = selector(definition, metric.name, matchers(rule.match))
      return `max by (${by}) (last_over_time(${series}[${memory}])) unless on (${by}) ${series}`
    }
    case 'absent': {
      const there = selector(definition, metric.name, matchers(rule.match))
      return `max by (site, device) (${selector(definition, 'siteward_device_info')}) unless on (site, device) ${there}`
    }
  }
}

/** What is back inside its limit, but not yet by the hysteresis, goes on firing; it does not begin to. */
function near(definition: Definition, measure: SeriesMeasure): readonly string[] {
  const { condition } = definition.rule
  if (!('hysteresis' in condition) || condition.hysteresis === 0) return []
  const by = identityOf(definition.rule)
  const inside = sides(definition, measure, condition, condition.hysteresis).map(
    (side) => `${side} and on (${by}) ${firing(definition)}`,
  )
  return [inside.join('\nor\n')]
}

function held(definition: Definition): string {
  const { metric, match } = definition.rule
  const by = identityOf(definition.rule)
  const known = selector(definition, metric.name, [...matchers(match), ...knownMatcher(definition)])
  const isKnown = metric.kind === 'state' ? `(${known} == 1)` : known
  return `max by (${by}) (${firing(definition)}) unless on (${by}) ${isKnown}`
}

/** A state that the probe does not know is no reading, unless the rule names it. */
function knownMatcher({ rule: { metric, condition } }: Definition): readonly string[] {
  if (metric.kind !== 'state' || !('states' in condition)) return []
  return condition.states.has(metric.states.indexOf(unknownState)) ? [] : [`state!=${quoted(unknownState)}`]
}

/** The alert of this very definition, where it fires. */
function firing(definition: Definition): string {
  const { alarm, severity } = definition.rule
  const { metric } = definition.fixed
  const twin = metric === undefined ? [] : [`metric=${quoted(metric)}`]
  const own = [`alertname=${quoted(alarm)}`, `severity=${quoted(severity)}`, 'alertstate="firing"', ...twin]
  return ownSelector(definition, 'ALERTS', own)
}

/** A comparison for each limit; `inset` is how far inside of it a value still counts. */
function sides(definition: Definition, measure: SeriesMeasure, condition: Ordered, inset: number): readonly string[] {
  const { rule } = definition
  const by = identityOf(rule)
  const compare = (worst: 'max' | 'min', sign: '>' | '<', limit: Limit): string => {
    const value = judgedOf(definition, measure, worst)
    if (limit.kind === 'fixed') return `${value} ${sign} ${number(limit.value + (sign === '>' ? -inset : inset))}`
    const shift = inset === 0 ? '' : ` ${sign === '>' ? '-' : '+'} ${number(inset)}`
    return `${value} ${sign} on (${by}) (max by (${by}) (${selector(definition, limit.metric)})${shift})`
  }
  switch (condition.kind) {
    case 'within':
      return [compare('min', '<', condition.low), compare('max', '>', condition.high)]
    case 'above':
      return [compare('max', '>', condition.limit)]
    case 'below':
      return [compare('min', '<', condition.limit)]
  }
}

/** 28 - 0.3 is 27.7, not 27.699999999999999: people read the file. */
function number(value: number): string {
  return String(Number(value.toPrecision(12)))
}

/** The labels that the site file gives a device stand on siteward_device_info. */
function withDeviceLabels(definition: Definition, expression: string): string {
  const { deviceLabels } = definition
  if (deviceLabels.length === 0) return expression
  const names = deviceLabels.join(', ')
  const info = `max by (site, device, ${names}) (${ownSelector(definition, 'siteward_device_info')})`
  return `(\n${expression}\n)\n* on (site, device) group_left (${names}) ${info}`
}

/** Only while no siteward of the site reaches any Alertmanager. */
export function standIn(expression: string, site: string, after: number): string {
  const reached = `max by (site) (siteward_alertmanager_last_success_timestamp_seconds{site=${quoted(site)}})`
  return `(\n${expression}\n)\nand on (site) (time() - ${reached} > ${after})`
}

/** How long a rule must be broken, as Prometheus writes it. */
export function patienceOf({ rule: { condition, for: wait } }: Definition): string {
  const isTime = condition.kind === 'stale' || condition.kind === 'absent'
  return formatDuration(isTime ? Math.max(condition.after, wait) : wait)
}
