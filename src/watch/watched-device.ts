import type { Collector } from '../../collectors/collector.ts'
import type { History } from '../history/history.ts'
import type { Transition } from '../judge/cell.ts'
import type { Judge, Replaced } from '../judge/judge.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Log } from '../model/log.ts'
import { outcomeOf, type PollOutcome } from '../model/reading.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import { runPoll } from '../schedule/frame.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Stop } from '../schedule/stop.ts'
import { type OwnMetricNames, OwnSeries } from '../store/own-series.ts'
import type { Store } from '../store/store.ts'
import { DerivedSeries } from './derived-series.ts'
import { DeviceSeries } from './device-series.ts'
import type { EventDesk } from './event-desk.ts'
import type { Prepared } from './jobs.ts'
import { type LinkSeries, tellsNeighbours } from './link-series.ts'
import { Watch } from './watch.ts'

/** What a site under watch is wired to: all of it lives as long as siteward does, whatever becomes of the site. */
export interface Surroundings {
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly history: History
  readonly links: LinkSeries
  readonly events: EventDesk
  readonly schedule: Schedule
  readonly collectors: ReadonlyMap<string, Collector>
  readonly stateDirectory: string
  /** siteward's own metrics. */
  readonly metrics: OwnMetricNames
  readonly clock: Clock
  readonly log: Log
  /** Whether this siteward may poll now. */
  mayPoll(): boolean
  /** Resolves when all is there that the outcome of a poll needs: at the start the first polls go ahead of it. */
  readonly ready: Promise<void>
  /** A poll has ended; `cancelled` when siteward stopped, or the device was taken out, before it did. */
  polled(device: Device, use: ProbeUse, outcome: PollOutcome | 'cancelled'): void
  /** What the judge made of readings. */
  take(transitions: readonly Transition[]): void
  /** Alarms that ended with their rule, or go on under another. */
  replaced(replaced: Replaced): void
  bug(error: unknown, device: Device, use: ProbeUse): void
}

/** One probe of the device under watch, with the series that siteward keeps of its polls. */
interface Watched {
  readonly watch: Watch
  readonly key: string
  readonly held: Source
}

/** One device under watch: its polls in the schedule, and every series that there is of it. */
export class WatchedDevice {
  readonly #around: Surroundings
  #device: Device
  #watched: readonly Watched[] = []
  #events: Source | undefined
  #derived: DerivedSeries | undefined
  #alarms: DeviceSeries

  /** The judge knows the device already. */
  constructor(device: Device, prepared: readonly Prepared[], around: Surroundings) {
    this.#around = around
    this.#device = device
    this.#listen()
    this.#alarms = this.#makeAlarms()
    this.#watched = prepared.map((one) => this.#watch(one))
    this.#derived = this.#makeDerived()
    this.count()
  }

  get watches(): readonly Watch[] {
    return this.#watched.map(({ watch }) => watch)
  }

  /** Begins to poll, for the first time within `soon`. */
  schedule(soon: Milliseconds): void {
    for (const { watch, key } of this.#watched) {
      const { use, job } = watch.parts
      const { endpoint, parallel } = job
      const run = (stop: Stop): Promise<boolean> => this.#poll(watch, stop)
      this.#around.schedule.add({ key, interval: use.interval, endpoint, parallel, run }, soon)
    }
  }

  /** Polls all of it now; false where something of it is under way. */
  hurry(): boolean {
    return this.#watched.map(({ key }) => this.#around.schedule.hurry(key)).every((isSoon) => isSoon)
  }

  /** Gives its connections back; its polls have ended before. */
  async close(): Promise<void> {
    await Promise.all(this.#watched.map(({ watch }) => watch.parts.job.close()))
  }

  /** Counts its alarms anew. */
  count(): void {
    this.#alarms.count(this.#around.judge, this.#around.clock.now().mono)
  }

  /** Nothing has come of a probe for far longer than it should: old readings are no longer believed. */
  expireIfSilent(now: Moment): void {
    for (const { watch } of this.#watched) this.#around.take(watch.expireIfSilent(now))
  }

  #listen(): void {
    const { events, table } = this.#around
    if (!this.#device.probes.some(({ probe }) => (probe.events ?? []).length > 0)) return
    this.#events = table.source(this.#device.name, 'events', true)
    events.add(this.#device, table.scope(this.#events))
  }

  #watch({ device, use, job, source }: Prepared): Watched {
    const { table, store, judge, clock, log, metrics, links } = this.#around
    const held = table.source(device.name, 'siteward', true)
    const own = new OwnSeries(table.scope(held), metrics, use.probe.name)
    const derived = (): DerivedSeries | undefined => this.#derived
    const told = tellsNeighbours(use.probe) ? links : undefined
    const parts = { device, use, job, source, own, derived, links: told, table, store, judge, clock, log }
    return { watch: new Watch(parts), key: `${device.name}/${use.probe.name}`, held }
  }

  #makeDerived(): DerivedSeries | undefined {
    const { table, store } = this.#around
    const sources = this.#watched.map(({ watch }) => watch.parts.source)
    const device = this.#device
    return device.derived.length === 0 ? undefined : new DerivedSeries({ device, table, store, sources })
  }

  #makeAlarms(): DeviceSeries {
    const { table, store, metrics } = this.#around
    return new DeviceSeries(this.#device, table, metrics, store)
  }

  /** One reading's way, in a straight line: poll, store, judge, journal, notify. */
  async #poll(watch: Watch, stop: Stop): Promise<boolean> {
    const { clock, log, mayPoll, ready, polled, take, bug } = this.#around
    const { device, job, use } = watch.parts
    if (!mayPoll()) return true
    const poll = await runPoll(job, use.timeout, stop, { clock, log, bug: (error) => bug(error, device, use) })
    await ready
    // Stopped or removed meanwhile: what a stopped poll did not bring says nothing about the device.
    const outcome = stop.isAsked ? 'cancelled' : outcomeOf(poll)
    polled(device, use, outcome)
    if (outcome === 'cancelled') return true
    take(watch.take(poll))
    this.#keep(watch)
    return outcome !== 'failed'
  }

  /** What the poll brought, and what siteward made of it, as the history has it. */
  #keep({ parts: { source, own } }: Watch): void {
    const { history, store, table, clock } = this.#around
    const { wall } = clock.now()
    const keep = (all: Iterable<Series>): void => {
      for (const series of all) history.record(series, store.value(series), wall)
    }
    keep(table.seriesOf(source))
    keep(this.#derived?.series ?? [])
    keep(own.up === undefined ? [] : [own.up])
    keep(this.#alarms.firing)
  }
}
