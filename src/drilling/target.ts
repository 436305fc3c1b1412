import { type Outcome, parseAim, parseValue, rawFor } from '../model/aim.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import { drillLabels } from '../model/drill.ts'
import { type Labels, labelsMatch } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Series } from '../model/series.ts'
import type { SiteNow } from '../model/site.ts'

/** What is drilled: one series of a device, and the value that it is to read. */
export interface Target {
  readonly device: Device
  readonly metric: Metric
  /** The series' labels, without site and device, and with the mark of the drill. */
  readonly own: Labels
  readonly value: number
  /** The probe that reads it; undefined for a reading that no point gives: a derived one, or one of siteward's own. */
  readonly use: ProbeUse | undefined
}

/** Where a target is looked for: the real series are only looked at. */
export interface TargetParts {
  readonly site: SiteNow
  seriesOf(device: string): Iterable<Series>
}

/** Which series `READING=VALUE` means, and whether it can have that value at all. */
export function findTarget(name: string, text: string, parts: TargetParts): Outcome<Target> {
  const device = [...parts.site().devices, parts.site().itself].find((one) => one.name === name)
  if (device === undefined) return refuse(`the site has no device ${name}`)
  const aim = parseAim(text)
  if (!aim.ok) return aim
  const metric = parts.site().vocabulary.get(aim.value.metric)
  if (metric === undefined) return refuse(`there is no metric ${aim.value.metric}`)
  const rules = device.rules.filter((rule) => rule.metric === metric)
  if (rules.length === 0) return refuse(`no alarm of ${name} looks at ${metric.name}`)
  const value = parseValue(aim.value.value, metric)
  if (!value.ok) return value
  const series = realSeries(device, metric, aim.value.match, parts)
  if (series === undefined && metric.labels.length > 0) {
    return refuse(`${name} has not given ${text.split('=')[0]?.trim()} since siteward started`)
  }
  const own = { ...ownLabels(series), ...drillLabels }
  return withUse({ device, metric, own, value: value.value, use: undefined }, series)
}

/** The first real series that fits, best one that a rule looks at. */
function realSeries(device: Device, metric: Metric, match: Labels, parts: TargetParts): Series | undefined {
  const found = [...parts.seriesOf(device.name)].filter(
    (series) => series.metric === metric && labelsMatch(series.labels, match),
  )
  const isRuled = (series: Series): boolean =>
    device.rules.some((rule) => rule.metric === metric && labelsMatch(series.labels, rule.match))
  return found.find(isRuled) ?? found[0]
}

function ownLabels(series: Series | undefined): Labels {
  const { site: _site, device: _device, ...own } = series?.labels ?? {}
  return own
}

/** The probe that gives the series, where its points can have the value. */
function withUse(target: Target, series: Series | undefined): Outcome<Target> {
  const { device, metric, value } = target
  const uses = device.probes.filter(({ probe }) => probe.points.some((point) => point.metric === metric))
  const use = uses.find(({ probe }) => probe.name === series?.source.probe) ?? uses[0]
  if (use === undefined) return { ok: true, value: target }
  const raws = use.probe.points.filter((point) => point.metric === metric).map((point) => rawFor(point, value))
  const wrong = raws.find((raw) => !raw.ok)
  return wrong === undefined || wrong.ok || raws.some(({ ok }) => ok) ? { ok: true, value: { ...target, use } } : wrong
}

function refuse(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
