import { describe, expect, test } from 'vitest'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import type { Duty } from '../../src/model/duty.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { RecordEvent } from '../../src/model/record.ts'
import { SeriesTable } from '../../src/model/series.ts'
import type { Site } from '../../src/model/site.ts'
import { noJournal } from '../../src/store/journal.ts'
import { Store } from '../../src/store/store.ts'
import { DutyKeeper } from '../../src/upkeep/duty-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { makeDevice, makeRule, makeSite, nowhere, temperature } from '../samples.ts'

const day = 86_400_000
const resistance: NumberMetric = {
  ...temperature,
  ...{ name: 'earth_resistance_ohms', unit: 'ohms', labels: ['point'], range: { low: 0, high: 1e6 } },
}
const own = (name: string): NumberMetric => ({ ...temperature, name, unit: 'none', labels: ['duty'] })
const overdue = own('siteward_duty_overdue')
const metrics = [
  resistance,
  overdue,
  own('siteward_duty_due_timestamp_seconds'),
  own('siteward_duty_done_timestamp_seconds'),
]
const above = (value: number) => ({ kind: 'above', limit: { kind: 'fixed', value }, hysteresis: 0 }) as const

const measured: Duty = {
  ...{
    name: 'earth',
    title: { en: 'Earthing measured', zh: '接地电阻测量' },
    recurrence: { kind: 'span', span: 'month' },
  },
  ...{ moves: undefined, grace: 0, from: undefined, plan: [], devices: [], place: nowhere },
  readings: [{ name: 'roof', device: 'earthing', metric: resistance, labels: { point: 'roof' } }],
}

/** One duty with a reading by hand. The clock begins on 2023-11-14, 22:30 UTC. */
class World {
  readonly clock = new ManualClock()
  readonly events: RecordEvent[] = []
  readonly store = new Store()
  readonly keeper: DutyKeeper
  readonly judge: Judge
  readonly charted: number[] = []
  site: Site

  constructor(duties: readonly Duty[] = [measured], past: readonly RecordEvent[] = []) {
    const earthing = makeDevice({
      name: 'earthing',
      rules: [makeRule({ alarm: 'EarthResistance', metric: resistance, condition: above(4) })],
    })
    const itself = makeDevice({
      name: 'siteward',
      rules: [makeRule({ alarm: 'DutyOverdue', metric: overdue, condition: above(0) })],
    })
    this.site = makeSite({
      duties,
      unpolled: [earthing],
      itself,
      vocabulary: new Map(metrics.map((metric) => [metric.name, metric])),
    })
    this.judge = new Judge(this.site, this.store)
    for (const device of [earthing, itself]) this.judge.addDevice(device)
    const table = new SeriesTable('hospital', (series) => {
      this.store.add(series)
      this.judge.addSeries(series)
    })
    this.keeper = new DutyKeeper({
      ...{ clock: this.clock, table, store: this.store, judge: this.judge, site: () => this.site },
      journal: { ...noJournal(), ofKind: () => past },
      record: (event) => this.events.push(event),
      remember: (series, value) => {
        if (series.metric === resistance) this.charted.push(value)
      },
      forget: (gone) => {
        this.judge.removeSeries(gone, this.clock.now())
        this.store.remove(gone)
      },
    })
    this.keeper.start()
  }

  async later(time: number): Promise<void> {
    await this.clock.pass(time)
    this.keeper.tick(this.clock.now())
  }

  done(value: string, on?: string): unknown {
    const outcome = this.keeper.done('earth', { by: 'the engineer', note: '', day: on, values: { '': value } })
    this.keeper.look(this.clock.now())
    return outcome?.ok === false ? outcome.why : outcome?.ok
  }

  get firing(): readonly string[] {
    const cells = [...this.judge.cells()].filter(({ alarm }) => phase(alarm) === 'firing')
    return cells.map(({ rule, own: labels }) => `${rule.alarm} ${Object.values(labels).join()}`)
  }

