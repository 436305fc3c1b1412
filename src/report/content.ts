import { createHash, type Hash } from 'node:crypto'
import { type Known, standingOf, type Tally, tally, turnsOf } from '../duties/standing.ts'
import { type Difference, differences } from '../ledger/compare.ts'
import { fromRecord } from '../ledger/told.ts'
import { daysLeft, type Ending, endings, endsOf, type Told } from '../model/asset.ts'
import { addDays, type Day, dayOf } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { classOf } from '../model/device-class.ts'
import type { Duty } from '../model/duty.ts'
import type { Language, Metric } from '../model/metric.ts'
import type { RecordEvent } from '../model/record.ts'
import type { ReportPeriod } from '../model/report.ts'
import { grid, upMetric } from '../model/roll-up.ts'
import type { Site } from '../model/site.ts'
import type { Episode } from '../record/episodes.ts'
import type { Stretch } from '../rollup/stretches.ts'
import { chartsOf } from './chart.ts'
import {
  type Availability,
  availabilityOf,
  type Check,
  checksOf,
  deviceVerdict,
  unreadOf,
  type Verdict,
} from './checks.ts'
import type { FigureSource, SeriesFigures } from './figures.ts'
import { type Forecast, forecastOf } from './forecast.ts'
import { type LevelTally, type ServedEpisode, served, tallied } from './service.ts'

/** What a report is made of. */
export interface ReportInput {
  readonly site: Site
  readonly period: ReportPeriod
  /** The first and the last day. */
  readonly from: Day
  readonly to: Day
  /** Stretches side by side, for charts; together they are the period. */
  readonly stretches: readonly Stretch[]
  /** The end of the period, or now where it is not over. */
  readonly asOf: Milliseconds
  readonly language: Language
  /** Only devices of these classes; all where none is named. */
  readonly classes: readonly string[]
  readonly devices: readonly Device[]
  readonly figures: FigureSource
  /** Metrics that a device should give. */
  metricsOf(device: Device): readonly Metric[]
  /** That fired in the period, with what became of them since. */
  readonly episodes: readonly Episode[]
  readonly duties: readonly Known[]
  /** What devices told of themselves, up to the end of the period. */
  readonly assetEvents: readonly RecordEvent[]
}

/** One device of a report. */
export interface DevicePart {
  readonly device: Device
  readonly class: string
  readonly verdict: Verdict
  readonly checks: readonly Check[]
  /** Of which nothing was read at all. */
  readonly unread: readonly Metric[]
  readonly availability: Availability | undefined
  readonly alarms: number
  /** As SVG. */
  readonly charts: readonly string[]
}

/** How a duty stood over the period. */
export interface DutyPart {
  readonly duty: Duty
  readonly tally: Tally
  readonly due: Day
  readonly overdueDays: number
  readonly last: Day | undefined
}

/** What has changed in the ledger, or will. */
export interface LedgerPart {
  readonly changes: readonly { readonly at: Milliseconds; readonly device: string; readonly what: string }[]
  readonly differences: readonly (Difference & { readonly device: string })[]
  readonly endings: readonly {
    readonly device: string
    readonly ending: Ending
    readonly day: Day
    readonly left: number
  }[]
}

/** A forecast of a device's series. */
export interface DeviceForecast extends Forecast {
  readonly device: string
}

/** All that a report says. */
export interface Report {
  readonly input: ReportInput
  readonly devices: readonly DevicePart[]
  readonly alarms: readonly ServedEpisode[]
  readonly levels: readonly LevelTally[]
  readonly duties: readonly DutyPart[]
  readonly forecasts: readonly DeviceForecast[]
  readonly ledger: LedgerPart
  /** SHA-256 of what the site is and of what was read, in hexadecimal digits: the same report has the same. */
  readonly hashes: { readonly configuration: string; readonly data: string }
}

/** What comes to an end within this many days is told. */
const soon = 90

/** Makes a report: device by device, so that of a year of many only one is in memory. */
export async function reportOf(input: ReportInput): Promise<Report> {
  const { devices, figures, stretches, asOf } = input
  const start = stretches[0]?.start ?? asOf
  const expected = Math.floor((asOf - start) / grid)
  const data = createHash('sha256')
  const parts: DevicePart[] = []
  const forecasts: DeviceForecast[] = []
  for (const device of devices) {
    const read = await figures.read(device, stretches)
    for (const one of read) hashInto(data, one)
    const part = devicePart(device, read, expected, input)
    parts.push(part)
    for (const [n, check] of part.checks.entries()) {
      const one = read[n]
      const forecast = one === undefined ? undefined : forecastOf(one, check, stretches, asOf)
      if (forecast !== undefined) forecasts.push({ ...forecast, device: device.name })
    }
  }
  const names = new Set(devices.map(({ name }) => name))
  const isAll = input.classes.length === 0
  const episodes = input.episodes.filter(({ device }) => isAll || names.has(device))
  const told = input.assetEvents.filter(({ device }) => names.has(device))
  data.update(JSON.stringify([episodes, told, input.duties.map(({ duty, since, done }) => [duty.name, since, done])]))
  const alarms = served(episodes, input.site.serviceLevels, latest(episodes, asOf))
  return {
    input,
    devices: parts,
    alarms,
    levels: tallied(alarms, input.site.serviceLevels),
    duties: dutyParts(input, names),
    forecasts: forecasts.sort((a, b) => a.days - b.days),
    ledger: ledgerPart(input, told),
    hashes: { configuration: configurationHash(input), data: data.digest('hex') },
  }
}

