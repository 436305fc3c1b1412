import { beforeEach, describe, expect, test } from 'vitest'
import type { Transition } from '../../src/judge/cell.ts'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import type { Asset } from '../../src/model/asset.ts'
import type { Device } from '../../src/model/device.ts'
import type { Labels } from '../../src/model/labels.ts'
import type { InfoMetric, Metric, NumberMetric } from '../../src/model/metric.ts'
import type { RecordEvent } from '../../src/model/record.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { noJournal } from '../../src/store/journal.ts'
import { Store } from '../../src/store/store.ts'
import { LedgerKeeper } from '../../src/upkeep/ledger-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { info, makeDevice, makeRule, makeSite, nowhere, temperature } from '../samples.ts'

const day = 86_400_000
const own = (name: string): NumberMetric => ({ ...temperature, name, unit: 'seconds', labels: [] })
const left = own('siteward_warranty_left_seconds')
const differs = own('siteward_asset_differs')
const disk: InfoMetric = { ...info, name: 'disk_info', labels: ['disk', 'model', 'serial'] }
const asset = (fields: Asset['fields']): Asset => ({ name: 'core-1', fields, place: nowhere })

/** A device with an asset, and what it tells. The clock begins on 2023-11-14, 22:30 UTC. */
class World {
  readonly clock = new ManualClock()
  readonly store = new Store()
  readonly events: RecordEvent[] = []
  readonly past: RecordEvent[] = []
  readonly device: Device
  readonly keeper: LedgerKeeper
  readonly #table: SeriesTable
  readonly #judge: Judge

  constructor(fields: Asset['fields'], past: readonly RecordEvent[] = []) {
    this.device = makeDevice({
      name: 'core-1',
      asset: asset(fields),
      rules: [
        makeRule({
          alarm: 'WarrantyEnding',
          metric: left,
          condition: { kind: 'below', limit: { kind: 'fixed', value: (90 * day) / 1000 }, hysteresis: 0 },
        }),
        makeRule({
          alarm: 'AssetDiffers',
          metric: differs,
          condition: { kind: 'above', limit: { kind: 'fixed', value: 0 }, hysteresis: 0 },
        }),
      ],
    })
    const names = [
      'siteward_certificate_left_seconds',
      'siteward_battery_left_seconds',
      'siteward_asset_end_timestamp_seconds',
    ]
    const metrics: readonly Metric[] = [
      left,
      differs,
      ...names.map(own),
      info,
      disk,
      { ...info, name: 'siteward_asset_info' } satisfies InfoMetric,
    ]
    const site = makeSite({
      devices: [this.device],
      vocabulary: new Map(metrics.map((metric) => [metric.name, metric])),
    })
    this.#judge = new Judge(site, this.store)
    this.#judge.addDevice(this.device)
    this.#table = new SeriesTable('hospital', (series) => {
      this.store.add(series)
      this.#judge.addSeries(series)
    })
    this.keeper = new LedgerKeeper({
      ...{ site: () => site, clock: this.clock, table: this.#table, store: this.store, judge: this.#judge },
      journal: { ...noJournal(), ofKind: () => past },
      record: (event) => this.events.push(event),
      forget: (gone) => this.store.remove(gone),
    })
    this.keeper.start()
  }

  /** The device tells this of itself from now on. */
  tells(labels: Labels, metric: Metric = info): void {
    const source = this.#table.source('core-1', 'entity')
    const series = this.#table.scope(source).series(metric, labels)
    if (series !== undefined) this.store.apply({ series, value: 1 }, this.clock.now().mono)
  }

  async later(time: number): Promise<readonly Transition[]> {
    await this.clock.pass(time)
    return this.keeper.tick(this.clock.now())
  }

  get firing(): readonly string[] {
    const cells = [...this.#judge.cellsOfDevice('core-1')]
    return cells.filter(({ alarm }) => phase(alarm) === 'firing').map(({ rule }) => rule.alarm)
  }
}

describe('what ends', () => {
  test('is told ahead of its time, and not before', async () => {
    const world = new World({ warranty_end: '2024-02-12' })
    await world.later(0)
    expect(world.firing).toEqual([])
    await world.later(2 * 3_600_000)
    expect(world.firing).toEqual(['WarrantyEnding'])
    expect(world.keeper.entries).toMatchObject([{ name: 'core-1', days_left: { warranty: 90 } }])
  })
})

describe('what a device tells', () => {
  let world: World

  beforeEach(() => {
    world = new World({ serial: 'A1', model: 'S5735' })
  })

  test('goes into the record when it is new, and when it has changed', async () => {
    await world.later(0)
    expect(world.events).toEqual([])
    world.tells({ serial: 'A1', model: 'S5735-L', vendor: 'Huawei' })
    await world.later(60_000)
    await world.later(60_000)
    expect(world.events).toMatchObject([
      { kind: 'asset', device: 'core-1', own: { serial: 'A1', model: 'S5735-L', maker: 'Huawei' }, note: '' },
    ])
    expect(world.firing).toEqual([])
  })

  test('that is another serial number than the ledger has is an alarm until the ledger is mended', async () => {
    world.tells({ serial: 'B2', model: 'S5735-L' })
    await world.later(0)
    expect(world.firing).toEqual(['AssetDiffers'])
    expect(world.keeper.entries).toMatchObject([
      { differences: [{ field: 'serial', ledger: 'A1', told: ['B2'] }], told: { model: ['S5735-L'] } },
    ])
  })

  test('is remembered over a restart: only what has changed meanwhile is a change', async () => {
    world.tells({ serial: 'A1', version: '1' })
    await world.later(0)
    const next = new World({ serial: 'A1' }, world.events)
    next.tells({ serial: 'A1', version: '2' })
    await next.later(0)
    expect(next.events.map(({ note }) => note)).toEqual(['version: 1 -> 2'])
  })

  test('in words alone gives its version, and may name its model, but never speaks against it', async () => {
    const description = 'H3C Comware Software, Version 7.1.070, Release 6328P03\r\nH3C S5560X-30C-EI'
    const named = new World({ model: 'S5560X', version: '7.1.070' })
    named.tells({ description })
    await named.later(0)
    expect(named.keeper.entries).toMatchObject([{ differences: [], told: { version: ['7.1.070'] } }])
    const older = new World({ model: 'WS-C2960X', version: '7.1.045' })
    older.tells({ description })
    await older.later(0)
    expect(older.keeper.entries[0]?.differences.map(({ field }) => field)).toEqual(['version'])
  })

  test('of its disks (SMART) is held against the parts in the ledger; one that sleeps is still there', async () => {
    const server = new World({ parts: 'S4X1, S4X2' })
    server.tells({ disk: 'sda', serial: 'S4X1' }, disk)
    server.tells({ disk: 'sdb', serial: 'S4X2' }, disk)
    await server.later(0)
    expect(server.firing).toEqual([])
    const changed = new World({ parts: 'S4X1, S4X2' }, server.events)
    changed.tells({ disk: 'sdb', serial: 'S4X9' }, disk)
    await changed.later(0)
    expect(changed.events.map(({ note }) => note)).toEqual(['parts: sda S4X1, sdb S4X2 -> sda S4X1, sdb S4X9'])
    expect(changed.firing).toEqual(['AssetDiffers'])
  })
})
