import { stableHash } from './hash.ts'
import type { Labels } from './labels.ts'
import type { Metric } from './metric.ts'

/**
 * What stays the same from reading to reading: a place in a row. Made when it is asked for: there are millions of series,
 * so that what is kept of them lies in arrays by `id`; two are the same series when their ids are.
 */
export interface Series {
  readonly id: number
  readonly metric: Metric
  /** All labels, site and device included: one object for all series of a row, as long as the row lives. */
  readonly labels: Labels
  readonly source: Source
  readonly row: Row
}

/** Series that share one set of labels, such as those of one port of a switch: the id of the nth is `first` + n. */
export interface Row {
  readonly first: number
  /** One array for all rows of the same metrics. */
  readonly metrics: readonly Metric[]
  readonly labels: Labels
  readonly source: Source
  /** The series of the nth metric. */
  series(n: number): Series
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
  /**
   * The series of all these metrics (each once) with these labels, side by side. Undefined when not all of them can be:
   * the caller then asks for them one by one.
   */
  row(metrics: readonly Metric[], labels: Labels): Row | undefined
}

/** The most series that one source may have: more is a device gone wild, not a machine room. */
const seriesLimit = 50_000

/** Numbers series and sources; ids of what was released are given out again. */
export class SeriesTable {
  /** By the hash of their labels, each the head of a chain. */
  readonly #rows = new Map<number, LinkedRow>()
  readonly #bySource = new Map<number, Owned>()
  /** The sources of each device. */
  readonly #byDevice = new Map<string, Source[]>()
  /** First ids of released rows, by how many ids there are side by side. */
  readonly #free = new Map<number, number[]>()
  /** The one array of each list of metrics, by its first. */
  readonly #lists = new Map<Metric, (readonly Metric[])[]>()
  #nextSeries = 0
  #nextSource = 0
  readonly #site: string
  readonly #limit: number
  readonly #added: (series: Series) => void

