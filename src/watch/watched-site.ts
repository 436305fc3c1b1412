import type { Cell } from '../judge/cell.ts'
import type { Milliseconds, Moment } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { DeviceGroup } from '../model/group.ts'
import type { Series } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import { DeviceSeries } from './device-series.ts'
import { type Prepared, prepareDevice } from './jobs.ts'
import { type Saying, SelfSeries } from './self-series.ts'
import type { Watch } from './watch.ts'
import { type Surroundings, WatchedDevice } from './watched-device.ts'

/** Probes that are new are all polled once, one every so many ms. */
const firstRoundShare: Milliseconds = 4
/** A poll that was aborted, and a connection that was closed, ends at once: one that does not is waited for no longer. */
const slowestEnd: Milliseconds = 3000
/** Devices that change their series together, between two pauses. */
const atOnce = 32

/** What becomes of things under watch, by their names. */
export interface Steps {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** What becomes of a site under watch. */
export interface SiteStep {
  readonly next: Site
  readonly devices: Steps
  /** What is not polled, but has alarms. */
  readonly unpolled: Steps
  readonly groups: Steps
  /** Whether another siteward watches a device that is removed. */
  isElsewhere(device: string): boolean
}

/** All that a site file defines, under watch: its devices, their groups, and siteward itself. */
export class WatchedSite {
  readonly #around: Surroundings
  readonly #devices = new Map<string, WatchedDevice>()
  /** Of what is not polled, but has alarms: groups, what people read by hand, the ledger's other things, siteward itself. */
  readonly #counted = new Map<string, DeviceSeries>()
  readonly #self: SelfSeries
  /** What is not polled, and of which siteward has still to say all that it has to say. */
  readonly #unsaid = new Set<string>()

  constructor(around: Surroundings) {
    this.#around = around
    this.#self = new SelfSeries(around.itself, 'siteward', around)
  }

