import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Transition } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import type { Device } from '../../src/model/device.ts'
import { silent } from '../../src/model/log.ts'
import type { Metric, NumberMetric } from '../../src/model/metric.ts'
import type { Level, RollUpPlan } from '../../src/model/roll-up.ts'
import { type Series, SeriesTable } from '../../src/model/series.ts'
import { packed, unpacked } from '../../src/rollup/packed.ts'
import { rolledAt } from '../../src/rollup/sums.ts'
import { JournalError, noJournal } from '../../src/store/journal.ts'
import { openRollUpsIn, viewRollUpsIn } from '../../src/store/roll-ups.ts'
import { Store } from '../../src/store/store.ts'
import { RollUpKeeper } from '../../src/upkeep/roll-up-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { describeUnless } from '../peers/peer.ts'
import { bytesTotal, makeDevice, makeRule, makeSite, source, temperature } from '../samples.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const up: NumberMetric = { ...temperature, name: 'siteward_roll_ups_up', unit: 'none', labels: [] }
const info: Metric = { name: 'device_info', kind: 'info', unit: 'none', labels: [], text: { en: '', zh: '' } }
const forever = 1e12

/** What siteward reads of one device, and one process that rolls it up. The manual clock begins at 22:30 UTC. */
class World {
  readonly clock: ManualClock
  readonly store = new Store()
  readonly table: SeriesTable
  readonly judge: Judge
  readonly device: Device
  readonly keeper: RollUpKeeper
  isKept = true

  constructor(folder: string, clock: ManualClock, plan: Partial<RollUpPlan['keep']> = {}, bytes = 2 ** 30) {
    this.clock = clock
    this.device = makeDevice({
      rules: [
        makeRule(),
        makeRule({ alarm: 'OnBattery', metric: source, condition: { kind: 'is', states: new Set([1]) } }),
      ],
    })
    const site = makeSite({
      devices: [this.device],
      stateDirectory: folder,
      vocabulary: new Map([[up.name, up]]),
      timeZone: () => 'UTC',
      rollUps: { keep: { hour: forever, day: forever, xun: forever, month: forever, ...plan }, bytes },
    })
    this.judge = new Judge(site, this.store)
    this.judge.addDevice(this.device)
    this.table = new SeriesTable('hospital', (series) => {
      this.store.add(series)
      this.judge.addSeries(series)
    })
    const world = this
    this.keeper = new RollUpKeeper({
      ...{ table: this.table, store: this.store, judge: this.judge, clock, log: silent, site: () => site },
      journal: {
        ...noJournal(),
        get isKept() {
          return world.isKept
        },
      },
    })
  }

  series(metric: Metric, labels = {}, device = 'crac-1'): Series {
    const series = this.table.scope(this.table.source(device, `probe-${metric.name}`)).series(metric, labels)
    if (series === undefined) throw new Error('no room')
    return series
  }

  read(series: Series, value: number): void {
    this.store.apply({ series, value }, this.clock.now().mono)
  }

  /** Lets minutes pass, as the daemon does. */
  async minutes(count: number): Promise<readonly Transition[]> {
    const found: Transition[] = []
    for (let n = 0; n < count; n++) {
      await this.clock.pass(minute)
      found.push(...this.keeper.tick(this.clock.now()))
    }
    return found
  }
}

/** Why no disk can be made that is soon full. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'a small file system cannot be mounted here (needs root)'
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

let folder: string
let clock: ManualClock

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-roll-ups-'))
  clock = new ManualClock()
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What is on disk of a level, as `metric{labels}: low high sum count outside`, by when it begins. */
function onDisk(level: Level, device = 'crac-1'): Readonly<Record<string, readonly string[]>> {
  const view = viewRollUpsIn(folder, { packed, unpacked })
  const names = view.seriesOf(device)
  const found = view.stretches(level, device, 0, 1e15).map(({ start, rolled }) => {
    const lines = Array.from(rolled.ids, (id, n) => {
      const { low, high, sum, count, outside } = rolledAt(rolled, n)
      const numbers = [low, high, sum, count, outside].map((one) => Number(one.toFixed(6)))
      return `${names.get(id)?.metric}${JSON.stringify(names.get(id)?.labels)}: ${numbers.join(' ')}`
    })
    return [new Date(start).toISOString().slice(0, 13), lines] as const
  })
  view.close()
  return Object.fromEntries(found)
}

