import type { Transition } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import type { Moment } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Reading } from '../model/reading.ts'
import type { Series, SeriesScope } from '../model/series.ts'
import type { Store } from '../store/store.ts'

/** One thing that siteward says of itself. */
export interface Saying {
  readonly metric: string
  readonly labels: Labels
  readonly value: number
}

/** What siteward says of itself: readings like those of a device, exposed and judged, but never polled. */
export class SelfSeries {
  readonly #scope: SeriesScope
  readonly #vocabulary: Vocabulary
  readonly #store: Store
  readonly #judge: Judge

  constructor(scope: SeriesScope, vocabulary: Vocabulary, store: Store, judge: Judge) {
    this.#scope = scope
    this.#vocabulary = vocabulary
    this.#store = store
    this.#judge = judge
  }

  /** Takes what is true now; returns what the judge made of it. */
  say(sayings: readonly Saying[], at: Moment): readonly Transition[] {
    const readings = sayings.flatMap((saying) => this.#reading(saying))
    for (const reading of readings) this.#store.apply(reading, at.mono)
    return this.#judge.judge(
      readings.map(({ series }): Series => series),
      at,
    )
  }

  #reading({ metric: name, labels, value }: Saying): readonly Reading[] {
    const metric = this.#vocabulary.get(name)
    const series = metric === undefined ? undefined : this.#scope.series(metric, labels)
    return series === undefined ? [] : [{ series, value }]
  }
}