  get exposed(): Readonly<Record<string, number>> {
    const all = [...this.store.families].flatMap(([metric, family]) =>
      [...family].map((series) => [metric.name.replace('siteward_duty_', ''), this.store.value(series)] as const),
    )
    return Object.fromEntries(all.filter(([, value]) => !Number.isNaN(value)))
  }
}

describe('a duty', () => {
  test('is owed from when siteward first heard of it, and an alarm when it is overdue', async () => {
    const world = new World()
    await world.later(0)
    expect(world.events).toMatchObject([{ kind: 'duty', own: { duty: 'earth', action: 'planned' } }])
    expect(world.exposed).toEqual({ overdue: 0, due_timestamp_seconds: Date.parse('2023-12-01') / 1000 })
    await world.later(17 * day)
    expect(world.firing).toEqual(['DutyOverdue earth'])
    expect(world.done('1.2 Ω')).toBe(true)
    expect(world.firing).toEqual([])
    expect(world.events).toHaveLength(2)
    expect(world.keeper.listed).toMatchObject([
      { name: 'earth', due: '2024-01-31', state: 'due_later', last: { day: '2023-12-01' }, readings: [{ value: 1.2 }] },
    ])
  })

  test('that left the site is said no more', async () => {
    const world = new World()
    await world.later(17 * day)
    world.site = { ...world.site, duties: [] }
    await world.later(60_000)
    expect(world.exposed).toEqual({})
  })
})

describe('what is read by hand', () => {
  test('is a reading with a unit, a limit, a chart and an age', async () => {
    const world = new World()
    await world.later(0)
    expect(world.done('5 Ω')).toBe(true)
    expect(world.exposed).toMatchObject({ earth_resistance_ohms: 5 })
    expect(world.firing).toEqual(['EarthResistance roof'])
    expect(world.done('1200 mΩ')).toBe(true)
    expect(world.firing).toEqual([])
    expect(world.charted).toEqual([Number.NaN, 5, 1.2])
    // When the duty is overdue, nobody knows the value any more.
    await world.later(60 * day)
    expect(world.exposed['earth_resistance_ohms']).toBeUndefined()
  })

  test('must be there, possible, and in a unit that it has', async () => {
    const world = new World()
    await world.later(0)
    const say = (values: Readonly<Record<string, string>>, on?: string): unknown => {
      const outcome = world.keeper.done('earth', { by: 'x', note: '', day: on, values })
      return outcome?.ok === false ? outcome.why : outcome
    }
    expect(say({})).toBe('the value of roof is missing: Room temperature')
    expect(say({ '': 'much' })).toBe('"much" is no number')
    expect(say({ roof: '3 V' })).toMatch(/"V" is no unit of earth_resistance_ohms/)
    expect(say({ '': '-1' })).toMatch(/-1 cannot be/)
    expect(say({ cellar: '1' })).toBe('earth has no reading cellar: it has roof')
    expect(say({ '': '1' }, '2023-11-15')).toBe('2023-11-15 is still to come')
    expect(say({ '': '1' }, '2021-01-01')).toBe('2021-01-01 is more than 400 days ago')
    expect(world.keeper.done('earthquake', { by: 'x', note: '', day: undefined, values: {} })).toBeUndefined()
    expect(world.events).toHaveLength(1)
  })

  test('is known after a restart, and taken back by who typed it wrong', async () => {
    const world = new World()
    await world.later(0)
    world.done('1 Ω', '2023-11-13')
    world.done('9 Ω')
    const next = new World([measured], world.events)
    await next.later(0)
    expect(next.exposed).toMatchObject({ earth_resistance_ohms: 9 })
    expect(next.keeper.withdraw('earth', 'x', 'a slip')).toBe(true)
    next.keeper.look(next.clock.now())
    expect(next.exposed).toMatchObject({ earth_resistance_ohms: 1 })
    expect(next.keeper.withdraw('nothing', 'x', '')).toBeUndefined()
  })
})
