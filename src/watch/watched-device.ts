import type { Collector } from '../../collectors/collector.ts'
import type { History } from '../history/history.ts'
import type { Cell, Transition } from '../judge/cell.ts'
import type { Judge, Replaced } from '../judge/judge.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Log } from '../model/log.ts'
import type { Vocabulary } from '../model/metric.ts'
import { outcomeOf, type PollOutcome } from '../model/reading.ts'
import { Comparison } from '../model/same.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import { runPoll } from '../schedule/frame.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Stop } from '../schedule/stop.ts'
import { type OwnMetricNames, OwnSeries } from '../store/own-series.ts'
import type { Store } from '../store/store.ts'
import { DerivedSeries } from './derived-series.ts'
import { DeviceSeries } from './device-series.ts'
import type { EventDesk } from './event-desk.ts'
import { type Prepared, prepareDevice } from './jobs.ts'
import { type LinkSeries, tellsNeighbours } from './link-series.ts'
import { Watch } from './watch.ts'
import { isUsedOn } from './wire.ts'

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
  readonly vocabulary: Vocabulary
  /** The name of siteward as a device. */
  readonly itself: string
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
  /** Alarms that another siteward looks after now. */
  moved(cells: readonly Cell[]): void
  bug(error: unknown, device: Device, use: ProbeUse): void
  /** What takes a while has pauses, in which other work has its turn. */
  breathe(): Promise<void>
}

/** One probe of a device under watch, with the source of the series that siteward keeps of its polls. */
interface Watched {
  readonly watch: Watch
  readonly held: Source
}

/** What a device is to be, on its way there; `next` is undefined where it leaves the site. */
interface Change {
  readonly next: Device | undefined
  /** What goes on being polled as it is. */
  readonly kept: readonly Watched[]
  /** What is polled no more, or otherwise. */
  readonly ended: readonly Watched[]
}

/** No change is under way. */
const settled: Change = { next: undefined, kept: [], ended: [] }

/**
 * One device under watch: its polls in the schedule, and every series that there is of it. Where it changes or leaves, it
 * does so in four steps (`endPolls`, `closeEnded`, `release`, `become`), each of which all devices take before the next:
 * a connection that two of them share must be given back by both before either opens it anew.
 */
export class WatchedDevice {
  readonly #around: Surroundings
  #device: Device
  #watched: readonly Watched[]
  #events: Source | undefined
  #derived: DerivedSeries | undefined
  #alarms: DeviceSeries | undefined
  #change = settled
  /** The probes that are still to be read whole before an alarm whose series has not come is over. */
  #unread: Set<string> | undefined

  /** The judge knows the device already. */
  constructor(device: Device, prepared: readonly Prepared[], around: Surroundings) {
    this.#around = around
    this.#device = device
    this.#watched = prepared.map((one) => this.#watch(one))
    this.#makeSeries()
  }

  get watches(): readonly Watch[] {
    return this.#watched.map(({ watch }) => watch)
  }

  /** Begins to poll what is not polled yet, for the first time within `soon`. */
  schedule(soon: Milliseconds): void {
    const { schedule } = this.#around
    for (const watch of this.watches) {
      const { use, job } = watch.parts
      const { endpoint, parallel } = job
      const run = (stop: Stop): Promise<boolean> => this.#poll(watch, stop)
      const key = keyOf(watch)
      if (!schedule.has(key)) schedule.add({ key, interval: use.interval, endpoint, parallel, run }, soon)
    }
  }