describe('each full minute', () => {
  test('is a sample of every reading: lowest, highest, sum, count, and how many broke a rule', async () => {
    const world = new World(folder, clock)
    const room = world.series(temperature, { sensor: 'a' })
    for (const value of [20, 30, 25, 29]) {
      world.read(room, value)
      await world.minutes(1)
    }
    // Missing: neither a sample nor time outside.
    world.read(room, Number.NaN)
    await world.minutes(3)
    world.keeper.stop()
    expect(onDisk('hour')).toEqual({ '2023-11-14T22': ['room_temperature_celsius{"sensor":"a"}: 20 30 104 4 2'] })
  })

  test('of a counter, its growth; beginning anew is counted, and a gap is not filled', async () => {
    const world = new World(folder, clock)
    const received = world.series(bytesTotal, { interface: 'eth0' })
    for (const value of [100, 150, 20, 50, Number.NaN, 500, 510]) {
      world.read(received, value)
      await world.minutes(1)
    }
    world.keeper.stop()
    expect(onDisk('hour')).toEqual({
      '2023-11-14T22': ['interface_receive_bytes_total{"interface":"eth0"}: 20 510 110 6 1'],
    })
  })

  test('of a state, for how long it was known and for how long it was bad; an unknown one is not known', async () => {
    const world = new World(folder, clock)
    const output = world.series(source)
    for (const value of [0, 1, 2, 0]) {
      world.read(output, value)
      await world.minutes(1)
    }
    world.read(world.series(info), 1)
    await world.minutes(1)
    world.keeper.stop()
    expect(onDisk('hour')).toEqual({ '2023-11-14T22': ['ups_output_source_state{}: NaN NaN 0 4 1'] })
  })
})

describe('hours make days, days xun, xun months', () => {
  test('with the very same sums, and what is over is written by itself', async () => {
    const world = new World(folder, clock)
    const room = world.series(temperature)
    let sum = 0
    let count = 0
    const days = 48
    for (let n = 0; n < days * 12; n++) {
      const value = 20 + (n % 97) / 8
      world.read(room, value)
      await clock.pass(2 * hour)
      world.keeper.tick(clock.now())
      await clock.pass(50)
      if (clock.now().wall < Date.UTC(2023, 11, 1)) continue
      if (clock.now().wall >= Date.UTC(2024, 0, 1)) continue
      sum += value
      count++
    }
    await clock.pass(10 * minute)
    world.keeper.tick(clock.now())
    await clock.pass(10_000)
    world.keeper.stop()
    const december = (onDisk('month')['2023-12-01T00'] ?? [])[0] ?? ''
    expect(december).toMatch(new RegExp(`: 20 32 ${sum} ${count} \\d+$`))
    const xun = Object.keys(onDisk('xun'))
    expect(xun).toEqual(['2023-11-11T00', '2023-11-21T00', '2023-12-01T00', '2023-12-11T00', '2023-12-21T00'])
    expect(Object.keys(onDisk('day'))).toHaveLength(days - 1)
  }, 120_000)
})

describe('a process that is killed', () => {
  test('loses what it had not written, and the next one goes on with the hour', async () => {
    const world = new World(folder, clock)
    const room = world.series(temperature)
    world.read(room, 20)
    await world.minutes(6)
    await clock.pass(1000)
    // Six minutes are on disk, as of the first and the sixth; three more die with the process.
    await world.minutes(3)
    const next = new World(folder, clock)
    next.read(next.series(temperature), 30)
    await next.minutes(2)
    next.keeper.stop()
    expect(onDisk('hour')['2023-11-14T22']).toEqual(['room_temperature_celsius{}: 20 30 180 8 2'])
  })

  test('leaves a half made day, which the next one makes whole', async () => {
    const world = new World(folder, clock)
    world.read(world.series(temperature), 20)
    await world.minutes(200)
    await clock.pass(10_000)
    world.keeper.stop()
    const whole = onDisk('day')
    expect(Object.keys(whole)).toEqual(['2023-11-14T00'])
    const open = openRollUpsIn(folder, { packed, unpacked }, { stamp: 0, corrupt: () => {}, isShared: false })
    const [hourOf] = open.stretches('hour', 'crac-1', 0, 1e15)
    if (hourOf === undefined) throw new Error('no hour')
    open.write({ ...hourOf, level: 'day', start: Date.UTC(2023, 10, 14), end: Date.UTC(2023, 10, 15) })
    open.close()
    expect(onDisk('day')).not.toEqual(whole)
    const next = new World(folder, clock)
    await next.minutes(6)
    await clock.pass(10_000)
    next.keeper.stop()
    expect(onDisk('day')).toEqual(whole)
  })
})

