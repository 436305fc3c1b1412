import { derive } from '../model/derived.ts'
import type { Device } from '../model/device.ts'
import type { Reading } from '../model/reading.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import type { Store } from '../store/store.ts'

/** What a device's derived readings are made from and kept in. */
interface Parts {
  readonly device: Device
  readonly table: SeriesTable
  readonly store: Store
  /** The sources that are polled of this device. */
  readonly sources: readonly Source[]
}

/** The readings of one device that are made of others: made anew whenever one of its probes was polled. */
export class DerivedSeries {
  readonly #parts: Parts
  readonly #source: Source
  readonly #needed: ReadonlySet<string>

  constructor(parts: Parts) {
    const { device, table } = parts
    this.#parts = parts
    this.#source = table.source(device.name, 'derived')
    this.#needed = new Set(device.derived.flatMap(({ inputs }) => inputs.map(({ metric }) => metric.name)))
  }

  /** What has been made so far. */
  get series(): Iterable<Series> {
    return this.#parts.table.seriesOf(this.#source)
  }

  /** Gives up all that was made, and returns it. */
  release(): readonly Series[] {
    return this.#parts.table.release(this.#source)
  }

  /** Makes all of them from what the store has; `at` is monotonic. Returns the series to judge. */
  update(at: number): Iterable<Series> {
    const { device, table, store } = this.#parts
    const { readings } = derive(device.derived, this.#inputs(), table.scope(this.#source))
    for (const row of table.rowsOf(this.#source)) store.expireRow(row)
    for (const reading of readings) store.apply(reading, at)
    return table.seriesOf(this.#source)
  }

  *#inputs(): Iterable<Reading> {
    const { table, store, sources } = this.#parts
    for (const source of sources) {
      for (const series of table.seriesOf(source)) {
        if (this.#needed.has(series.metric.name)) yield { series, value: store.value(series) }
      }
    }
  }
}
