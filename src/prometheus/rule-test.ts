import { stringify } from 'yaml'
import { type Labels, labelText } from '../model/labels.ts'
import { type Definition, definitionsOf, type RuledSite, variantOf } from './definition.ts'
import { type Role, takeover } from './rule-file.ts'
import { type Breaking, breakingOf, type Input, metricsOf } from './test-series.ts'

interface Case {
  readonly interval: string
  readonly name: string
  readonly input_series: readonly Input[]
  readonly promql_expr_test: readonly unknown[]
}

/** A definition with readings that break it, and when its alert is to fire: seconds from the beginning. */
interface Proof {
  readonly definition: Definition
  readonly breaking: Breaking
  readonly at: number
}

/** How the rule file stands, and how often the test has Prometheus evaluate it, in seconds. */
interface Setting {
  readonly site: RuledSite
  readonly role: Role
  readonly step: number
}

/** promtool evaluates every rule at every step: what takes more than two hours has a test of its own, in longer steps. */
const steps = { short: 60, long: 300 } as const
const longest = 7200

/** Alarms whose proof fits the test of a site, or those that need more readings than that. */
export type TestLength = keyof typeof steps

/**
 * A unit test of promtool for the rule file of a site: each alarm with readings that break its rule, pending a step
 * before its time and firing at it, with the labels that siteward's own alert has; and, where the rules stand in, silent
 * while siteward reaches an Alertmanager. Alarms that do not meet share a test.
 * https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
 */
export function ruleTest(site: RuledSite, role: Role, file: string, length: TestLength = 'short'): string {
  const definitions = definitionsOf(site)
  const isLong = (one: Definition): boolean => proofOf(one, { site, role, step: steps.short }).at > longest
  const [wanted, others] = length === 'short' ? [not(isLong), isLong] : [isLong, not(isLong)]
  const setting = { site, role, step: steps[length] }
  const batches = batchesOf(definitions.filter(wanted).map((one) => proofOf(one, setting)))
  const firing = batches.map((batch, i) => firingCase(batch, setting, `alarms ${i + 1} of ${batches.length}`))
  const silent = role === 'stand-in' ? batches.map((batch, i) => silentCase(batch, setting, `silent ${i + 1}`)) : []
  const top = {
    rule_files: [file],
    evaluation_interval: `${setting.step}s`,
    tests: [...firing, ...silent, ...(batches.length === 0 ? [watchdogCase] : [])],
  }
  return `${heading(site, length, definitions.filter(others))}${stringify(top, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

function not(is: (one: Definition) => boolean): (one: Definition) => boolean {
  return (one) => !is(one)
}

function heading({ name }: RuledSite, length: TestLength, others: readonly Definition[]): string {
  const made = `# Made by \`siteward rules --test\` of the site ${name}: promtool test rules THIS-FILE\n`
  if (length === 'long' || others.length === 0) return made
  const names = [...new Set(others.map(({ rule }) => rule.alarm))].join(', ')
  return `${made}# Those that need more readings are tested by \`siteward rules --test --long\`: ${names}\n`
}

const watchdogCase: Case = {
  name: 'Watchdog',
  interval: '60s',
  input_series: [],
  promql_expr_test: [
    {
      expr: 'ALERTS{alertname="Watchdog"}',
      eval_time: '0s',
      exp_samples: [{ labels: 'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}', value: 1 }],
    },
  ],
}

function proofOf(definition: Definition, { role, step }: Setting): Proof {
  const breaking = breakingOf(definition, step)
  const from = role === 'stand-in' ? Math.max(breaking.since, takeover + step) : breaking.since
  return { definition, breaking, at: from + Math.ceil(waitOf(definition) / step) * step }
}

/**
 * Proofs that may stand in one test: no two of them look at the same metric of the same device, or give alerts that are
 * asked for by the same labels. Those that last long stand together.
 */
function batchesOf(proofs: readonly Proof[]): readonly (readonly Proof[])[] {
  const batches: { readonly proofs: Proof[]; readonly taken: Set<string>; readonly interval: number }[] = []
  for (const proof of [...proofs].sort((a, b) => b.at - a.at)) {
    const { interval } = proof.breaking
    const keys = keysOf(proof)
    const free = batches.find((batch) => batch.interval === interval && keys.every((key) => !batch.taken.has(key)))
    const batch = free ?? { proofs: [], taken: new Set(), interval }
    if (free === undefined) batches.push(batch)
    batch.proofs.push(proof)
    for (const key of keys) batch.taken.add(key)
  }
  return batches.map((batch) => batch.proofs)
}

function keysOf({ definition }: Proof): readonly string[] {
  const { rule, devices, members } = definition
  const device = devices[0]?.name ?? ''
  const looked = metricsOf(definition).flatMap((metric) =>
    [device, ...(members ?? [])].map((one) => `${metric} ${one}`),
  )
  return [...looked, `${rule.alarm} ${rule.severity} ${device} alert`]
}

function firingCase(batch: readonly Proof[], { site, role, step }: Setting, name: string): Case {
  const until = Math.max(...batch.map(({ at }) => at))
  return {
    ...caseOf(batch, name, until, reached(site.name, role === 'stand-in' ? `0x${until / intervalOf(batch)}` : '')),
    promql_expr_test: batch.flatMap(({ definition, breaking, at }) => [
      ...(waitOf(definition) === 0 ? [] : [stateAt(definition, breaking, role, at - step, 'pending')]),
      stateAt(definition, breaking, role, at, 'firing'),
    ]),
  }
}

function silentCase(batch: readonly Proof[], { site, step }: Setting, name: string): Case {
  const until = Math.max(...batch.map(({ at }) => at)) + step
  const interval = intervalOf(batch)
  return {
    ...caseOf(
      batch,
      `${name}, while siteward reaches an Alertmanager`,
      until,
      reached(site.name, `0+${interval}x${until / interval}`),
    ),
    promql_expr_test: batch.map(({ definition }) => ({
      expr: alerts(definition),
      eval_time: `${until}s`,
      exp_samples: [],
    })),
  }
}

/** Alarms of one device need its labels once. */
function caseOf(
  batch: readonly Proof[],
  name: string,
  until: number,
  more: readonly Input[],
): Omit<Case, 'promql_expr_test'> {
  const inputs = [...batch.flatMap(({ breaking }) => breaking.inputs(until)), ...more]
  return {
    name,
    interval: `${intervalOf(batch)}s`,
    input_series: [...new Map(inputs.map((input) => [input.series, input])).values()],
  }
}

function intervalOf([first]: readonly Proof[]): number {
  return first?.breaking.interval ?? steps.short
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

function stateAt(
  definition: Definition,
  breaking: Breaking,
  role: Role,
  at: number,
  alertstate: 'pending' | 'firing',
): unknown {
  const samples = breaking.alerts.map((own) => {
    const labels = {
      alertname: definition.rule.alarm,
      alertstate,
      ...labelsOf(definition, own),
      ...(role === 'shadow' ? { shadow: 'true' } : {}),
      ...variantOf(definition),
    }
    return { labels: `ALERTS${labelText(labels)}`, value: 1 }
  })
  return { expr: alerts(definition), eval_time: `${at}s`, exp_samples: samples }
}

/** The labels of an alert of the first device, as siteward's own has them; `own` are those of its series. */
function labelsOf({ site, devices, deviceLabels, fixed }: Definition, own: Labels): Labels {
  const [device] = devices
  const given: Labels = Object.fromEntries(deviceLabels.map((name) => [name, device?.labels[name] ?? '']))
  const labels: Labels = { ...given, ...own, ...fixed, site: site.name, device: device?.name ?? '' }
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}