  /** `added` is called once for each new series, in the order of their row, before its first reading. */
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
    this.#bySource.set(source.id, { rows: [], count: 0 })
    const others = this.#byDevice.get(device)
    if (others === undefined) this.#byDevice.set(device, [source])
    else others.push(source)
    return source
  }

  scope(source: Source): SeriesScope {
    return {
      series: (metric, labels) => this.#intern(source, metric, labels),
      row: (metrics, labels) => this.#internRow(source, metrics, labels),
    }
  }

  rowsOf(source: Source): readonly Row[] {
    return this.#bySource.get(source.id)?.rows ?? []
  }

  /** The series of a source, each made as the caller comes to it. */
  *seriesOf(source: Source): Iterable<Series> {
    for (const row of this.rowsOf(source)) for (let n = 0; n < row.metrics.length; n++) yield row.series(n)
  }

  /** The series of all sources of a device. */
  *seriesOfDevice(device: string): Iterable<Series> {
    for (const source of this.#byDevice.get(device) ?? []) yield* this.seriesOf(source)
  }

  /** Forgets a source and its series (its device left the site); their ids may be given out again. */
  release(source: Source): readonly Series[] {
    const gone = [...this.seriesOf(source)]
    for (const row of this.rowsOf(source)) {
      this.#unlink(row)
      const { length } = row.metrics
      const free = this.#free.get(length)
      if (free === undefined) this.#free.set(length, [row.first])
      else free.push(row.first)
    }
    this.#bySource.delete(source.id)
    const left = (this.#byDevice.get(source.device) ?? []).filter((other) => other !== source)
    if (left.length === 0) this.#byDevice.delete(source.device)
    else this.#byDevice.set(source.device, left)
    return gone
  }

  /** The same for all sources of a device. */
  releaseDevice(device: string): readonly Series[] {
    return (this.#byDevice.get(device) ?? []).flatMap((source) => this.release(source))
  }

  #intern(source: Source, metric: Metric, own: Labels): Series | undefined {
    const labels = this.#complete(source, own)
    const hash = hashOf(labels)
    for (let row = this.#find(hash, labels); row !== undefined; row = this.#next(row)) {
      const n = row.metrics.indexOf(metric)
      if (n >= 0) return row.source === source ? row.series(n) : undefined
    }
    return this.#add(source, this.#listOf([metric]), labels, hash)?.series(0)
  }

  #internRow(source: Source, metrics: readonly Metric[], own: Labels): Row | undefined {
    const labels = this.#complete(source, own)
    const hash = hashOf(labels)
    const list = this.#listOf(metrics)
    for (let row = this.#find(hash, labels); row !== undefined; row = this.#next(row)) {
      if (row.metrics === list && row.source === source) return row
      if (row.metrics.some((metric) => list.includes(metric))) return undefined
    }
    return this.#add(source, list, labels, hash)
  }

  #complete(source: Source, own: Labels): Labels {
    return { site: this.#site, device: source.device, ...own }
  }

  /** The first row with these labels. */
  #find(hash: number, labels: Labels): LinkedRow | undefined {
    for (let row = this.#rows.get(hash); row !== undefined; row = row.next) {
      if (sameLabels(row.labels, labels)) return row
    }
    return undefined
  }

  /** The next row with the same labels: such rows share the object. */
  #next({ labels, next }: LinkedRow): LinkedRow | undefined {
    let row = next
    while (row !== undefined && row.labels !== labels) row = row.next
    return row
  }

  #add(source: Source, metrics: readonly Metric[], labels: Labels, hash: number): Row | undefined {
    const owned = this.#bySource.get(source.id)
    if (owned === undefined || owned.count + metrics.length > this.#limit) return undefined
    const first = this.#free.get(metrics.length)?.pop() ?? this.#nextSeries
    if (first === this.#nextSeries) this.#nextSeries += metrics.length
    const row = new LinkedRow(first, metrics, this.#find(hash, labels)?.labels ?? labels, source)
    row.next = this.#rows.get(hash)
    this.#rows.set(hash, row)
    owned.rows.push(row)
    owned.count += metrics.length
    for (let n = 0; n < metrics.length; n++) this.#added(row.series(n))
    return row
  }

  #unlink(gone: Row): void {
    const hash = hashOf(gone.labels)
    let row = this.#rows.get(hash)
    if (row === gone) {
      if (row.next === undefined) this.#rows.delete(hash)
      else this.#rows.set(hash, row.next)
      return
    }
    for (; row !== undefined; row = row.next) if (row.next === gone) row.next = row.next.next
  }

  #listOf(metrics: readonly Metric[]): readonly Metric[] {
    const [first] = metrics
    if (first === undefined) return metrics
    const known = this.#lists.get(first) ?? []
    const same = known.find((list) => list === metrics || sameList(list, metrics))
    if (same !== undefined) return same
    this.#lists.set(first, [...known, metrics])
    return metrics
  }
}

/** What a source has. */
interface Owned {
  readonly rows: Row[]
  count: number
}

class LinkedRow implements Row {
  readonly first: number
  readonly metrics: readonly Metric[]
  readonly labels: Labels
  readonly source: Source
  /** The next row whose labels have the same hash. */
  next: LinkedRow | undefined = undefined
  /** Kept where a row is a single series. */
  #only: Series | undefined = undefined

  constructor(first: number, metrics: readonly Metric[], labels: Labels, source: Source) {
    this.first = first
    this.metrics = metrics
    this.labels = labels
    this.source = source
  }

  series(n: number): Series {
    const metric = this.metrics[n]
    if (metric === undefined) throw new RangeError(`a row of ${this.metrics.length} series has no series ${n}`)
    if (this.metrics.length > 1) return new PlacedSeries(this.first + n, metric, this)
    this.#only ??= new PlacedSeries(this.first, metric, this)
    return this.#only
  }
}

class PlacedSeries implements Series {
  readonly id: number
  readonly metric: Metric
  readonly row: Row

  constructor(id: number, metric: Metric, row: Row) {
    this.id = id
    this.metric = metric
    this.row = row
  }

  get labels(): Labels {
    return this.row.labels
  }

  get source(): Source {
    return this.row.source
  }
}

/** The same whatever the order of the labels. */
function hashOf(labels: Labels): number {
  let hash = 0
  for (const name in labels) hash = (hash + Math.imul(stableHash(name) | 1, stableHash(labels[name] ?? ''))) | 0
  return hash
}

function sameLabels(a: Labels, b: Labels): boolean {
  let count = 0
  for (const name in a) {
    if (a[name] !== b[name]) return false
    count++
  }
  for (const _ in b) count--
  return count === 0
}

function sameList(a: readonly Metric[], b: readonly Metric[]): boolean {
  return a.length === b.length && a.every((metric, i) => metric === b[i])
}
