import type { Milliseconds } from '../model/clock.ts'
import { type Rolled, type RolledSeries, seriesKey } from '../model/roll-up.ts'
import type { Row } from '../model/series.ts'

/** A reading stands for the time since the one before, at most so many times its interval: what is longer is a gap. */
const longestPause = 1.5

/** The numbers of a series, side by side in one array. */
const [low, high, sum, count, known, outside, lastAt, lastValue] = [0, 1, 2, 3, 4, 5, 6, 7]
const width = 8

/** A reading on its way into a roll-up. */
export interface Gathered {
  readonly row: Row
  /** Which of the row's series. */
  readonly n: number
  readonly value: number
  readonly isOutside: boolean
  readonly interval: Milliseconds
  /** Monotonic. */
  readonly at: Milliseconds
}

/** What is known of a series from before: the rest of this stretch, written before a restart. */
export type Resumed = ReadonlyMap<string, Rolled>

/** Gathers the readings of one stretch of time: a few numbers a series, whatever their count. */
export class Gatherer {
  readonly start: Milliseconds
  readonly #most: number
  readonly #before: Gatherer | undefined
  readonly #resumed: Resumed
  /** By row, the slots of its series; 0 where there is none yet. */
  readonly #slots = new WeakMap<Row, Int32Array>()
  readonly #byKey = new Map<string, number>()
  readonly #series: RolledSeries[] = []
  #numbers = new Float64Array(width * 256)
  #left = 0

  /** `before` is the stretch before, for what goes on from it; at most `most` series are kept. */
  constructor(start: Milliseconds, most: number, before?: Gatherer, resumed: Resumed = new Map()) {
    this.start = start
    this.#most = most
    this.#before = before
    this.#resumed = resumed
  }

  /** How many series there are. */
  get size(): number {
    return this.#series.length
  }

  /** Readings that were left out since there were too many series. */
  get left(): number {
    return this.#left
  }

  /** Takes a reading; NaN, or a state that nobody knows, is none. */
  take(reading: Gathered): void {
    const { row, n, value, isOutside, interval, at } = reading
    if (Number.isNaN(value)) return
    const slot = this.#slotOf(row, n)
    if (slot < 0) {
      this.#left++
      return
    }
    const base = slot * width
    const numbers = this.#numbers
    const span = this.#time(base, at, interval)
    const { kind } = row.metrics[n] ?? {}
    if (kind === 'counter') this.#grow(base, value)
    else if (kind === 'gauge') this.#widen(base, value)
    numbers[base + count] = this.#at(base + count) + 1
    numbers[base + known] = this.#at(base + known) + span
    if (isOutside) numbers[base + outside] = this.#at(base + outside) + span
    numbers[base + lastAt] = at
    numbers[base + lastValue] = value
  }

  /** A series and what was gathered of it, by its place in the order in which they came. */
  rolled(index: number): { readonly series: RolledSeries; readonly rolled: Rolled } | undefined {
    const series = this.#series[index]
    if (series === undefined) return undefined
    const base = index * width
    return {
      series,
      rolled: {
        low: this.#at(base + low),
        high: this.#at(base + high),
        sum: this.#at(base + sum),
        count: this.#at(base + count),
        known: Math.round(this.#at(base + known)),
        outside: Math.round(this.#at(base + outside)),
      },
    }
  }

  /** When the last reading of a series came, and its value. */
  #lastOf(key: string): readonly [at: Milliseconds, value: number] | undefined {
    const slot = this.#byKey.get(key)
    if (slot === undefined) return undefined
    return [this.#at(slot * width + lastAt), this.#at(slot * width + lastValue)]
  }

  #time(base: number, at: Milliseconds, interval: Milliseconds): Milliseconds {
    const last = this.#at(base + lastAt)
    const since = Number.isNaN(last) ? interval : at - last
    return Math.min(Math.max(since, 0), longestPause * interval)
  }

  #widen(base: number, value: number): void {
    const numbers = this.#numbers
    if (!(this.#at(base + low) <= value)) numbers[base + low] = value
    if (!(this.#at(base + high) >= value)) numbers[base + high] = value
    numbers[base + sum] = this.#at(base + sum) + value
  }

  /** A counter that is lower than before has begun anew at 0. */
  #grow(base: number, value: number): void {
    const numbers = this.#numbers
    const last = this.#at(base + lastValue)
    if (!Number.isNaN(last)) numbers[base + sum] = this.#at(base + sum) + (value >= last ? value - last : value)
    if (Number.isNaN(this.#at(base + low))) numbers[base + low] = value
    numbers[base + high] = value
  }

  #at(index: number): number {
    return this.#numbers[index] ?? Number.NaN
  }

  #slotOf(row: Row, n: number): number {
    let slots = this.#slots.get(row)
    if (slots === undefined) {
      slots = new Int32Array(row.metrics.length)
      this.#slots.set(row, slots)
    }
    const slot = (slots[n] ?? 0) - 1
    if (slot >= 0) return slot
    const made = this.#newSlot(row, n)
    slots[n] = made + 1
    return made
  }

  #newSlot(row: Row, n: number): number {
    const { site: _site, device: _device, ...labels } = row.labels
    const series = { metric: row.metrics[n]?.name ?? '', device: row.source.device, labels }
    const key = seriesKey(series)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#series.length >= this.#most) return -1
    const slot = this.#series.length
    this.#series.push(series)
    this.#byKey.set(key, slot)
    this.#begin(slot, key)
    return slot
  }

  #begin(slot: number, key: string): void {
    if ((slot + 1) * width > this.#numbers.length) {
      const grown = new Float64Array(this.#numbers.length * 2)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    const resumed = this.#resumed.get(key)
    const before = this.#before?.#lastOf(key)
    const nothing = Number.NaN
    const begun = [resumed?.low ?? nothing, resumed?.high ?? nothing, resumed?.sum ?? 0, resumed?.count ?? 0]
    const times = [resumed?.known ?? 0, resumed?.outside ?? 0, before?.[0] ?? nothing]
    this.#numbers.set([...begun, ...times, before?.[1] ?? resumed?.high ?? nothing], slot * width)
  }
}
