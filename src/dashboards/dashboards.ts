import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Language, Metric, Text } from '../model/metric.ts'
import { ruledDevices, type Site } from '../model/site.ts'
import { type Custom, customPanel, datasource, firingPanel, panelOf, selector } from './panels.ts'

/** One dashboard: rows of metrics, by how their names begin. */
interface Plan {
  readonly name: string
  readonly title: Text
  readonly rows: readonly Row[]
}

interface Row {
  readonly title: Text
  /** Beginnings of metrics' names. */
  readonly metrics: readonly string[]
  readonly custom?: readonly Custom[]
}

const own: readonly Custom[] = [
  {
    title: { en: 'Polls that bring an error', zh: '采集错误' },
    expr: `sum by (device, probe, fault) (increase(siteward_poll_faults_total{${selector}}[$__rate_interval])) > 0`,
    legend: '{{device}} {{probe}}: {{fault}}',
    unit: 'short',
  },
  {
    title: { en: 'Lateness of polls (95 of 100)', zh: '采集延迟（95 分位）' },
    expr: 'histogram_quantile(0.95, sum by (le) (rate(siteward_schedule_lateness_seconds_bucket[$__rate_interval])))',
    legend: 'p95',
    unit: 's',
  },
  {
    title: { en: 'Alertmanager is reached', zh: 'Alertmanager 可达' },
    expr: 'siteward_alertmanager_up',
    legend: '{{alertmanager}}',
    unit: 'short',
  },
  {
    title: { en: 'Alarms held back', zh: '被抑制的告警' },
    expr: 'siteward_alarms_held',
    legend: '{{reason}}',
    unit: 'short',
  },
  {
    title: { en: 'Alarms that have waited too long', zh: '超时未处理的告警' },
    expr: 'siteward_service_level_late_alarms',
    legend: '{{level}}',
    unit: 'short',
  },
  {
    title: { en: 'Memory of siteward', zh: 'siteward 内存' },
    expr: 'process_resident_memory_bytes{job=~"siteward.*"}',
    legend: '{{instance}}',
    unit: 'bytes',
  },
]

/** Every metric of the vocabulary has its place in one of these. */
const plans: readonly Plan[] = [
  {
    name: 'room',
    title: { en: 'Room', zh: '机房环境' },
    rows: [
      { title: { en: 'Climate and safety', zh: '环境与安全' }, metrics: ['room_', 'fire_'] },
      { title: { en: 'Air conditioners', zh: '精密空调' }, metrics: ['air_conditioner_'] },
    ],
  },
  {
    name: 'power',
    title: { en: 'Power', zh: '供配电' },
    rows: [
      { title: { en: 'UPS', zh: 'UPS' }, metrics: ['ups_'] },
      { title: { en: 'Batteries', zh: '电池' }, metrics: ['battery_'] },
      { title: { en: 'Meters and cabinets', zh: '电表与配电柜' }, metrics: ['power_', 'cabinet_', 'earth_'] },
    ],
  },
  {
    name: 'network',
    title: { en: 'Network', zh: '网络' },
    rows: [
      { title: { en: 'Interfaces', zh: '接口' }, metrics: ['interface_', 'lldp_', 'siteward_link_'] },
      { title: { en: 'Firewalls and pairs', zh: '防火墙与双机' }, metrics: ['firewall_', 'vpn_', 'ha_', 'stack_'] },
      { title: { en: 'Devices', zh: '设备' }, metrics: ['device_'] },
      { title: { en: 'What is only reached', zh: '仅连通性' }, metrics: ['reach_'] },
    ],
  },
  {
    name: 'servers',
    title: { en: 'Servers', zh: '服务器' },
    rows: [
      { title: { en: 'Servers', zh: '服务器' }, metrics: ['server_', 'disk_', 'file_', 'raid_', 'service_'] },
      { title: { en: 'Virtualization', zh: '虚拟化' }, metrics: ['hypervisor_', 'guest_', 'datastore_'] },
      { title: { en: 'Storage', zh: '存储' }, metrics: ['storage_', 'fc_'] },
      { title: { en: 'Databases and applications', zh: '数据库与应用' }, metrics: ['database_', 'application_'] },
      { title: { en: 'Backups', zh: '备份' }, metrics: ['backup_'] },
    ],
  },
  {
    name: 'siteward',
    title: { en: 'siteward itself', zh: 'siteward 自身' },
    rows: [{ title: { en: 'siteward', zh: 'siteward' }, metrics: ['siteward_'], custom: own }],
  },
]

