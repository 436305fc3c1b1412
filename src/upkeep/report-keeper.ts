import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { addDays, type Day, dayOf, spanStart, startOf } from '../model/calendar.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { type PlannedReport, reportFile } from '../model/report.ts'
import type { Series, SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { dayBefore } from '../report/period.ts'
import type { Store } from '../store/store.ts'
import { SelfSeries } from '../watch/self-series.ts'

/** How often it is looked whether one is due. */
const every: Milliseconds = 60_000
/** After a failure. */
const nextTry: Milliseconds = 3_600_000
/** How long one that was written is told of. */
const telling: Milliseconds = 3_600_000

/** What came of writing a report: the files, or why there are none. */
export type Written =
  | { readonly ok: true; readonly files: readonly string[] }
  | { readonly ok: false; readonly why: string }

/** Writes a planned report of the period in which a day falls, in a process of its own; never rejects. */
export type WriteReport = (name: string, day: Day) => Promise<Written>

/** What the keeper of reports is wired to. */
export interface ReportParts {
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly clock: Clock
  readonly log: Log
  /** Absent where nobody can: nothing is on a schedule then. */
  readonly writeReport?: WriteReport | undefined
  site(): Site
  /** Series that are said no more. */
  forget(gone: readonly Series[]): void
}

/** How a planned report stands. */
interface Standing {
  /** Wall clock. */
  written: Milliseconds | undefined
  /** Written by this very process; monotonic. */
  toldAt: Milliseconds | undefined
  failedAt: Milliseconds | undefined
}

/** Has the reports of the site written when they are due, one after the other, and tells of it. */
export class ReportKeeper {
  readonly #parts: ReportParts
  readonly #standings = new Map<string, Standing>()
  #says: SelfSeries | undefined
  #next: Milliseconds = 0
  #running: Promise<void> | undefined

  constructor(parts: ReportParts) {
    this.#parts = parts
  }

  /** The site is another now: its reports may be others, or lie elsewhere. */
  follow(): void {
    this.#parts.forget(this.#says?.release() ?? [])
    this.#standings.clear()
    this.#next = 0
  }

  /** Looks again when it is time; returns what the judge made of it. */
  tick(now: Moment): readonly Transition[] {
    const { reports } = this.#parts.site()
    if (reports === undefined || this.#parts.writeReport === undefined || now.mono < this.#next) return []
    this.#next = now.mono + every
    const due = reports.schedule.find((planned) => this.#isDue(planned, now))
    if (due !== undefined && this.#running === undefined) this.#write(due, now)
    return this.#say(now)
  }

  /** Whether the one before this period is not there yet, and it is time for it. */
  #isDue(planned: PlannedReport, { wall, mono }: Moment): boolean {
    const site = this.#parts.site()
    const standing = this.#standingOf(planned)
    if (standing.failedAt !== undefined && mono - standing.failedAt < nextTry) return false
    const day = this.#dayOf(planned, wall)
    const dueAt = startOf(addDays(day, 1), site.timeZone()) + planned.at * 60_000
    return wall >= dueAt && !this.#isThere(planned, day)
  }

  /** The last day of what it is about. */
  #dayOf({ period }: PlannedReport, wall: Milliseconds): Day {
    return dayBefore(period, dayOf(wall, this.#parts.site().timeZone()))
  }

  /** In all its forms: what is in the folder is what has been written, over restarts, too. */
  #isThere({ name, period, forms }: PlannedReport, day: Day): boolean {
    const { reports } = this.#parts.site()
    const files = filesIn(reports?.folder ?? '')
    return forms.every((form) => files.has(reportFile(name, spanStart(day, period), form)))
  }

  #write(planned: PlannedReport, now: Moment): void {
    const { log, writeReport, clock } = this.#parts
    if (writeReport === undefined) return
    const { name } = planned
    const day = this.#dayOf(planned, now.wall)
    const standing = this.#standingOf(planned)
    this.#running = writeReport(name, day).then((written) => {
      this.#running = undefined
      const { wall, mono } = clock.now()
      this.#next = mono
      if (written.ok) {
        Object.assign(standing, { written: wall, toldAt: mono, failedAt: undefined })
        log.info({ report: name, of: day, files: written.files.join(' ') }, 'a report is written')
      } else {
        standing.failedAt = mono
        log.error(
          { report: name, of: day, why: written.why },
          'a report could not be written; it is tried again in an hour',
        )
      }
    })
  }

  #standingOf(planned: PlannedReport): Standing {
    const known = this.#standings.get(planned.name)
    if (known !== undefined) return known
    const standing: Standing = { written: this.#lastWritten(planned), toldAt: undefined, failedAt: undefined }
    this.#standings.set(planned.name, standing)
    return standing
  }

  /** When the newest of it was written, as its file has it. */
  #lastWritten({ name, forms: [form] }: PlannedReport): Milliseconds | undefined {
    const { reports } = this.#parts.site()
    if (reports === undefined || form === undefined) return undefined
    const shape = (day: string): string => reportFile(name, day, form)
    const length = shape('2026-01-01').length
    const newest = [...filesIn(reports.folder)]
      .filter((file) => file.length === length && file === shape(file.slice(name.length + 1, name.length + 11)))
      .sort()
      .at(-1)
    return newest === undefined
      ? undefined
      : statSync(join(reports.folder, newest), { throwIfNoEntry: false })?.mtime.getTime()
  }

  #say(now: Moment): readonly Transition[] {
    const { site } = this.#parts
    const { reports, vocabulary, itself } = site()
    this.#says ??= new SelfSeries(itself.name, 'reports', { ...this.#parts, vocabulary })
    const sayings = (reports?.schedule ?? []).flatMap((planned) => {
      const labels = { report: planned.name }
      const { written, toldAt, failedAt } = this.#standingOf(planned)
      const isNew = toldAt !== undefined && now.mono - toldAt < telling
      return [
        { metric: 'siteward_report_failed', labels, value: failedAt === undefined ? 0 : 1 },
        ...(written === undefined
          ? []
          : [{ metric: 'siteward_report_success_timestamp_seconds', labels, value: written / 1000 }]),
        ...(reports?.announce === true ? [{ metric: 'siteward_report_new', labels, value: isNew ? 1 : 0 }] : []),
      ]
    })
    return this.#says.say(sayings, now)
  }
}

function filesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder))
  } catch {
    return new Set()
  }
}
