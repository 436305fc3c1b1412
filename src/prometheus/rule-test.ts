import { stringify } from 'yaml'
import { type Labels, labelText } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import { unknownState } from '../model/metric.ts'
import type { Condition, Limit } from '../model/rule.ts'
import { type Definition, definitionsOf, type RuledSite, variantOf } from './definition.ts'
import { type Role, takeover } from './rule-file.ts'

/** Of the test: how often Prometheus evaluates. */
const step = 60

/** A series of promtool's unit tests. */
interface Input {
  readonly series: string
  readonly values: string
}

interface Case {
  readonly interval: string
  readonly name: string
  readonly input_series: readonly Input[]
  readonly promql_expr_test: readonly unknown[]
}

/**
 * A unit test of promtool for the rule file of a site: each alarm with a reading that breaks its rule, pending a minute
 * before its time and firing at it, with the labels that siteward's own alert has; and, where the rules stand in, silent
 * while siteward reaches an Alertmanager. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
 */
export function ruleTest(site: RuledSite, role: Role, file: string): string {
  // A rule that measures over time or beside others is proven by the table of rules: fixtures/rules.
  const plain = definitionsOf(site).filter(({ rule }) => rule.measure === undefined)
  const tests = plain.flatMap((definition) => [
    firingCase(definition, role),
    ...(role === 'stand-in' ? [silentCase(definition)] : []),
  ])
  const top = {
    rule_files: [file],
    evaluation_interval: `${step}s`,
    tests: [...tests, ...(tests.length === 0 ? [watchdogCase] : [])],
  }
  return `# Made by \`siteward rules --test\` of the site ${site.name}: promtool test rules THIS-FILE\n${stringify(top, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

const watchdogCase: Case = {
  name: 'Watchdog',
  interval: `${step}s`,
  input_series: [],
  promql_expr_test: [
    {
      expr: 'ALERTS{alertname="Watchdog"}',
      eval_time: '0s',
      exp_samples: [{ labels: 'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}', value: 1 }],
    },
  ],
}

function firingCase(definition: Definition, role: Role): Case {
  const { rule, site } = definition
  // A series that is to be missed is there for two evaluations.
  const breaks = rule.condition.kind === 'stale' ? 2 * step : 0
  const from = role === 'stand-in' ? Math.max(breaks, takeover + step) : breaks
  const wait = waitOf(definition)
  const at = from + Math.ceil(wait / step) * step
  const before = wait === 0 ? [] : [stateAt(definition, role, at - step, 'pending')]
  return {
    name: `${rule.alarm} (${rule.severity})`,
    interval: `${step}s`,
    input_series: [...inputs(definition, at), ...reached(site.name, role === 'stand-in' ? `0x${at / step}` : '')],
    promql_expr_test: [...before, stateAt(definition, role, at, 'firing')],
  }
}

function silentCase(definition: Definition): Case {
  const { rule, site } = definition
  const at = takeover + step + Math.ceil(waitOf(definition) / step) * step + step
  return {
    name: `${rule.alarm} (${rule.severity}) while siteward reaches an Alertmanager`,
    interval: `${step}s`,
    input_series: [...inputs(definition, at), ...reached(site.name, `0+${step}x${at / step}`)],
    promql_expr_test: [{ expr: alerts(definition), eval_time: `${at}s`, exp_samples: [] }],
  }
}

function reached(site: string, values: string): readonly Input[] {
  if (values === '') return []
  const name = 'siteward_alertmanager_last_success_timestamp_seconds'
  return [{ series: `${name}${labelText({ site, alertmanager: 'http://127.0.0.1:9093' })}`, values }]
}

function waitOf({ rule: { condition, for: wait } }: Definition): number {
  const isTime = condition.kind === 'stale' || condition.kind === 'absent'
  return (isTime ? Math.max(condition.after, wait) : wait) / 1000
}

function alerts({ rule, devices }: Definition): string {
  return `ALERTS${labelText({ alertname: rule.alarm, severity: rule.severity, device: devices[0]?.name ?? '' })}`
}

function stateAt(definition: Definition, role: Role, at: number, alertstate: 'pending' | 'firing'): unknown {
  const labels = {
    alertname: definition.rule.alarm,
    alertstate,
    ...labelsOf(definition),
    ...(role === 'shadow' ? { shadow: 'true' } : {}),
    ...variantOf(definition),
  }
  return {
    expr: alerts(definition),
    eval_time: `${at}s`,
    exp_samples: [{ labels: `ALERTS${labelText(labels)}`, value: 1 }],
  }
}

/** The labels of the alert of the first device, as siteward's own has them. */
function labelsOf(definition: Definition): Labels {
  const { rule, site, devices, fixed } = definition
  const [device] = devices
  const isOfDevice = rule.condition.kind === 'absent'
  const own = isOfDevice ? rule.match : ownLabels(rule.metric, rule.match)
  const deviceLabels: Labels = Object.fromEntries(
    definition.deviceLabels.map((name) => [name, device?.labels[name] ?? '']),
  )
  const labels: Labels = { ...deviceLabels, ...own, ...fixed, site: site.name, device: device?.name ?? '' }
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}

function ownLabels(metric: Metric, match: Labels): Labels {
  return { ...Object.fromEntries(metric.labels.map((name) => [name, 'a'])), ...match }
}

function inputs(definition: Definition, until: number): readonly Input[] {
  const { rule, site, devices, deviceLabels } = definition
  const device = devices[0]
  const { condition, metric } = rule
  const count = until / step
  const base = { site: site.name, device: device?.name ?? '' }
  const own = { ...base, ...ownLabels(metric, rule.match) }
  const info: Input = {
    series: `siteward_device_info${labelText({ ...base, ...device?.labels })}`,
    values: `1x${count}`,
  }
  const infos = deviceLabels.length > 0 || condition.kind === 'absent' ? [info] : []
  switch (condition.kind) {
    case 'absent':
      return infos
    case 'stale':
      return [{ series: `${metric.name}${labelText(own)}`, values: `1 1 stale _x${count}` }, ...infos]
    case 'is':
    case 'not':
      return [
        { series: `${metric.name}${labelText({ ...own, state: badState(metric, condition) })}`, values: `1x${count}` },
        ...infos,
      ]
    case 'within':
    case 'above':
    case 'below':
      return [...numbers(definition, condition, own, count), ...infos]
  }
}

/** A value beyond the limit; limits that the device tells are given, 10 for the upper and 5 for the lower. */
function numbers(
  { rule: { metric } }: Definition,
  condition: Extract<Condition, { readonly hysteresis: number }>,
  own: Labels,
  count: number,
): readonly Input[] {
  const told: Input[] = []
  const numberOf = (limit: Limit, otherwise: number): number => {
    if (limit.kind === 'fixed') return limit.value
    told.push({ series: `${limit.metric}${labelText(own)}`, values: `${otherwise}x${count}` })
    return otherwise
  }
  const high = condition.kind === 'within' ? condition.high : condition.kind === 'above' ? condition.limit : undefined
  const low = condition.kind === 'within' ? condition.low : condition.kind === 'below' ? condition.limit : undefined
  const top = high === undefined ? undefined : numberOf(high, 10)
  const bottom = low === undefined ? undefined : numberOf(low, 5)
  const value =
    top !== undefined ? top + Math.max(1, Math.abs(top) / 10) : (bottom ?? 0) - Math.max(1, Math.abs(bottom ?? 0) / 10)
  return [{ series: `${metric.name}${labelText(own)}`, values: `${value}x${count}` }, ...told]
}

function badState(metric: Metric, condition: Extract<Condition, { readonly states: ReadonlySet<number> }>): string {
  const states = metric.kind === 'state' ? metric.states : []
  const isNamed = condition.kind === 'is'
  const bad = states.find(
    (state, index) => condition.states.has(index) === isNamed && (isNamed || state !== unknownState),
  )
  return bad ?? unknownState
}
