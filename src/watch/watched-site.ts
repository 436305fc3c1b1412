import type { Transition } from '../judge/cell.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import type { Site } from '../model/site.ts'
import { DeviceSeries } from './device-series.ts'
import type { Prepared } from './jobs.ts'
import { type Saying, SelfSeries } from './self-series.ts'
import type { Watch } from './watch.ts'
import { type Surroundings, WatchedDevice } from './watched-device.ts'

/** After a start all probes of all devices are polled once, one every so many ms. */
const firstRoundShare: Milliseconds = 4

/** All that a site file defines, under watch: its devices, their groups, and siteward itself. */
export class WatchedSite {
  readonly #around: Surroundings
  readonly #devices = new Map<string, WatchedDevice>()
  /** Of what is not polled, but has alarms: groups, what people read by hand, the ledger's other things, siteward itself. */
  readonly #counted = new Map<string, DeviceSeries>()
  #itself: SelfSeries | undefined

  constructor(around: Surroundings) {
    this.#around = around
  }

  get watches(): readonly Watch[] {
    return [...this.#devices.values()].flatMap(({ watches }) => watches)
  }

  /** Begins to watch a site that the judge knows already. */
  start({ devices, unpolled, groups, itself, vocabulary }: Site, prepared: readonly Prepared[]): void {
    const { table, store, judge } = this.#around
    const byDevice = new Map<string, Prepared[]>(devices.map(({ name }) => [name, []]))
    for (const one of prepared) byDevice.get(one.device.name)?.push(one)
    for (const device of devices) {
      const watched = new WatchedDevice(device, byDevice.get(device.name) ?? [], this.#around)
      this.#devices.set(device.name, watched)
      watched.schedule(prepared.length * firstRoundShare)
    }
    const scope = table.scope(table.source(itself.name, 'siteward', true))
    this.#itself = new SelfSeries(scope, vocabulary, store, judge)
    for (const device of [itself, ...unpolled, ...groups.map((group) => group.device)]) this.#countAlarms(device)
  }

  /** Polls all of a device; false where something of it is under way. */
  hurry(device: string): boolean {
    return this.#devices.get(device)?.hurry() ?? true
  }

  /** Counts the alarms of a device or group anew. */
  count(name: string): void {
    this.#devices.get(name)?.count()
    this.#counted.get(name)?.count(this.#around.judge, this.#around.clock.now().mono)
  }

  /** Takes what siteward says of itself now. */
  say(sayings: readonly Saying[], now: Moment): readonly Transition[] {
    return this.#itself?.say(sayings, now) ?? []
  }

  /** What nothing has come of for far longer than it should is not believed any more. */
  expireSilent(now: Moment): void {
    for (const device of this.#devices.values()) device.expireIfSilent(now)
  }

  /** Gives all connections back; the schedule has stopped before. */
  async close(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.close()))
  }

  #countAlarms(device: Site['itself']): void {
    const { table, store, judge, metrics, clock } = this.#around
    const series = new DeviceSeries(device, table, metrics, store)
    series.count(judge, clock.now().mono)
    this.#counted.set(device.name, series)
  }
}