describe('a disk that refuses', () => {
  test('is told and is an alarm; what it did not take is written when it takes again', async () => {
    const world = new World(folder, clock)
    world.read(world.series(temperature), 20)
    world.isKept = false
    await world.minutes(70)
    expect(world.keeper.isWriting).toBe(false)
    world.isKept = true
    await world.minutes(6)
    await clock.pass(1000)
    expect(world.keeper.isWriting).toBe(true)
    expect(Object.keys(onDisk('hour'))).toEqual(['2023-11-14T22', '2023-11-14T23'])
    world.keeper.stop()
  })

  test('holds no more than three hours in memory', async () => {
    const world = new World(folder, clock)
    world.read(world.series(temperature), 20)
    world.isKept = false
    await world.minutes(6 * 60)
    world.isKept = true
    world.keeper.stop()
    expect(Object.keys(onDisk('hour'))).toHaveLength(4)
  })
})

describeUnless(smallDisk(), 'a disk that is really full', () => {
  test('stops nothing: what it takes again is whole, and the file is sound', async () => {
    const mounted = mkdtempSync(join(tmpdir(), 'siteward-small-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', mounted])
    try {
      const world = new World(mounted, clock)
      const all = Array.from({ length: 600 }, (_, n) =>
        world.series(temperature, { sensor: `s${n}` }, `device-${n % 7}`),
      )
      for (let n = 0; n < 70; n++) {
        for (const [i, series] of all.entries()) world.read(series, 20 + Math.sin(n * i))
        await world.minutes(1)
        await clock.pass(1000)
      }
      expect(world.keeper.isWriting).toBe(false)
      execFileSync('mount', ['-o', 'remount,size=32m', mounted])
      await world.minutes(6)
      await clock.pass(1000)
      expect(world.keeper.isWriting).toBe(true)
      world.keeper.stop()
      const view = viewRollUpsIn(mounted, { packed, unpacked })
      expect(view.starts('hour', 0, 1e15)).toHaveLength(2)
      const [first] = view.stretches('hour', 'device-3', 0, 1e15)
      // From 22:31 to 22:59, each minute.
      expect([...(first?.rolled.counts ?? [])]).toEqual(all.filter((_, n) => n % 7 === 3).map(() => 29))
      view.close()
    } finally {
      // The library closes its file at some garbage collection.
      execFileSync('umount', ['--lazy', mounted])
      rmSync(mounted, { recursive: true, force: true })
    }
  }, 120_000)
})

describe('what is kept', () => {
  test('goes by its age, in whole days and months', async () => {
    const world = new World(folder, clock, { hour: 2 * day })
    world.read(world.series(temperature), 20)
    for (let n = 0; n < 5 * 24; n++) {
      await clock.pass(hour)
      world.keeper.tick(clock.now())
      await clock.pass(50)
    }
    world.keeper.stop()
    const hours = Object.keys(onDisk('hour'))
    expect(hours[0]).toBe('2023-11-17T00')
    expect(Object.keys(onDisk('day'))).toEqual([
      '2023-11-14T00',
      '2023-11-15T00',
      '2023-11-16T00',
      '2023-11-17T00',
      '2023-11-18T00',
    ])
  })

  test('is no more than it may be: the oldest hours go first, those of today never', async () => {
    const world = new World(folder, clock, {}, 1)
    world.read(world.series(temperature), 20)
    for (let n = 0; n < 30; n++) {
      await clock.pass(hour)
      world.keeper.tick(clock.now())
      await clock.pass(1000)
    }
    world.keeper.stop()
    const today = new Date(clock.now().wall).toISOString().slice(0, 10)
    expect(Object.keys(onDisk('hour')).every((one) => one.startsWith(today))).toBe(true)
  })
})

test('a folder in which nothing was rolled up yet says so', () => {
  expect(() => viewRollUpsIn(folder, { packed, unpacked })).toThrow(JournalError)
})
