import { json, type Route } from '../expose/route.ts'
import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { changes, compare } from '../ledger/compare.ts'
import { entryOf, type LedgerEntry } from '../ledger/entry.ts'
import { asRecord, fromRecord } from '../ledger/told.ts'
import {
  type Asset,
  differsMetric,
  endings,
  endsOf,
  heardFields,
  leftMetrics,
  type Told,
  toldIn,
  toldLabels,
} from '../model/asset.ts'
import { addDays, dayOf, startOf } from '../model/calendar.ts'
import type { Clock, Milliseconds, Moment } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import { aboutNoAlarm, type RecordEvent } from '../model/record.ts'
import type { Series, SeriesTable } from '../model/series.ts'
import type { Site } from '../model/site.ts'
import type { JournalView } from '../store/journal.ts'
import type { Store } from '../store/store.ts'
import { SelfSeries } from '../watch/self-series.ts'

/** What the ledger looks at, and how often: days go by slowly, and a device that has just been changed is told soon. */
const every: Milliseconds = 60_000

/** What the ledger's keeper is wired to. */
export interface LedgerParts {
  site(): Site
  readonly journal: JournalView
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
  readonly clock: Clock
  record(event: RecordEvent): void
  /** Forgets series that are said no more. */
  forget(gone: readonly Series[]): void
}

/** The metrics by which devices tell what they are, and of which parts they are made. */
const toldBy = { itself: 'device_info', disks: 'disk_info' } as const

/** Holds the ledger against what devices tell of themselves, and against the calendar. */
export class LedgerKeeper {
  readonly #parts: LedgerParts
  readonly #told = new Map<string, Told>()
  readonly #says = new Map<string, { readonly asset: Asset; readonly series: SelfSeries }>()
  #next: Milliseconds = 0

  constructor(parts: LedgerParts) {
    this.#parts = parts
  }

  get routes(): readonly Route[] {
    return [{ method: 'GET', path: '/api/v1/ledger', right: 'read', handle: () => json(200, { ledger: this.entries }) }]
  }

  /** Every device, and what the ledger knows beside them. */
  get entries(): readonly LedgerEntry[] {
    const { clock } = this.#parts
    const site = this.#parts.site()
    const today = dayOf(clock.now().wall, site.timeZone())
    return [
      ...site.devices.map(({ name, asset }) => entryOf(name, asset, true, this.#told.get(name) ?? {}, today)),
      ...site.unpolled.map(({ name, asset }) => entryOf(name, asset, isReadByHand(name, site), {}, today)),
    ]
  }

  /** Remembers, by the record, what devices told before the start. */
  start(): void {
    const { journal } = this.#parts
    for (const { device, own } of journal.ofKind('asset', 0)) this.#told.set(device, fromRecord(own))
  }

  /** The site is another now: looks again at once. */
  follow(): void {
    this.#next = 0
  }

  /** Looks again when it is time; returns what the judge made of it. */
  tick(now: Moment): readonly Transition[] {
    if (now.mono < this.#next) return []
    this.#next = now.mono + every
    const { devices: polled, unpolled } = this.#parts.site()
    const devices = [...polled, ...unpolled]
    for (const [device, labels] of this.#telling()) this.#listen(device, labels, now)
    this.#forget(new Map(devices.map(({ name, asset }) => [name, asset])))
    return devices.flatMap((device) => (device.asset === undefined ? [] : this.#say(device.name, device.asset, now)))
  }

  /** What each device tells of itself now. */
  #telling(): ReadonlyMap<string, readonly Labels[]> {
    const telling = new Map<string, Labels[]>()
    const tell = (device: string, labels: Labels): void => {
      const known = telling.get(device)
      if (known === undefined) telling.set(device, [labels])
      else known.push(labels)
    }
    for (const series of this.#read(toldBy.itself)) tell(series.source.device, series.labels)
    for (const { source, labels } of this.#read(toldBy.disks))
      tell(source.device, { [toldLabels.parts]: partOf(labels) })
    return telling
  }

  /** The series of a metric that are read now. */
  #read(name: string): readonly Series[] {
    const { store } = this.#parts
    const metric = this.#parts.site().vocabulary.get(name)
    const family = metric === undefined ? undefined : store.families.get(metric)
    return [...(family ?? [])].filter((series) => !Number.isNaN(store.value(series)))
  }

  /** Says no more of devices that have left the site or the ledger, or of which the ledger says otherwise now. */
  #forget(kept: ReadonlyMap<string, Asset | undefined>): void {
    for (const [device, { asset, series }] of this.#says) {
      if (kept.get(device) === asset) continue
      this.#parts.forget(series.release())
      this.#says.delete(device)
    }
  }

  /** What is new or has changed goes into the record. */
  #listen(name: string, labels: readonly Labels[], now: Moment): void {
    const tells = toldIn(labels)
    const before = this.#told.get(name) ?? {}
    // A table that did not come this time is no change.
    const after = { ...before, ...tells, ...partsAfter(before, tells) }
    if (heardFields.every((field) => before[field]?.join() === after[field]?.join())) return
    this.#told.set(name, after)
    const note = changes(before, after).join('; ')
    this.#parts.record({
      ...aboutNoAlarm,
      kind: 'asset',
      at: now.wall,
      device: name,
      own: asRecord(after),
      by: '',
      note,
    })
  }

  #say(device: string, asset: Asset, now: Moment): readonly Transition[] {
    const site = this.#parts.site()
    const parts = { ...this.#parts, vocabulary: site.vocabulary }
    const series = this.#says.get(device)?.series ?? new SelfSeries(device, 'ledger', parts)
    this.#says.set(device, { asset, series })
    const ends = endsOf(asset)
    const sayings = endings.flatMap((ending) => {
      const end = ends[ending]
      if (end === undefined) return []
      const over = startOf(addDays(end, 1), site.timeZone())
      return [
        { metric: leftMetrics[ending], labels: {}, value: (over - now.wall) / 1000 },
        { metric: 'siteward_asset_end_timestamp_seconds', labels: { ending }, value: over / 1000 },
      ]
    })
    const compared = compare(asset, this.#told.get(device) ?? {}).map(({ field, differs }) => {
      return { metric: differsMetric, labels: { field }, value: differs ? 1 : 0 }
    })
    const info = { metric: 'siteward_asset_info', labels: infoOf(asset), value: 1 }
    return series.say([info, ...sayings, ...compared], now)
  }
}

/** Whether somebody reads something of a thing by hand: then it is watched, though never polled. */
export function isReadByHand(name: string, { duties }: Pick<Site, 'duties'>): boolean {
  return duties.some(({ readings }) => readings.some(({ device }) => device === name))
}

/** The fields that stand on /metrics. */
function infoOf({ fields }: Asset): Labels {
  const { maker, model, serial, number, building, room, cabinet, department } = fields
  const all = { maker, model, serial, number, building, room, cabinet, department }
  return Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
}

/** Where a part is, and which it is: `sda S4X1`; nothing where it does not tell. */
function partOf({ disk = '', serial = '' }: Labels): string {
  return serial.trim() === '' ? '' : `${disk.replace(/\s+/g, '-')} ${serial}`
}

/** A disk that sleeps tells nothing, and is still there until another one is in its place. */
function partsAfter({ parts: before = [] }: Told, { parts = [] }: Told): Told {
  const placeOf = (part: string): string => part.slice(0, part.indexOf(' '))
  const places = new Set(parts.map(placeOf))
  const all = [...before.filter((part) => !places.has(placeOf(part))), ...parts].sort()
  return all.length === 0 ? {} : { parts: all }
}
