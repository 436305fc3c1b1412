import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/model/metric.ts'
import { SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { bytesTotal, info, source, temperature } from '../samples.ts'

function setUp(limit?: number) {
  const store = new Store()
  const added: number[] = []
  const table = new SeriesTable(
    'hospital',
    (series) => {
      added.push(series.id)
      store.add(series)
    },
    limit,
  )
  const from = table.source('switch', 'if-mib')
  const ports = (metric: Metric): readonly string[] =>
    [...(store.families.get(metric) ?? [])].map(({ labels }) => labels['interface'] ?? '')
  return { store, table, from, scope: table.scope(from), added, ports }
}

describe('a row', () => {
  test('gives its metrics ids side by side, one object of labels, and is made once', () => {
    const { scope, added, from } = setUp()
    const row = scope.row([temperature, bytesTotal], { interface: '1' })
    expect(row?.first).toBe(0)
    expect(row?.series(1)).toMatchObject({ id: 1, metric: bytesTotal })
    expect(row?.series(1).labels).toEqual({ site: 'hospital', device: 'switch', interface: '1' })
    expect(row?.series(1).labels).toBe(row?.series(0).labels)
    expect(row?.series(0).source).toBe(from)
    expect(scope.row([temperature, bytesTotal], { interface: '1' })).toBe(row)
    expect(scope.series(bytesTotal, { interface: '1' })?.id).toBe(1)
    expect(added).toEqual([0, 1])
    expect(() => row?.series(2)).toThrow(RangeError)
  })

  test('is refused where one of its series is there already; a further series joins its labels', () => {
    const { scope, table } = setUp()
    const row = scope.row([temperature, bytesTotal], { interface: '1' })
    expect(scope.row([bytesTotal, info], { interface: '1' })).toBeUndefined()
    expect(scope.series(info, { interface: '1' })?.labels).toBe(row?.labels)
    const other = table.scope(table.source('switch', 'another'))
    expect(other.row([temperature], { interface: '1' })).toBeUndefined()
    expect(other.series(temperature, { interface: '1' })).toBeUndefined()
    expect(other.series(source, { interface: '1' })?.labels).toEqual(row?.labels)
    const elsewhere = table.scope(table.source('switch-2', 'if-mib'))
    expect(elsewhere.row([temperature], { interface: '1' })?.first).toBe(4)
  })

  test('counts all of its series against the limit of a source', () => {
    const { scope } = setUp(3)
    expect(scope.row([temperature, bytesTotal], { interface: '1' })).toBeDefined()
    expect(scope.row([temperature, bytesTotal], { interface: '2' })).toBeUndefined()
    expect(scope.series(temperature, { interface: '2' })).toBeDefined()
  })

  test('of what is released the ids are given out again, to rows of the same length', () => {
    const { store, scope, table, from } = setUp()
    scope.row([temperature, bytesTotal], { interface: '1' })
    scope.series(info, { interface: '1' })
    store.remove(table.release(from))
    const again = table.scope(table.source('switch-2', 'if-mib'))
    expect(again.series(source, {})?.id).toBe(2)
    expect(again.row([source, info], { interface: '1' })?.first).toBe(0)
    expect(again.series(temperature, {})?.id).toBe(3)
    expect(scope.series(temperature, {})).toBeUndefined()
  })

  test('thousands of rows are told apart, and none is left of a source that is gone', () => {
    const { scope, store, table, from } = setUp()
    const rows = Array.from({ length: 2000 }, (_, i) => scope.row([temperature], { interface: String(i) }))
    expect(new Set(rows.map((row) => row?.first)).size).toBe(2000)
    for (const [i, row] of rows.entries()) expect(scope.row([temperature], { interface: String(i) })).toBe(row)
    store.remove(table.release(from))
    expect(store.families.size).toBe(0)
  })
})

describe('the store', () => {
  test('keeps values of many pages, and expires a row at once', () => {
    const { store, scope } = setUp()
    const rows = Array.from({ length: 3000 }, (_, i) => scope.row([temperature, bytesTotal], { interface: String(i) }))
    for (const [i, row] of rows.entries()) {
      if (row !== undefined) for (const n of [0, 1]) store.apply({ series: row.series(n), value: i + n }, 7)
    }
    const last = rows.at(-1)
    expect(last === undefined ? [] : [0, 1].map((n) => store.value(last.series(n)))).toEqual([2999, 3000])
    expect(store.valueAt(4096)).toBe(2048)
    expect(last === undefined ? 0 : store.readAt(last.series(0))).toBe(7)
    if (last !== undefined) store.expireRow(last)
    expect([store.valueAt(5998), store.valueAt(5999), store.valueAt(5997)]).toEqual([Number.NaN, Number.NaN, 2999])
    expect(store.valueAt(1_000_000)).toBeNaN()
  })

  test('gives the series of a family in the order they were first seen, whatever rows they stand in', () => {
    const { store, scope, table, ports } = setUp()
    scope.row([temperature, bytesTotal], { interface: '1' })
    scope.series(bytesTotal, { interface: '2' })
    scope.row([info, bytesTotal], { interface: '3' })
    scope.row([temperature, bytesTotal], { interface: '4' })
    const other = table.source('switch-2', 'if-mib')
    table.scope(other).row([temperature, bytesTotal], { interface: '5' })
    expect(ports(bytesTotal)).toEqual(['1', '2', '3', '4', '5'])
    expect(ports(temperature)).toEqual(['1', '4', '5'])
    expect(store.families.get(bytesTotal)?.size).toBe(5)
    store.remove(table.release(other))
    expect(ports(bytesTotal)).toEqual(['1', '2', '3', '4'])
    expect(ports(temperature)).toEqual(['1', '4'])
  })
})