/** These are drawn in other panels, or counted there. */
const elsewhere: ReadonlySet<string> = new Set([
  'siteward_threshold',
  'siteward_poll_faults_total',
  'siteward_link_state',
])

/** A dashboard and the name of its file. */
export interface NamedDashboard {
  readonly file: string
  readonly dashboard: Dashboard
}

/** Pure: the dashboards of a site, with a panel for each metric that its devices may give; those without any are left out. */
export function dashboardsOf(site: Site, language: Language): readonly NamedDashboard[] {
  const given = metricsOf(site)
  return plans.flatMap((plan) => {
    const rows = plan.rows.map((row) => ({ row, metrics: given.filter((metric) => isOf(metric, row)) }))
    const shown = rows.filter(({ row, metrics }) => metrics.length > 0 || row.custom !== undefined)
    if (shown.length === 0) return []
    return [{ file: `siteward-${plan.name}.json`, dashboard: dashboard(plan, shown, site, language) }]
  })
}

/** Pure: the dashboard that a metric has its place in; undefined where none has it. */
export function placeOf(metric: Metric): string | undefined {
  return plans.find(({ rows }) => rows.some((row) => isOf(metric, row)))?.name
}

function isOf({ name }: Metric, { metrics }: Row): boolean {
  const isLink = name === 'siteward_link_state'
  return metrics.some((beginning) => name.startsWith(beginning) && (!isLink || beginning === 'siteward_link_'))
}

/** What the site's devices may give, in the vocabulary's order. */
function metricsOf({ devices, vocabulary }: Site): readonly Metric[] {
  const names = new Set(
    devices.flatMap(({ probes, derived }) => [
      ...probes.flatMap(({ probe }) => probe.points.map(({ metric }) => metric.name)),
      ...derived.map(({ point }) => point.metric.name),
    ]),
  )
  const isOwn = (name: string): boolean => name.startsWith('siteward_')
  return [...vocabulary.values()].filter(({ name }) => names.has(name) || (isOwn(name) && !elsewhere.has(name)))
}

function dashboard(
  { name, title }: Plan,
  rows: readonly { readonly row: Row; readonly metrics: readonly Metric[] }[],
  site: Site,
  language: Language,
): Dashboard {
  const limited = new Set(
    ruledDevices(site).flatMap(({ rules }) =>
      rules.flatMap(({ metric, measure }) => (measure === undefined ? [metric.name] : [])),
    ),
  )
  const built = new DashboardBuilder(`${site.name}: ${title[language]}`)
    .uid(`siteward-${name}`)
    .tags(['siteward'])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-24h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
  for (const variable of variables(site)) built.withVariable(variable)
  built.withPanel(firingPanel(language))
  for (const { row, metrics } of rows) {
    built.withRow(new RowBuilder(row.title[language]))
    for (const custom of row.custom ?? []) built.withPanel(customPanel(custom, language))
    for (const metric of metrics) built.withPanel(panelOf(metric, limited.has(metric.name), language))
  }
  return built.build()
}

function variables({ name }: Site) {
  const labels = (query: string) => ({ query, refId: 'variable' })
  const of = (label: string, query: string) =>
    new QueryVariableBuilder(label)
      .label(label)
      .datasource(datasource)
      .query(labels(query))
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
  return [
    new DatasourceVariableBuilder('datasource').label('datasource').type('prometheus'),
    of('site', 'label_values(siteward_device_info, site)').current({ selected: true, text: name, value: name }),
    of('device', 'label_values(siteward_device_info{site=~"$site"}, device)')
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ selected: true, text: 'All', value: '$__all' }),
  ]
}
