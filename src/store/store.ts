import type { Milliseconds } from '../model/clock.ts'
import type { Metric } from '../model/metric.ts'
import type { Reading } from '../model/reading.ts'
import type { Row, Series } from '../model/series.ts'
import { Family } from './family.ts'

/** Values lie in pages of so many, so that growing copies nothing and leaves no room empty. */
const pageBits = 12
const pageLength = 2 ** pageBits

/**
 * The newest value of every series, in arrays by series id. NaN: not available, gone stale, or never read: in each case
 * there is nothing to expose.
 */
export class Store {
  readonly #pages: Float64Array[] = []
  /** When each source was last read, by its id. */
  readonly #readAt = new Map<number, Milliseconds>()
  /** Rows by their list of metrics. */
  readonly #rows = new Map<readonly Metric[], Row[]>()
  readonly #families = new Map<Metric, Family>()

  /** The families that were ever read, each with its series in the order they were first seen. */
  get families(): ReadonlyMap<Metric, Family> {
    return this.#families
  }

  /** Makes room for a new series; the series of one row come in their order. */
  add({ id, row }: Series): void {
    while (id >= this.#pages.length * pageLength) this.#pages.push(new Float64Array(pageLength).fill(Number.NaN))
    this.#set(id, Number.NaN)
    if (id === row.first) this.#rowsLike(row).push(row)
  }

  /** Forgets series whose device left the site. */
  remove(gone: readonly Series[]): void {
    const rows = new Set(gone.map(({ row }) => row))
    for (const metrics of new Set([...rows].map((row) => row.metrics))) {
      const left = (this.#rows.get(metrics) ?? []).filter((row) => !rows.has(row))
      this.#dissolve(metrics)
      for (const row of left) this.#rowsLike(row).push(row)
    }
    for (const { id } of gone) this.#set(id, Number.NaN)
  }

  /** Takes a reading in; `at` is the monotonic time of its poll. */
  apply({ series, value }: Reading, at: Milliseconds): void {
    this.#set(series.id, value)
    this.#readAt.set(series.source.id, at)
  }

  /** The series' reading is no longer to be believed: it leaves /metrics at once. */
  expire({ id }: Series): void {
    this.#set(id, Number.NaN)
  }

  /** The same for all series of a row. */
  expireRow({ first, metrics }: Row): void {
    for (let n = 0; n < metrics.length; n++) this.#set(first + n, Number.NaN)
  }

  value({ id }: Series): number {
    return this.valueAt(id)
  }

  /** The same by the series' id. */
  valueAt(id: number): number {
    return this.#pages[id >>> pageBits]?.[id & (pageLength - 1)] ?? Number.NaN
  }

  /** When the series' source was last read (monotonic); 0 for never. */
  readAt({ source }: Series): Milliseconds {
    return this.#readAt.get(source.id) ?? 0
  }

  /** The rows with the same metrics as this one; each of their families follows the list. */
  #rowsLike({ metrics }: Row): Row[] {
    const known = this.#rows.get(metrics)
    if (known !== undefined) return known
    const rows: Row[] = []
    this.#rows.set(metrics, rows)
    for (const [n, metric] of metrics.entries()) {
      const family = this.#families.get(metric) ?? new Family()
      this.#families.set(metric, family)
      family.follow(rows, n)
    }
    return rows
  }

  #dissolve(metrics: readonly Metric[]): void {
    const rows = this.#rows.get(metrics) ?? []
    this.#rows.delete(metrics)
    for (const metric of metrics) {
      const family = this.#families.get(metric)
      family?.leave(rows)
      if (family?.size === 0) this.#families.delete(metric)
    }
  }

  #set(id: number, value: number): void {
    const page = this.#pages[id >>> pageBits]
    if (page !== undefined) page[id & (pageLength - 1)] = value
  }
}
