import { type Recorded, recorded, sinceOf } from '../duties/record.ts'
import type { Known } from '../duties/standing.ts'
import { type Day, dayOf } from '../model/calendar.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { classesOf } from '../model/device-class.ts'
import { isDrill } from '../model/drill.ts'
import type { Language } from '../model/metric.ts'
import type { ReportPeriod } from '../model/report.ts'
import { ruledDevices, type Site } from '../model/site.ts'
import { type Episode, episodesOf } from '../record/episodes.ts'
import { type Report, reportOf } from '../report/content.ts'
import type { FigureSource } from '../report/figures.ts'
import { coveredBy } from '../report/period.ts'
import { metricsOf } from '../report/prometheus-figures.ts'
import type { JournalView } from '../store/journal.ts'

/** Of a year with more only the newest are told. */
const mostEvents = 200_000

/** Which report is wanted. */
export interface WantedReport {
  readonly period: ReportPeriod
  /** Any day of it. */
  readonly day: Day
  readonly classes: readonly string[]
  readonly language: Language
}

/** What a report is made from. */
export interface ReportSources {
  readonly site: Site
  readonly journal: Pick<JournalView, 'since' | 'ofKind'>
  readonly figures: FigureSource
  readonly now: Milliseconds
}

/** Makes a report. Rejects with FiguresError where its figures cannot be had. */
export function makeReport(wanted: WantedReport, { site, journal, figures, now }: ReportSources): Promise<Report> {
  const { period, classes, language } = wanted
  const { from, to, stretches, end } = coveredBy(period, wanted.day, site.timeZone())
  const start = stretches[0]?.start ?? end
  return reportOf({
    ...{ site, period, from, to, stretches, language, classes, figures },
    asOf: Math.min(end, now),
    devices: devicesOf(site, classes),
    metricsOf: (device) => metricsOf(device, site),
    episodes: episodesIn(journal, start, end),
    duties: dutiesOf(site, journal, now),
    assetEvents: journal.ofKind('asset', 0).filter(({ at }) => at < end),
  })
}

/** Devices of these classes, of all where none is named, and what is read by hand; siteward itself and groups are none. */
function devicesOf({ devices, unpolled, duties }: Site, classes: readonly string[]): readonly Device[] {
  const byHand = unpolled.filter(({ name }) =>
    duties.some(({ readings }) => readings.some(({ device }) => device === name)),
  )
  const wanted = classes.map((name) => name.toLowerCase())
  return [...devices, ...byHand].filter(
    (device) => wanted.length === 0 || wanted.some((name) => classesOf(device).has(name)),
  )
}

/** Every name by which devices of a site can be asked for. */
export function classesIn(site: Site): readonly string[] {
  return [...new Set(ruledDevices({ ...site, groups: [] }).flatMap((device) => [...classesOf(device)]))].sort()
}

/** Episodes that fired in a time, with all that became of them; drills are none. */
function episodesIn(journal: ReportSources['journal'], start: Milliseconds, end: Milliseconds): readonly Episode[] {
  return episodesOf(journal.since({ since: start, most: mostEvents })).filter(
    ({ firedAt, endedAt, own }) => firedAt < end && (endedAt === undefined || endedAt >= start) && !isDrill(own),
  )
}

function dutiesOf(site: Site, journal: ReportSources['journal'], now: Milliseconds): readonly Known[] {
  const known = recorded(journal.ofKind('duty', 0))
  return site.duties.map((duty) => {
    const { plannedAt, done }: Recorded = known.get(duty.name) ?? { plannedAt: undefined, done: [] }
    const since = sinceOf(duty, dayOf(plannedAt ?? now, site.timeZone()))
    return { duty, since, done, holidays: site.holidays }
  })
}
