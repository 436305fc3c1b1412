import type { NumberMetric } from '../../src/model/metric.ts'
import { type Row, type SeriesScope, SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'

const columns = 20
const ports = 48

/** What every series is called on both sides: 20 columns of interfaces on switches with 48 ports. */
export function rowLabels(row: number): { ifName: string; ifAlias: string } {
  return { ifName: `GigabitEthernet1/0/${row % ports}`, ifAlias: `building ${row % 4}, room ${row % 900}` }
}

/** The switch on which a row is. */
export function switchOf(row: number): string {
  return `switch-${Math.floor(row / ports)}`
}

/** Every other column counts; the others are readings with a decimal. */
export function metricName(column: number): string {
  return column % 2 === 0 ? `interface_column_${column}_total` : `interface_column_${column}_ratio`
}

/** A value of a column as it is in a later round: counters have gone on, readings have moved. */
export function valueAt(column: number, row: number, round: number): number {
  if (column % 2 === 0) return 7_919_000_000 + row * 104_729 + round * 1_000_003
  return (200 + ((row * 31 + round * 17) % 100)) / 10
}

/** Rows of `series` series in all. */
export function rowsOf(series: number): number {
  return Math.ceil(series / columns)
}

/** The columns, by number. */
export const columnNumbers: readonly number[] = Array.from({ length: columns }, (_, column) => column)

/** A store with so many series. */
export interface Filled {
  readonly store: Store
  /** Gives every series its value of a round. */
  set(round: number): void
}

export function fillStore(count: number): Filled {
  const store = new Store()
  const table = new SeriesTable('bench', (series) => store.add(series))
  const metrics = columnNumbers.map(metric)
  const scopes = new Map<string, SeriesScope>()
  const scopeOf = (device: string): SeriesScope => {
    const scope = scopes.get(device) ?? table.scope(table.source(device, 'if-mib'))
    scopes.set(device, scope)
    return scope
  }
  const rows: { row: Row; number: number }[] = []
  for (let number = 0; number < rowsOf(count); number++) {
    const scope = scopeOf(switchOf(number))
    const row = scope.row(metrics, rowLabels(number))
    if (row !== undefined) rows.push({ row, number })
  }
  const set = (round: number): void => {
    for (const { row, number } of rows) {
      for (const column of columnNumbers) {
        store.apply({ series: row.series(column), value: valueAt(column, number, round) }, round)
      }
    }
  }
  set(0)
  return { store, set }
}

function metric(column: number): NumberMetric {
  const name = metricName(column)
  const kind = column % 2 === 0 ? 'counter' : 'gauge'
  return { name, kind, unit: 'none', labels: [], text: { en: name, zh: name }, range: { low: 0, high: 2 ** 64 } }
}