  /** Polls all of it now; false where something of it is under way. */
  hurry(): boolean {
    return this.watches.map((watch) => this.#around.schedule.hurry(keyOf(watch))).every((isSoon) => isSoon)
  }

  /** Gives its connections back; its polls have ended before. */
  async close(): Promise<void> {
    await Promise.all(this.watches.map(({ parts }) => parts.job.close()))
  }

  /** Counts its alarms anew. */
  count(): void {
    this.#alarms?.count(this.#around.judge, this.#around.clock.now().mono)
  }

  /** Nothing has come of a probe for far longer than it should: old readings are no longer believed. */
  expireIfSilent(now: Moment): void {
    for (const watch of this.watches) this.#around.take(watch.expireIfSilent(now))
  }

  /** Its links to others, compared anew. */
  relink(): void {
    const { links, judge, clock, take } = this.#around
    const now = clock.now()
    take(judge.judge(links.update(this.#device.name, now.mono), now))
    this.awaitReadings()
  }

  /** Ends the polls that are no more in what it is to be, or otherwise; resolves when none of them is under way. */
  async endPolls(next: Device | undefined): Promise<void> {
    const isKept = ({ watch }: Watched): boolean => next !== undefined && isUsedOn(watch.parts, next)
    const kept = this.#watched.filter(isKept)
    const ended = this.#watched.filter((one) => !kept.includes(one))
    this.#change = { next, kept, ended }
    await Promise.all(ended.map(({ watch }) => this.#around.schedule.remove(keyOf(watch))))
  }

  /** Gives back the connections of the polls that have ended. */
  async closeEnded(): Promise<void> {
    await Promise.all(this.#change.ended.map(({ watch }) => watch.parts.job.close()))
  }

  /** Gives up every series that does not go on, and returns them. */
  release(): readonly Series[] {
    const { table, events } = this.#around
    const { next, ended } = this.#change
    if (next === undefined) {
      events.remove(this.#device.name)
      return table.releaseDevice(this.#device.name)
    }
    const gone = ended.flatMap(({ watch }) => table.release(watch.parts.source))
    // What siteward says of a probe's polls goes on where the probe does.
    const isUsed = ({ watch }: Watched): boolean => next.probes.some(({ probe }) => probe.name === nameOf(watch))
    const unused = ended.filter((one) => !isUsed(one)).flatMap(({ held }) => table.release(held))
    return [
      ...gone,
      ...unused,
      ...this.#releaseDerived(next),
      ...this.#releaseAlarms(next),
      ...this.#releaseEvents(next),
    ]
  }

  #releaseDerived(next: Device): readonly Series[] {
    const { kept, ended } = this.#change
    const isPolledSame = ended.length === 0 && next.probes.length === kept.length
    const derived = this.#derived
    if (derived === undefined) return []
    if (isPolledSame && new Comparison().same(this.#device.derived, next.derived)) return []
    this.#derived = undefined
    return derived.release()
  }

  #releaseAlarms(next: Device): readonly Series[] {
    const alarms = this.#alarms
    if (alarms === undefined || alarms.change(next)) return []
    this.#alarms = undefined
    return alarms.release()
  }

  #releaseEvents(next: Device): readonly Series[] {
    const source = this.#events
    if (source === undefined || hasEvents(next)) return []
    this.#events = undefined
    this.#around.events.remove(this.#device.name)
    return this.#around.table.release(source)
  }

  /** Is what it was to be, from now on; polls that begin do so within `soon`. */
  become(soon: Milliseconds): void {
    const { next, kept, ended } = this.#change
    if (next === undefined) return
    const { judge, clock, table, take, replaced } = this.#around
    this.#device = next
    this.#watched = [...kept, ...this.#begin(next, kept, ended)]
    replaced(judge.replaceDevice(next, table.seriesOfDevice(next.name)))
    this.#makeSeries()
    const now = clock.now()
    this.#derived?.update(now.mono)
    take(judge.rejudge(table.seriesOfDevice(next.name), now))
    this.awaitReadings()
    this.#change = settled
    this.schedule(soon)
  }

  /** The probes that are used otherwise than before, compiled. */
  #begin(next: Device, kept: readonly Watched[], ended: readonly Watched[]): readonly Watched[] {
    const fresh = next.probes.filter(({ probe }) => !kept.some(({ watch }) => nameOf(watch) === probe.name))
    const { prepared, problems } = prepareDevice({ ...next, probes: fresh }, this.#around)
    // All of it was compiled before, to see whether it can be.
    for (const { message } of problems) this.#around.log.error({ device: next.name, why: message }, 'bug: not compiled')
    return prepared.map((one) =>
      this.#watch(
        one,
        ended.find(({ watch }) => nameOf(watch) === one.use.probe.name),
      ),
    )
  }

  /** An alarm whose series has not come by when all has been read is over. */
  awaitReadings(): void {
    this.#unread = new Set(this.#device.probes.map(({ probe }) => probe.name))
  }

  /** `before` is what the same probe was before, whose account goes on. */
  #watch({ device, use, job, source }: Prepared, before?: Watched): Watched {
    const { table, store, judge, clock, log, metrics, links } = this.#around
    const held = before?.held ?? table.source(device.name, 'siteward', true)
    const own = before?.watch.parts.own ?? new OwnSeries(table.scope(held), metrics, use.probe.name)
    const derived = (): DerivedSeries | undefined => this.#derived
    const told = tellsNeighbours(use.probe) ? links : undefined
    const parts = { device, use, job, source, own, derived, links: told, table, store, judge, clock, log }
    return { watch: new Watch(parts), held }
  }

  /** Makes what is not there of the series that siteward makes of the device. */
  #makeSeries(): void {
    const { table, store, metrics, events } = this.#around
    const device = this.#device
    if (hasEvents(device)) {
      if (this.#events !== undefined) events.change(device)
      else {
        this.#events = table.source(device.name, 'events', true)
        events.add(device, table.scope(this.#events))
      }
    }
    const sources = this.watches.map(({ parts }) => parts.source)
    if (device.derived.length > 0) this.#derived ??= new DerivedSeries({ device, table, store, sources })
    this.#alarms ??= new DeviceSeries(device, table, metrics, store)
    this.count()
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
    if (poll.faults.length === 0) this.#wasRead(use.probe.name)
    return outcome !== 'failed'
  }

  /** Once all that it has has been read since it changed, an alarm whose series has not come has nothing to stand on. */
  #wasRead(probe: string): void {
    if (this.#unread?.delete(probe) !== true || this.#unread.size > 0) return
    this.#unread = undefined
    const { judge, replaced } = this.#around
    replaced({ carried: [], ended: judge.dropAwaited(this.#device.name) })
    this.count()
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
    keep(this.#alarms?.firing ?? [])
  }
}

function nameOf({ parts: { use } }: Watch): string {
  return use.probe.name
}

/** The name of a watch in the schedule. */
function keyOf(watch: Watch): string {
  return `${watch.parts.device.name}/${nameOf(watch)}`
}

function hasEvents({ probes }: Device): boolean {
  return probes.some(({ probe }) => (probe.events ?? []).length > 0)
}
