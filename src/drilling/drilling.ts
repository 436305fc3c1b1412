import type { Collector } from '../../collectors/collector.ts'
import type { AlarmKeeper } from '../alarms/alarm-keeper.ts'
import type { Route } from '../expose/route.ts'
import type { Clock, Moment } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Reading } from '../model/reading.ts'
import type { SeriesTable, Source } from '../model/series.ts'
import type { SiteNow } from '../model/site.ts'
import { hasReceipt, heldAlert } from '../notify/sighting.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/store.ts'
import type { Saying } from '../watch/self-series.ts'
import type { DrillParts } from './drill.ts'
import { drillRoutes } from './drill-routes.ts'
import { DrillSchedule } from './drill-schedule.ts'
import { Drills } from './drills.ts'
import type { InjectionParts } from './injection.ts'

/** What drilling is wired to: the real site's series are only looked at. */
export interface DrillingParts {
  readonly site: SiteNow
  readonly journal: Journal
  readonly keeper: AlarmKeeper
  readonly table: SeriesTable
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly collectors: ReadonlyMap<string, Collector>
  readonly polls: InjectionParts['polls']
  /** An exception in a drill's poll that nobody expected. */
  bug(error: unknown): void
}

/** Drills by hand and by plan, wired to the site. */
export class Drilling {
  readonly drills: Drills
  readonly routes: readonly Route[]
  readonly #parts: DrillingParts
  #schedule: DrillSchedule | undefined
  #shown: Source | undefined

  constructor(parts: DrillingParts) {
    this.#parts = parts
    const { site, keeper, clock, log, store, collectors, polls } = parts
    const drillParts: DrillParts = {
      site,
      keeper,
      clock,
      log,
      polls,
      bug: (error) => parts.bug(error),
      // Without a place to write: what a protocol remembers of the device's texts is none of a drill's.
      prepare: (use, device, series) => collectors.get(use.probe.collector)?.prepare(use, device, series),
      seriesOf: (device) => this.#seriesOf(device),
      value: (series) => store.value(series),
      expose: (device, readings, at) => this.#expose(device, readings, at),
      unexpose: () => this.#unexpose(),
      look: (labels) =>
        Promise.all(
          site().alertmanagers.map(async (url) => ({ alertmanager: url.origin, ...(await heldAlert(url, labels)) })),
        ),
      receipt: () => {
        const { receipt } = site().drills
        return receipt === undefined ? undefined : (text) => hasReceipt(receipt, text)
      },
      ended: (report) => this.#schedule?.ended(report),
    }
    this.drills = new Drills(drillParts)
    this.routes = drillRoutes(this.drills, drillParts)
  }

  /** Plans of the site begin to count, from what the record knows of them. */
  start(now: Moment): void {
    const { journal, keeper } = this.#parts
    const site = this.#parts.site()
    const past = journal.ofKind('drill', now.wall - site.keepRecord)
    this.#schedule = new DrillSchedule(site.drills.schedule, this.drills, past, now, (event) => keeper.record(event))
  }

  /** The site is another now. */
  follow(now: Moment): void {
    const { journal } = this.#parts
    const { drills, keepRecord } = this.#parts.site()
    this.#schedule?.follow(drills.schedule, journal.ofKind('drill', now.wall - keepRecord), now)
  }

  tick(now: Moment): void {
    this.#schedule?.tick(now)
  }

  sayings(now: Moment): readonly Saying[] {
    return this.#schedule?.sayings(now) ?? []
  }

  *#seriesOf(device: string): Iterable<Reading['series']> {
    for (const family of this.#parts.store.families.values()) {
      for (const series of family) if (series.source.device === device) yield series
    }
  }

  /** On /metrics under the device's name, but of a source of its own: no rule of the real device looks at it. */
  #expose(device: string, readings: readonly Reading[], at: Moment): void {
    const { table, store } = this.#parts
    this.#shown ??= table.source(`${device} (drill)`, 'drill')
    const scope = table.scope(this.#shown)
    for (const { series, value } of readings) {
      const { site: _site, ...labels } = series.labels
      const shown = scope.series(series.metric, labels)
      if (shown !== undefined) store.apply({ series: shown, value }, at.mono)
    }
  }

  #unexpose(): void {
    const { table, store } = this.#parts
    if (this.#shown === undefined) return
    store.remove(table.release(this.#shown))
    this.#shown = undefined
  }
}