  get watches(): readonly Watch[] {
    return [...this.#devices.values()].flatMap(({ watches }) => watches)
  }

  /** Begins to watch a site that the judge knows already. */
  start({ devices, unpolled, groups, itself }: Site, prepared: readonly Prepared[]): void {
    const byDevice = new Map<string, Prepared[]>(devices.map(({ name }) => [name, []]))
    for (const one of prepared) byDevice.get(one.device.name)?.push(one)
    for (const device of devices) {
      const watched = new WatchedDevice(device, byDevice.get(device.name) ?? [], this.#around)
      this.#devices.set(device.name, watched)
      watched.schedule(prepared.length * firstRoundShare)
    }
    for (const device of [itself, ...unpolled, ...groups.map((group) => group.device)]) this.#countAlarms(device)
    for (const { name } of [itself, ...unpolled]) this.#unsaid.add(name)
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

  /** Takes the last of all that siteward has to say now: an alarm of which nothing is said any more is over. */
  say(sayings: readonly Saying[], now: Moment): void {
    const { judge, take } = this.#around
    take(this.#self.say(sayings, now))
    for (const name of this.#unsaid) this.#end(name, judge.dropAwaited(name))
    this.#unsaid.clear()
  }

  /** What nothing has come of for far longer than it should is not believed any more. */
  expireSilent(now: Moment): void {
    for (const device of this.#devices.values()) device.expireIfSilent(now)
  }

  /** Forgets series that were given up by whoever said them; what was said of may be said again. */
  forget(gone: readonly Series[]): void {
    if (gone.length === 0) return
    for (const name of this.#drop(gone)) this.#devices.get(name)?.relink()
    for (const name of new Set(gone.map(({ source }) => source.device))) this.#awaitReadings(name)
  }

  #awaitReadings(name: string): void {
    const device = this.#devices.get(name)
    if (device === undefined) this.#unsaid.add(name)
    else device.awaitReadings()
  }

  /** Gives all connections back; the schedule has stopped before. */
  async close(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.close()))
  }

  /** Goes on with another site: what is as it was goes on, and notices nothing. */
  async change(step: SiteStep): Promise<void> {
    const { next, devices, unpolled, groups } = step
    const byName = new Map(next.devices.map((device) => [device.name, device]))
    const changing = [...devices.removed, ...devices.changed].flatMap((name) => {
      const device = this.#devices.get(name)
      return device === undefined ? [] : [{ name, device, next: byName.get(name) }]
    })
    await this.#within(changing.map((one) => one.device.endPolls(one.next)))
    await this.#within(changing.map(({ device }) => device.closeEnded()))
    for (const name of [...unpolled.removed, ...groups.removed]) this.#removeCounted(name)
    const soon = (devices.added.length + devices.changed.length) * firstRoundShare
    for (let i = 0; i < changing.length; i += atOnce) {
      await this.#around.breathe()
      this.#changeSome(changing.slice(i, i + atOnce), step, soon)
    }
    for (const name of devices.added) {
      await this.#around.breathe()
      this.#add(byName.get(name), soon)
    }
    this.#changeUnpolled(step)
    this.#changeGroups(step)
    this.forget(this.#self.release())
    this.#changeCounted(next.itself)
  }

  #changeSome(changing: readonly Changing[], step: SiteStep, soon: Milliseconds): void {
    const near = this.#drop(changing.flatMap(({ device }) => device.release()))
    for (const { name, device, next } of changing) {
      if (next === undefined) this.#remove(name, step.isElsewhere(name))
      else device.become(soon)
    }
    for (const name of near) this.#devices.get(name)?.relink()
  }

  #remove(name: string, isElsewhere: boolean): void {
    const { judge, moved } = this.#around
    this.#devices.delete(name)
    const cells = judge.removeDevice(name)
    if (isElsewhere) moved(cells)
    else this.#end(name, cells)
  }

  #add(device: Device | undefined, soon: Milliseconds): void {
    if (device === undefined) return
    this.#around.judge.addDevice(device)
    const watched = new WatchedDevice(device, prepareDevice(device, this.#around).prepared, this.#around)
    this.#devices.set(device.name, watched)
    watched.schedule(soon)
  }

  #changeUnpolled({ next, unpolled }: SiteStep): void {
    for (const device of next.unpolled) {
      if (unpolled.changed.includes(device.name)) this.#changeCounted(device)
      if (!unpolled.added.includes(device.name)) continue
      this.#around.judge.addDevice(device)
      this.#countAlarms(device)
    }
  }

  #changeGroups({ next, groups }: SiteStep): void {
    const { judge, replaced, take, clock } = this.#around
    for (const group of next.groups) {
      if (![...groups.added, ...groups.changed].includes(group.device.name)) continue
      replaced(judge.replaceGroup(group, this.#seriesOf(group)))
      this.#countAnew(group.device)
      take(judge.rejudge(this.#seriesOf(group), clock.now()))
    }
  }

  /** What is not polled has other rules now: what siteward says of it it says again. */
  #changeCounted(device: Device): void {
    const { judge, replaced, table } = this.#around
    replaced(judge.replaceDevice(device, table.seriesOfDevice(device.name)))
    this.#countAnew(device)
    this.#unsaid.add(device.name)
  }

  #removeCounted(name: string): void {
    const { judge, table } = this.#around
    this.#counted.delete(name)
    this.#drop(table.releaseDevice(name))
    this.#end(name, judge.removeDevice(name))
  }

  *#seriesOf({ members }: DeviceGroup): Iterable<Series> {
    for (const member of members) yield* this.#around.table.seriesOfDevice(member)
  }

  #countAlarms(device: Device): void {
    const { table, store, metrics } = this.#around
    this.#counted.set(device.name, new DeviceSeries(device, table, metrics, store))
    this.count(device.name)
  }

  #countAnew(device: Device): void {
    const isSame = this.#counted.get(device.name)?.change(device) === true
    if (!isSame) {
      this.#uncount(device.name)
      this.#countAlarms(device)
    }
    this.count(device.name)
  }

  #uncount(name: string): void {
    this.forget(this.#counted.get(name)?.release() ?? [])
    this.#counted.delete(name)
  }

  /** Ends what fires of alarms that are no more. */
  #end(name: string, ended: readonly Cell[]): void {
    this.#around.replaced({ carried: [], ended })
    this.count(name)
  }

  /** Drops series that were given up; returns the devices whose links are to be compared anew. */
  #drop(gone: readonly Series[]): Iterable<string> {
    const { links, judge, store, clock } = this.#around
    const related = links.removed(gone)
    const all = [...gone, ...[...related.values()].flat()]
    judge.removeSeries(all, clock.now())
    store.remove(all)
    return related.keys()
  }

  /** Waits for all, but not for ever. */
  async #within(ends: readonly Promise<void>[]): Promise<void> {
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#around.clock.after(slowestEnd, resolve)
    })
    await Promise.race([Promise.all(ends), late])
    cancel()
  }
}

/** A device on its way; `next` is undefined where it leaves the site. */
interface Changing {
  readonly name: string
  readonly device: WatchedDevice
  readonly next: Device | undefined
}
