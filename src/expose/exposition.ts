import { type Clock, type Milliseconds, systemClock } from '../model/clock.ts'
import { labelText } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Row } from '../model/series.ts'
import { LabelTexts, type TextPlace } from './label-texts.ts'
import { Page } from './page.ts'
import { FamilyCursor, type Rank, RowTexts } from './row-texts.ts'

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0.0 for those who ask for it. */
export type Format = 'text' | 'openmetrics'

/** What is exposed: families with their series, and each series' newest value (NaN: nothing to expose). */
export interface Readings {
  /** A list of rows only ever grows; where rows have left, another takes its place. */
  readonly families: ReadonlyMap<Metric, { readonly ranks: readonly Rank[] }>
  /** By the id of a series. */
  valueAt(id: number): number
}

/**
 * Other work may run after this time, however little was written: code that has not run for a while, as from one scrape
 * to the next, is twenty times slower at first.
 */
const longestTurn: Milliseconds = 0.25
/** Series between two looks at the clock; not all of them have a value. */
const unwatched = 32

const [newline, blank, brace, zero, one] = [10, 32, 125, 48, 49]

/**
 * Writes /metrics. What stands before a value never changes: it is made when a row is first written, kept as bytes, and
 * copied.
 */
export class Exposition {
  readonly #readings: Readings
  readonly #clock: Clock
  #known = new KnownTexts()

  constructor(readings: Readings, clock: Clock = systemClock) {
    this.#readings = readings
    this.#clock = clock
  }

  /**
   * The exposition in pieces of 64 KiB or less, some of them empty; between two of them other work may run, and devices
   * come and go. A piece is only good until the next is asked for: all of them are written into the same memory.
   */
  *chunks(format: Format): Generator<Buffer> {
    const { families } = this.#readings
    // Devices have left the site: their texts go with them, and all are made anew when they are next written.
    if (!this.#known.isAllOf(families)) this.#known = new KnownTexts()
    const known = this.#known
    const page = new Page()
    // A family that loses its last list of rows and gets another stands at the end of the map, and comes by once more.
    const written = new Set<Metric>()
    for (const [metric, { ranks }] of families) {
      if (written.has(metric)) continue
      written.add(metric)
      const progress: Progress = { metric, known, cursor: known.cursor(ranks), format, isHeaded: false }
      while (this.#fill(page, progress)) yield page.take()
    }
    const rest = page.take()
    if (rest.length > 0) yield rest
  }

  /** The whole text at once. */
  text(format: Format): string {
    let text = ''
    for (const chunk of this.chunks(format)) text += chunk.toString()
    return text
  }

  /** Writes on at the family's next series; true when there is more of it, false when it has ended. */
  #fill(page: Page, progress: Progress): boolean {
    const { metric, known, format } = progress
    const ranks = this.#readings.families.get(metric)?.ranks ?? []
    // While the last page was on its way a device has left: what stays goes on behind what is written.
    if (!progress.cursor.isValid(ranks)) progress.cursor = known.cursor(ranks, progress.cursor)
    const { cursor } = progress
    const words = known.wordsOf(metric)
    const end = this.#clock.now().mono + longestTurn
    for (let visited = 1; visited % unwatched !== 0 || this.#clock.now().mono < end; visited++) {
      const head = cursor.next()
      if (head === undefined) return false
      const { rank, texts } = head
      const value = this.#readings.valueAt(texts.first(head.next) + rank.n)
      const labels = texts.labels(head.next++)
      if (Number.isNaN(value)) continue
      if (!progress.isHeaded) page.text(header(metric, format))
      progress.isHeaded = true
      known.writeSample(page, words, labels, value)
      if (page.isFull) return true
    }
    return true
  }
}

/** The texts that are known of rows and metrics. A scrape under way goes on with those that it began with. */
class KnownTexts {
  readonly #texts = new LabelTexts()
  readonly #rows = new Map<readonly Row[], RowTexts>()
  readonly #words = new Map<Metric, Words>()

  /** Whether there is none of a list of rows that is no more. */
  isAllOf(families: Readings['families']): boolean {
    const lists = new Set<readonly Row[]>()
    for (const { ranks } of families.values()) for (const { rows } of ranks) lists.add(rows)
    return [...this.#rows.keys()].every((rows) => lists.has(rows))
  }

  /** A family from its beginning, or from where it was with `before`, some of whose rows may have left. */
  cursor(ranks: readonly Rank[], before?: FamilyCursor): FamilyCursor {
    return new FamilyCursor(
      ranks.map((rank) => ({ rank, texts: this.#textsOf(rank), next: before?.writtenOf(rank.rows) ?? 0 })),
    )
  }

  wordsOf(metric: Metric): Words {
    const known = this.#words.get(metric)
    if (known !== undefined) return known
    const states = metric.kind === 'state' ? metric.states : undefined
    const words: Words = {
      name: this.#texts.put(metric.name),
      states: states?.map((state) => this.#texts.put(`${labelText({ state }).replace('{', ',')} `)),
    }
    this.#words.set(metric, words)
    return words
  }

  writeSample(page: Page, { name, states }: Words, labels: TextPlace, value: number): void {
    const texts = this.#texts
    if (states === undefined) {
      texts.write(name, page)
      texts.write(labels, page)
      page.byte(brace)
      page.byte(blank)
      page.number(value)
      page.byte(newline)
      return
    }
    for (let state = 0; state < states.length; state++) {
      texts.write(name, page)
      texts.write(labels, page)
      texts.write(states[state] ?? 0, page)
      page.byte(state === value ? one : zero)
      page.byte(newline)
    }
  }

  #textsOf({ rows }: Rank): RowTexts {
    const known = this.#rows.get(rows)
    if (known !== undefined) return known
    const texts = new RowTexts(rows, this.#texts)
    this.#rows.set(rows, texts)
    return texts
  }
}

/** What is the same in all lines of a metric: its name and, for a state metric, the label of each state. */
interface Words {
  readonly name: TextPlace
  readonly states: readonly TextPlace[] | undefined
}

/** How far a family has been written. */
interface Progress {
  readonly metric: Metric
  readonly known: KnownTexts
  cursor: FamilyCursor
  readonly format: Format
  isHeaded: boolean
}

function header(metric: Metric, format: Format): string {
  const isCounter = metric.kind === 'counter'
  // OpenMetrics names a counter's family without _total.
  const name = isCounter && format === 'openmetrics' ? metric.name.replace(/_total$/, '') : metric.name
  const help = metric.text.en.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\'))
  return `# HELP ${name} ${help}\n# TYPE ${name} ${isCounter ? 'counter' : 'gauge'}\n`
}
