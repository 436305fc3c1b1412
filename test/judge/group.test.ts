import { describe, expect, test } from 'vitest'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { makeDevice, makeRule, source } from '../samples.ts'

/** Three air conditioners on three devices, of which two must run: states 0 (running), 1 (not), 2 (nobody knows). */
class Cooling {
  readonly #store = new Store()
  readonly #judge = new Judge({ name: 'hospital', labels: {} }, this.#store)
  readonly #table = new SeriesTable('hospital', (series) => {
    this.#store.add(series)
    this.#judge.addSeries(series)
  })
  #time = 0

  constructor() {
    const names = ['crac-1', 'crac-2', 'crac-3']
    const rule = makeRule({
      alarm: 'CoolingLow',
      metric: source,
      measure: { kind: 'count', of: { kind: 'is', states: new Set([0]) } },
      condition: { kind: 'below', limit: { kind: 'fixed', value: 2 }, hysteresis: 0 },
    })
    for (const name of names) this.#judge.addDevice(makeDevice({ name }))
    this.#judge.addGroup({ device: makeDevice({ name: 'cooling', rules: [rule] }), members: names })
  }

  /** A poll of one device: its state, or NaN for none. */
  reads(device: string, state: number): this {
    const scope = this.#table.scope(this.#table.source(device, `probe-${device}`))
    const series = scope.series(source, {}) ?? this.#known.get(device)
    if (series === undefined) throw new Error('no series')
    this.#known.set(device, series)
    this.#store.apply({ series, value: state }, ++this.#time)
    this.#judge.judge([series], { wall: this.#time, mono: this.#time })
    return this
  }

  readonly #known = new Map<string, NonNullable<ReturnType<ReturnType<SeriesTable['scope']>['series']>>>()

  get state(): string {
    const [cell] = this.#judge.cellsOfDevice('cooling')
    if (cell === undefined) throw new Error('no cell')
    return `${cell.alarm.state} ${phase(cell.alarm)} ${cell.labels['device']}`
  }

  remove(device: string): void {
    const series = this.#known.get(device)
    this.#judge.removeSeries(series === undefined ? [] : [series], { wall: this.#time, mono: this.#time })
    this.#judge.removeDevice(device)
  }
}

describe('a count over several devices', () => {
  test('fires when too few are so, and ends when enough are', () => {
    const cooling = new Cooling().reads('crac-1', 0).reads('crac-2', 0).reads('crac-3', 0)
    expect(cooling.state).toBe('inactive inactive cooling')
    expect(cooling.reads('crac-1', 1).state).toBe('inactive inactive cooling')
    expect(cooling.reads('crac-2', 1).state).toBe('firing firing cooling')
    expect(cooling.reads('crac-1', 0).state).toBe('inactive inactive cooling')
  })

  test('says nothing while a device was never read, or is silent, and it could be either', () => {
    const cooling = new Cooling().reads('crac-1', 0)
    expect(cooling.state).toBe('unknown inactive cooling')
    expect(cooling.reads('crac-2', 1).state).toBe('unknown inactive cooling')
    expect(cooling.reads('crac-3', Number.NaN).state).toBe('unknown inactive cooling')
    expect(cooling.reads('crac-3', 2).state).toBe('unknown inactive cooling')
    expect(cooling.reads('crac-3', 1).state).toBe('firing firing cooling')
  })

  test('says what holds either way', () => {
    const cooling = new Cooling().reads('crac-1', 0).reads('crac-2', 0)
    expect(cooling.state).toBe('inactive inactive cooling')
    expect(new Cooling().reads('crac-1', 1).reads('crac-2', 1).state).toBe('firing firing cooling')
  })

  test('forgets a device that left the site', () => {
    const cooling = new Cooling().reads('crac-1', 0).reads('crac-2', 0).reads('crac-3', 1)
    cooling.remove('crac-1')
    expect(cooling.reads('crac-3', 1).state).toBe('unknown inactive cooling')
  })
})
