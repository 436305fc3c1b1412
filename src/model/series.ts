import { type Labels, labelKey } from './labels.ts'
import type { Metric } from './metric.ts'

/** What stays the same from reading to reading. Made once; the store, the judge and /metrics keep arrays by `id`. */
export interface Series {
  readonly id: number
  readonly metric: Metric
  /** All labels, site and device included. */
  readonly labels: Labels
  readonly source: Source
}

/** One probe of one device: what is polled, fails, goes stale and is removed as a whole. */
export interface Source {
  readonly id: number
  readonly device: string
  readonly probe: string
  /** True for what siteward itself says (a device is up): it holds until withdrawn and never goes stale. */
  readonly held: boolean
}

/** Hands out the series of one source; collectors keep what they got, so that labels are made once. */
export interface SeriesScope {
  /**
   * The series of `metric` with these labels of its own (site and device are added here). Undefined when the source has
   * reached its limit, or when another source of the device already gives this very series.
   */
  series(metric: Metric, labels: Labels): Series | undefined
}

/** The most series that one source may have: more is a device gone wild, not a machine room. */
const seriesLimit = 50_000

/** Numbers series and sources; ids of what was released are given out again. */
export class SeriesTable {
  readonly #byKey = new Map<string, Series>()
  readonly #bySource = new Map<number, Series[]>()
  readonly #freeSeries: number[] = []
  #nextSeries = 0
  #nextSource = 0
  readonly #site: string
  readonly #limit: number
  readonly #added: (series: Series) => void

  /** `added` is called once for each new series, before its first reading. */
  constructor(site: string, added: (series: Series) => void = () => {}, limit = seriesLimit) {
    this.#site = site
    this.#added = added
    this.#limit = limit
  }

  /** How many ids were ever given out at once: the length that arrays by series id need. */
  get size(): number {
    return this.#nextSeries
  }

  source(device: string, probe: string, held = false): Source {
    const source: Source = { id: this.#nextSource++, device, probe, held }
    this.#bySource.set(source.id, [])
    return source
  }

  scope(source: Source): SeriesScope {
    return { series: (metric, labels) => this.#intern(source, metric, labels) }
  }

  seriesOf(source: Source): readonly Series[] {
    return this.#bySource.get(source.id) ?? []
  }

  /** Forgets a source and its series (its device left the site); their ids may be given out again. */
  release(source: Source): readonly Series[] {
    const gone = this.seriesOf(source)
    for (const series of gone) {
      this.#byKey.delete(keyOf(series.metric, series.labels))
      this.#freeSeries.push(series.id)
    }
    this.#bySource.delete(source.id)
    return gone
  }

  #intern(source: Source, metric: Metric, own: Labels): Series | undefined {
    const labels = { site: this.#site, device: source.device, ...own }
    const key = keyOf(metric, labels)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known.source === source ? known : undefined
    const list = this.#bySource.get(source.id)
    if (list === undefined || list.length >= this.#limit) return undefined
    const series: Series = { id: this.#freeSeries.pop() ?? this.#nextSeries++, metric, labels, source }
    this.#byKey.set(key, series)
    list.push(series)
    this.#added(series)
    return series
  }
}

function keyOf(metric: Metric, labels: Labels): string {
  return `${metric.name}${labelKey(labels)}`
}
