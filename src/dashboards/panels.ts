import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DataSourceRef,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { MappingType, type Panel, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Language, Metric, StateMetric } from '../model/metric.ts'
import type { Unit } from '../model/unit.ts'

/** What the variables of a dashboard let through. */
export const selector = 'site=~"$site",device=~"$device"'

export const datasource: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

/** Grafana's names of units: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
const units: Readonly<Record<Unit, string>> = {
  celsius: 'celsius',
  ratio: 'percentunit',
  volts: 'volt',
  amperes: 'amp',
  watts: 'watt',
  volt_amperes: 'voltamp',
  volt_amperes_reactive: 'voltampreact',
  joules: 'joule',
  hertz: 'rothz',
  seconds: 's',
  timestamp: 'dateTimeFromNow',
  bytes: 'bytes',
  bytes_per_second: 'Bps',
  pascals: 'pressurepa',
  rpm: 'rotrpm',
  grams: 'massg',
  ohms: 'ohm',
  dbm: 'dBm',
  litres_per_second: 'suffix: l/s',
  grams_per_cubic_metre: 'suffix: g/m³',
  none: 'short',
}

/** What grows by one of these a second. */
const rates: Partial<Record<Unit, string>> = { joules: 'watt', bytes: 'Bps', seconds: 'percentunit' }

/** A panel with a query of its own words. */
export interface Custom {
  readonly title: Readonly<Record<Language, string>>
  readonly expr: string
  readonly legend: string
  readonly unit: string
}

const [width, height] = [12, 8]

/** A metric as a panel: its states over time, its growth, its values with the limits of the site's rules. */
export function panelOf(metric: Metric, isLimited: boolean, language: Language): Builder<Panel> {
  const title = titleOf(metric, language)
  switch (metric.kind) {
    case 'state':
      return statePanel(metric, title, language)
    case 'info':
      return infoPanel(metric, title)
    case 'counter':
      return series(title, rates[metric.unit] ?? 'cps').withTarget(
        query('A', `rate(${metric.name}{${selector}}[$__rate_interval])`, legendOf(metric)),
      )
    case 'gauge': {
      const panel = series(title, units[metric.unit]).withTarget(query('A', valueExpression(metric), legendOf(metric)))
      return isLimited ? withLimits(panel, metric.name) : panel
    }
  }
}

/** A panel of a query that is no metric of the vocabulary as it is. */
export function customPanel({ title, expr, legend, unit }: Custom, language: Language): Builder<Panel> {
  return series(title[language], unit).withTarget(query('A', expr, legend))
}

/** What fires, as a table. */
export function firingPanel(language: Language): Builder<Panel> {
  const title = { en: 'Firing alarms', zh: '当前告警' }
  const expr = `sum by (site, device, alarm, severity) (siteward_alarms{${selector},state="firing"}) > 0`
  return new Table()
    .title(title[language])
    .datasource(datasource)
    .span(2 * width)
    .height(6)
    .noValue(language === 'zh' ? '没有告警' : 'no alarm')
    .withTarget(query('A', expr, '').instant().format(PromQueryFormat.Table))
}

function titleOf({ text }: Metric, language: Language): string {
  const words = text[language]
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A timestamp is seconds to Prometheus, and milliseconds to Grafana. */
function valueExpression({ name, unit }: Metric): string {
  return unit === 'timestamp' ? `${name}{${selector}} * 1000` : `${name}{${selector}}`
}

function legendOf({ labels }: Metric): string {
  return ['device', ...labels].map((name) => `{{${name}}}`).join(' ')
}

function query(refId: string, expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(datasource).expr(expr).legendFormat(legend)
}

function series(title: string, unit: string): TimeSeries {
  return new TimeSeries()
    .title(title)
    .datasource(datasource)
    .span(width)
    .height(height)
    .unit(unit)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['min', 'max', 'lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
}

/** The limits of the site's rules on the value itself, dashed. */
function withLimits(panel: TimeSeries, metric: string): TimeSeries {
  const expr = `max by (severity, bound) (siteward_threshold{${selector},metric="${metric}"})`
  return panel.withTarget(query('limits', expr, '{{severity}} {{bound}}')).overrideByQuery('limits', [
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
  ])
}

/** On /metrics a state is a series for each, 1 for the one that holds: its number makes it one line again. */
export function stateExpression({ name, states }: StateMetric): string {
  const numbered = states.map((state, number) => `(${name}{${selector},state="${state}"} == 1) * 0 + ${number}`)
  return `max without (state) (${numbered.join(' or ')})`
}

function statePanel(metric: StateMetric, title: string, language: Language): Builder<Panel> {
  return new StateTimeline()
    .title(title)
    .datasource(datasource)
    .span(width)
    .height(height)
    .rowHeight(0.8)
    .mappings([mappingOf(metric, language)])
    .withTarget(query('A', stateExpression(metric), legendOf(metric)))
}

const palette = ['green', 'orange', 'blue', 'purple', 'yellow', 'red', 'super-light-blue', 'dark-orange'] as const
/** What is bad whatever the metric, and what nobody knows. */
const ownColours: Readonly<Record<string, string>> = {
  failed: 'red',
  critical: 'red',
  fault: 'red',
  fire: 'red',
  down: 'red',
  lost: 'red',
  warning: 'orange',
  degraded: 'orange',
  battery: 'orange',
  unknown: 'gray',
}

function mappingOf({ states, stateTexts }: StateMetric, language: Language): ValueMapping {
  const options = states.map((state, number) => {
    const color = ownColours[state] ?? palette[number % palette.length] ?? 'blue'
    return [String(number), { text: stateTexts[state]?.[language] ?? state, color, index: number }] as const
  })
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) }
}

function infoPanel({ name }: Metric, title: string): Builder<Panel> {
  return new Table()
    .title(title)
    .datasource(datasource)
    .span(width)
    .height(height)
    .withTarget(query('A', `${name}{${selector}}`, '').instant().format(PromQueryFormat.Table))
}
