import type { Attendance } from '../alarms/attendance.ts'
import type { HoldKeeper, KeptAlarm } from '../alarms/hold-keeper.ts'
import type { FiringAlarm } from '../hold/hold.ts'
import type { Judge } from '../judge/judge.ts'
import type { Clock } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { Series } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import type { Store } from '../store/store.ts'
import type { Watch } from '../watch/watch.ts'
import { alarmStatuses } from './alarm-status.ts'
import { deviceStatus } from './device-status.ts'
import { glance } from './glance.ts'
import { readingStatus } from './reading-status.ts'
import type { DeviceReadings, DeviceStatus, SiteStatus, Status } from './shape.ts'

/** What the status page looks at; each is asked anew, since a reload may put another in its place. */
export interface Watched {
  readonly version: string
  readonly clock: Clock
  readonly store: Store
  readonly judge: Judge
  readonly holds: Pick<HoldKeeper, 'kept'>
  readonly attendance: Pick<Attendance, 'firing'>
  site(): Site
  watches(): readonly Watch[]
  /** Whether the record of alarms can be written. */
  isRecording(): boolean
}

/** Readings of one device that are listed at once. */
const mostReadings = 2000

/** The site as it stands now. */
export class Overview {
  readonly #watched: Watched
  /** Made anew only when the device was polled or its alarms have changed: a site may have thousands. */
  #devices = new Map<string, { readonly mark: readonly unknown[]; readonly status: DeviceStatus }>()

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Everything, as of now; a device that has not changed is the same object as the last time. */
  now(): Status {
    const { clock, store, judge, holds, attendance } = this.#watched
    const now = clock.now()
    const site = this.#watched.site()
    const { kept } = holds
    return {
      at: new Date(now.wall).toISOString(),
      site: this.#siteStatus(site),
      alarms: alarmStatuses(kept, { site, judge, episodes: attendance.firing, now }),
      room: glance(new Map(site.devices.map((device) => [device.name, device])), store, judge),
      devices: this.#deviceStatuses(site.devices, kept),
    }
  }

  /** What is read of one device now; undefined where there is no such device. `wanted` is part of a metric's name or text. */
  readings(name: string, wanted: string): DeviceReadings | undefined {
    if (!this.#watched.site().devices.some((device) => device.name === name)) return undefined
    const { store, judge } = this.#watched
    const readings: DeviceReadings['readings'][number][] = []
    let total = 0
    for (const series of this.#seriesOf(name)) {
      if (!speaksOf(series, wanted)) continue
      if (++total <= mostReadings) readings.push(readingStatus(series, store, judge))
    }
    return { device: name, readings, total }
  }

  *#seriesOf(name: string): Iterable<Series> {
    const watches = this.#watched.watches().filter(({ parts }) => parts.device.name === name)
    for (const { parts } of watches) yield* parts.table.seriesOf(parts.source)
    yield* watches[0]?.parts.derived()?.series ?? []
    for (const { parts } of watches) if (parts.own.up !== undefined) yield parts.own.up
  }

  #siteStatus(site: Site): SiteStatus {
    return {
      name: site.name,
      version: this.#watched.version,
      language: site.language,
      time_zone: site.timeZone(),
      judge: site.judge,
      alertmanagers: site.alertmanagers.length,
      record_up: this.#watched.isRecording(),
    }
  }

  #deviceStatuses(devices: readonly Device[], kept: readonly KeptAlarm[]): readonly DeviceStatus[] {
    const watches = grouped(this.#watched.watches(), ({ parts }) => parts.device.name)
    const alarms = kept.flatMap(({ alarm, isFiring }) => (isFiring ? [alarm] : []))
    const firing = grouped(alarms, ({ device }) => device)
    const statuses = new Map<string, { readonly mark: readonly unknown[]; readonly status: DeviceStatus }>()
    for (const device of devices) {
      statuses.set(
        device.name,
        this.#deviceStatus(device, watches.get(device.name) ?? [], firing.get(device.name) ?? []),
      )
    }
    this.#devices = statuses
    return [...statuses.values()].map(({ status }) => status)
  }

  #deviceStatus(device: Device, watches: readonly Watch[], firing: readonly FiringAlarm[]) {
    const mark = [device, ...watches.map(({ polled }) => polled), ...firing.map(({ key }) => key)]
    const known = this.#devices.get(device.name)
    if (known !== undefined && sameItems(known.mark, mark)) return known
    return { mark, status: deviceStatus(device, watches, firing) }
  }
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

function speaksOf({ metric, labels }: Series, wanted: string): boolean {
  if (wanted === '') return true
  const words = [metric.name, metric.text.en, metric.text.zh, ...Object.values(labels)]
  return words.some((word) => word.toLowerCase().includes(wanted.toLowerCase()))
}
