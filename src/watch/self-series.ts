import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import type { Moment } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Reading } from '../model/reading.ts'
import type { Series, SeriesTable, Source } from '../model/series.ts'
import type { Store } from '../store/store.ts'

/** One thing that siteward says of itself. */
export interface Saying {
  readonly metric: string
  readonly labels: Labels
  readonly value: number
}

/** What such series are made with. */
interface SelfParts {
  readonly vocabulary: Vocabulary
  readonly table: SeriesTable
  readonly store: Store
  readonly judge: Judge
}

/** What siteward says by itself, of itself or of a device: readings like those of a device, exposed and judged, but never polled. */
export class SelfSeries {
  readonly #device: string
  readonly #name: string
  readonly #parts: SelfParts
  #source: Source | undefined

  /** `device` is what it says something of (itself, too), `name` that of the source. */
  constructor(device: string, name: string, parts: SelfParts) {
    this.#device = device
    this.#name = name
    this.#parts = parts
  }

  /** Takes what is true now; returns what the judge made of it. */
  say(sayings: readonly Saying[], at: Moment): readonly Transition[] {
    const { store, judge } = this.#parts
    const readings = sayings.flatMap((saying) => this.#reading(saying))
    for (const reading of readings) store.apply(reading, at.mono)
    return judge.judge(
      readings.map(({ series }): Series => series),
      at,
    )
  }

  /** Gives up all that was said, and returns it. */
  release(): readonly Series[] {
    const source = this.#source
    this.#source = undefined
    return source === undefined ? [] : this.#parts.table.release(source)
  }

  #reading({ metric: name, labels, value }: Saying): readonly Reading[] {
    const { vocabulary, table } = this.#parts
    const metric = vocabulary.get(name)
    this.#source ??= table.source(this.#device, this.#name, true)
    const series = metric === undefined ? undefined : table.scope(this.#source).series(metric, labels)
    return series === undefined ? [] : [{ series, value }]
  }
}