function devicePart(device: Device, read: readonly SeriesFigures[], expected: number, input: ReportInput): DevicePart {
  const checks = checksOf(device, read, expected, input.episodes)
  const unread = unreadOf(read, input.metricsOf(device))
  const own = input.episodes.filter((episode) => episode.device === device.name)
  return {
    device,
    class: classOf(device),
    verdict: deviceVerdict(checks, unread, own.filter((episode) => !isAboutPapers(episode, device)).length),
    checks,
    unread,
    availability: availabilityOf(read, expected),
    alarms: own.length,
    charts: chartsOf(read, checks, input),
  }
}

/** Whether an alarm is about the ledger (a warranty ends): the device itself is well. */
function isAboutPapers({ alarm }: Episode, { rules }: Device): boolean {
  const metrics = rules.filter((rule) => rule.alarm === alarm).map(({ metric }) => metric.name)
  return metrics.length > 0 && metrics.every((name) => name.startsWith('siteward_') && name !== upMetric)
}

/** What is not over yet is looked at as of the last thing that is known, not as of the moment of writing. */
function latest(episodes: readonly Episode[], asOf: Milliseconds): Milliseconds {
  const times = episodes.flatMap(({ endedAt, escalatedAt, attended }) => [
    ...[endedAt, escalatedAt].filter((at) => at !== undefined),
    ...Object.values(attended).map(({ at }) => at),
  ])
  return times.reduce((last, at) => Math.max(last, at), asOf)
}

function dutyParts(
  { duties, from, to, asOf, site, classes }: ReportInput,
  names: ReadonlySet<string>,
): readonly DutyPart[] {
  const last = dayOf(asOf - 1, site.timeZone())
  const today = last < to ? last : to
  return duties
    .filter(({ duty }) => classes.length === 0 || duty.devices.some((name) => names.has(name)))
    .map((known) => {
      const standing = standingOf({ ...known, done: known.done.filter(({ day }) => day <= today) }, today)
      return {
        duty: known.duty,
        tally: tally(turnsOf(known, today), from, to),
        due: standing.due,
        overdueDays: standing.isOverdue ? Math.max(1, standing.overdueDays) : 0,
        last: standing.last?.day,
      }
    })
}

function ledgerPart({ devices, stretches, asOf, to }: ReportInput, told: readonly RecordEvent[]): LedgerPart {
  const start = stretches[0]?.start ?? asOf
  const known = new Map<string, Told>(told.map(({ device, own }) => [device, fromRecord(own)]))
  const ending = devices.flatMap(({ name, asset }) =>
    endings.flatMap((one) => {
      const day = asset === undefined ? undefined : endsOf(asset)[one]
      if (day === undefined || day > addDays(to, soon)) return []
      return [{ device: name, ending: one, day, left: daysLeft(day, to) }]
    }),
  )
  return {
    changes: told
      .filter(({ at, note }) => at >= start && note !== '')
      .map(({ at, device, note }) => ({ at, device, what: note })),
    differences: devices.flatMap(({ name, asset }) =>
      asset === undefined ? [] : differences(asset, known.get(name) ?? {}).map((one) => ({ ...one, device: name })),
    ),
    endings: ending.sort((a, b) => a.left - b.left),
  }
}

/** A series with all its numbers. */
function hashInto(data: Hash, { metric, labels, total, lows, averages, highs }: SeriesFigures): void {
  data.update(JSON.stringify([metric.name, labels, total]))
  for (const { buffer, byteOffset, byteLength } of [lows, averages, highs])
    data.update(Buffer.from(buffer, byteOffset, byteLength))
}

/** What of the site decides what a report says; no secret is part of it. */
function configurationHash({ site, period, from, to, language, classes, devices, figures }: ReportInput): string {
  const all = {
    site: site.name,
    ...{ period, from, to, language, classes, figures: figures.name },
    levels: { ...site.serviceLevels, working: { ...site.serviceLevels.working, timeZone: site.timeZone() } },
    duties: site.duties,
    devices: devices.map(({ name, labels, asset, probes, rules }) => ({
      ...{ name, labels, asset: asset?.fields },
      probes: probes.map(({ probe, interval }) => [probe.name, interval]),
      rules: rules.map(({ metric, place: _place, ...rest }) => ({ ...rest, metric: metric.name })),
    })),
  }
  const text = JSON.stringify(all, (key, value: unknown) =>
    value instanceof Set ? [...value].sort() : key === 'place' ? undefined : value,
  )
  return createHash('sha256').update(text).digest('hex')
}
