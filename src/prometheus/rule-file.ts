import { stringify } from 'yaml'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import type { Site } from '../model/site.ts'
import { type Definition, definitionsOf, escaped, quoted, type RuledSite, variantOf } from './definition.ts'
import { expressionOf, patienceOf, standIn } from './expression.ts'
import { annotationsOf, literal } from './template.ts'

/** One alerting rule of a Prometheus rule file. */
interface AlertingRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Labels
  readonly annotations?: Labels
}

/**
 * How the printed rules stand to siteward's own judging. `stand-in`: they page while no siteward of the site reaches an
 * Alertmanager. `judge`: they page. `shadow`: they fire with a label `shadow`, and what differs is an alert.
 */
export type Role = 'stand-in' | 'judge' | 'shadow'

/** After how long without an answer of any Alertmanager the rules stand in, in seconds. */
export const takeover = 300

/** The role that the site file gives Prometheus. A siteward that is to tell no Alertmanager has Prometheus tell it all. */
export function roleOf({ judge, alertmanagers }: Pick<Site, 'judge' | 'alertmanagers'>): Role {
  if (judge === 'both') return 'shadow'
  return judge === 'prometheus' || alertmanagers.length === 0 ? 'judge' : 'stand-in'
}

/** The rule file of a site: what siteward cannot say of itself, and its alarm definitions. */
export function ruleFile(site: RuledSite, role: Role): string {
  const alarms = definitionsOf(site).map((definition) => alarmOf(definition, role, true))
  const groups = [
    { name: 'siteward', rules: [...ownRules, ...staleRules(site)] },
    ...(alarms.length === 0 ? [] : [{ name: `siteward ${site.name}`, rules: alarms }]),
    ...(role === 'shadow' ? [{ name: `siteward ${site.name} compared`, rules: [differs(site)] }] : []),
  ]
  return `# Made by \`siteward rules\` of the site ${site.name}: ${said[role]}.\n${text({ groups })}`
}

/** The alarm definitions alone, without texts: what promtool runs the cases of fixtures/rules by. */
export function bareRuleFile(site: RuledSite): string {
  const alarms = definitionsOf(site).map((one) => alarmOf(one, 'judge', false))
  return text({ groups: [{ name: 'alarms', rules: alarms }] })
}

const said: Readonly<Record<Role, string>> = {
  'stand-in': 'its alarms page only while no siteward of the site reaches an Alertmanager',
  judge: 'its alarms page, siteward tells nobody',
  shadow: 'its alarms have the label shadow="true", by which Alertmanager must page nobody; siteward pages',
}

function text(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

function alarmOf(definition: Definition, role: Role, isWorded: boolean): AlertingRule {
  const { rule, site, fixed } = definition
  const expression = expressionOf(definition)
  const labels = { ...fixed, ...(role === 'shadow' ? { shadow: 'true' } : {}) }
  return {
    alert: rule.alarm,
    expr: role === 'stand-in' ? standIn(expression, site.name, takeover) : expression,
    ...(patienceOf(definition) === '0s' ? {} : { for: patienceOf(definition) }),
    ...(rule.keepFiringFor === 0 ? {} : { keep_firing_for: formatDuration(rule.keepFiringFor) }),
    labels: {
      ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, literal(value)])),
      ...variantOf(definition),
    },
    ...(isWorded ? { annotations: annotationsOf(rule, site.language) } : {}),
  }
}

const ownRules: readonly AlertingRule[] = [
  {
    alert: 'Watchdog',
    expr: 'vector(1)',
    labels: { severity: 'none' },
    annotations: {
      summary: 'Prometheus judges; this alert always fires, and its end is the alarm',
      summary_zh: 'Prometheus 正在判定；本告警应始终触发，一旦中断即为故障',
    },
  },
  {
    alert: 'SitewardDown',
    expr: 'up{job="siteward"} == 0 or absent(up{job="siteward"})',
    for: '2m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'siteward does not answer; nothing watches the machine room',
      summary_zh: 'siteward 无响应，机房无人监控',
    },
  },
  {
    alert: 'SitewardAlertsNotDelivered',
    expr: 'siteward_alertmanager_up == 0',
    for: '5m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'siteward cannot deliver alerts to {{ $labels.alertmanager }}',
      summary_zh: 'siteward 无法向 {{ $labels.alertmanager }} 发送告警',
    },
  },
]

/** Intervals without a reading after which a device that siteward calls up is stale; never less than five minutes. */
const staleIntervals = 4
const leastStale = 300

/**
 * A device that siteward calls up but does not read: its polling is stuck. That a device is down siteward tells itself.
 * Each interval that the site has gives a time of its own.
 */
function staleRules({ name, devices }: RuledSite): readonly AlertingRule[] {
  const byInterval = new Map<number, Set<string>>()
  for (const device of devices) {
    for (const { probe, interval } of device.probes) {
      const after = Math.max(leastStale, Math.ceil((staleIntervals * interval) / 1000))
      byInterval.set(after, (byInterval.get(after) ?? new Set()).add(`${device.name} ${probe.name}`))
    }
  }
  const by = 'site, device, probe'
  const parts = [...byInterval].map(([after, pairs]) => {
    const part = (i: number): string =>
      [...new Set([...pairs].map((pair) => escaped(pair.split(' ')[i] ?? '')))].join('|')
    const of = `site=${quoted(name)},device=~${quoted(part(0))},probe=~${quoted(part(1))}`
    return `time() - max by (${by}) (siteward_last_success_timestamp_seconds{${of}}) > ${after}`
  })
  if (parts.length === 0) return []
  const stale = parts.map((part) => `(${part})`).join('\nor\n')
  return [
    {
      alert: 'SitewardDeviceStale',
      expr: `(\n${stale}\n)\nand on (${by}) max by (${by}) (siteward_device_up{site=${quoted(name)}}) == 1`,
      for: '1m',
      labels: { severity: 'critical' },
      annotations: {
        summary:
          '{{ $labels.device }} ({{ $labels.probe }}) has not been read for {{ $value | humanizeDuration }}, though siteward calls it up',
        summary_zh:
          '{{ $labels.device }}（{{ $labels.probe }}）已有 {{ $value | humanizeDuration }} 未被采集，siteward 却认为其正常',
      },
    },
  ]
}

/** With both judging: an alarm that one of them calls firing and the other does not, for longer than a poll and a scrape. */
function differs({ name }: RuledSite): AlertingRule {
  const by = 'site, device, alarm, severity'
  const siteward = `max by (${by}) (siteward_alarms{site=${quoted(name)},state="firing"})`
  const shadows = `count by (${by}) (label_replace(ALERTS{site=${quoted(name)},shadow="true",alertstate="firing"}, "alarm", "$1", "alertname", "(.*)"))`
  return {
    alert: 'SitewardJudgesDiffer',
    expr: `${siteward} != on (${by}) (${shadows} or on (${by}) 0 * ${siteward})`,
    for: '5m',
    labels: { severity: 'warning' },
    annotations: {
      summary:
        'siteward has {{ $value }} alarms {{ $labels.alarm }} ({{ $labels.severity }}) of {{ $labels.device }} firing, Prometheus another number',
      summary_zh:
        'siteward 判定 {{ $labels.device }} 的 {{ $labels.alarm }}（{{ $labels.severity }}）触发 {{ $value }} 条，与 Prometheus 不一致',
    },
  }
}
