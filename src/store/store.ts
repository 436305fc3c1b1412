import type { Milliseconds } from '../model/clock.ts'
import type { Metric } from '../model/metric.ts'
import type { Reading } from '../model/reading.ts'
import type { Series } from '../model/series.ts'

/**
 * The newest value of every series, in arrays by series id. NaN: not available, gone stale, or never read: in each case
 * there is nothing to expose.
 */
export class Store {
  #values = new Float64Array(1024).fill(Number.NaN)
  #readAt = new Float64Array(1024)
  readonly #families = new Map<Metric, Series[]>()

  /** The families that were ever read, each with its series in the order they were first seen. */
  get families(): ReadonlyMap<Metric, readonly Series[]> {
    return this.#families
  }

  /** Makes room for a new series. */
  add(series: Series): void {
    if (series.id >= this.#values.length) this.#grow(series.id + 1)
    this.#values[series.id] = Number.NaN
    const family = this.#families.get(series.metric)
    if (family === undefined) this.#families.set(series.metric, [series])
    else family.push(series)
  }

  /** Forgets series whose device left the site. */
  remove(gone: readonly Series[]): void {
    const ids = new Set(gone.map((series) => series.id))
    for (const metric of new Set(gone.map((series) => series.metric))) {
      const left = (this.#families.get(metric) ?? []).filter((series) => !ids.has(series.id))
      if (left.length === 0) this.#families.delete(metric)
      else this.#families.set(metric, left)
    }
    for (const id of ids) this.#values[id] = Number.NaN
  }

  /** Takes a reading in; `at` is the monotonic time of its poll. */
  apply({ series, value }: Reading, at: Milliseconds): void {
    this.#values[series.id] = value
    this.#readAt[series.id] = at
  }

  /** The series' reading is no longer to be believed: it leaves /metrics at once. */
  expire(series: Series): void {
    this.#values[series.id] = Number.NaN
  }

  value(series: Series): number {
    return this.#values[series.id] ?? Number.NaN
  }

  /** When the series was last read (monotonic); 0 for never. */
  readAt(series: Series): Milliseconds {
    return this.#readAt[series.id] ?? 0
  }

  #grow(length: number): void {
    const size = 2 ** Math.ceil(Math.log2(length))
    const values = new Float64Array(size).fill(Number.NaN)
    const readAt = new Float64Array(size)
    values.set(this.#values)
    readAt.set(this.#readAt)
    this.#values = values
    this.#readAt = readAt
  }
}
