import type { Milliseconds } from '../model/clock.ts'
import { type Labels, labelKey, labelsMatch } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Row, Series } from '../model/series.ts'
import { Arena } from './arena.ts'
import { lastTimeOf, PageWriter, readPage } from './page.ts'

const second: Milliseconds = 1000
const hour: Milliseconds = 3_600_000
/** How far back it goes. */
export const historyWindow: Milliseconds = 24 * hour
const furthestBack: Milliseconds = hour
/** About what a series costs beside its pages. */
const costOfSeries = 512

/** A reading of the past: wall clock, rounded to the second, and the value; NaN where there was none. */
export interface PastReading {
  readonly t: Milliseconds
  readonly v: number
}

/** A series as the history knows it: it is the same after a reload, whatever its number then. */
export interface PastSeries {
  readonly metric: Metric
  readonly labels: Labels
}

interface Slot extends PastSeries {
  readonly writer: PageWriter
  row: Row
  head: number
  tail: number
}

/**
 * The readings of the last 24 hours, compressed, in memory that is bounded: with `capacity` bytes in use the oldest
 * readings of all go first, and a new series that not even one page is left for is not kept (`left`).
 */
export class History {
  readonly #arena: Arena
  readonly #mostSeries: number
  readonly #byKey = new Map<string, Slot>()
  readonly #byId: (Slot | undefined)[] = []
  /** Pages that are full, in the order they became so, with their slots. */
  #full: (readonly [page: number, slot: Slot])[] = []
  #firstFull = 0
  #left = 0
  #sweptAt = 0
  #newest = 0

  constructor(capacity: number) {
    this.#arena = new Arena(capacity)
    this.#mostSeries = Math.floor(capacity / costOfSeries)
  }

  /** Bytes of pages in use. */
  get bytes(): number {
    return this.#arena.used * 128
  }

  /** Series kept. */
  get size(): number {
    return this.#byKey.size
  }

  /** Readings that were not kept because there was no room at all. */
  get left(): number {
    return this.#left
  }

  /**
   * Takes a reading in. With the clock set back, readings are left out until it is there again; set back by more than an
   * hour, what was kept is forgotten and begun anew.
   */
  record(series: Series, value: number, wall: Milliseconds): void {
    const t = Math.round(wall / second)
    // A machine that started with a wrong clock: what it has was read at times that are yet to come.
    if (t < this.#newest - furthestBack / second) this.#forget()
    this.#newest = Math.max(this.#newest, t)
    this.#sweep(t)
    const slot = this.#slotOf(series) ?? this.#begin(series, t, value)
    if (slot === undefined || slot.writer.add(t, value) || t < slot.writer.lastTime) return
    const page = this.#page(t)
    if (page === undefined) {
      this.#left++
      return
    }
    this.#full.push([slot.tail, slot])
    this.#arena.link(slot.tail, page)
    slot.tail = page
    const { bytes, at } = this.#arena.place(page)
    slot.writer.begin(bytes, at, t, value)
  }

  /** The readings of a series in a time, both ends included; none where it is not known. */
  range({ metric, labels }: PastSeries, from: Milliseconds, to: Milliseconds): readonly PastReading[] {
    const slot = this.#byKey.get(keyOf(metric, labels))
    return slot === undefined ? [] : [...this.#read(slot, from / second, to / second)]
  }

  /** The series of a metric that have these labels. */
  find(metric: string, labels: Labels): readonly PastSeries[] {
    return [...this.#byKey.values()].filter((slot) => slot.metric.name === metric && labelsMatch(slot.labels, labels))
  }

  #forget(): void {
    this.#arena.clear()
    this.#byKey.clear()
    this.#byId.length = 0
    this.#full = []
    this.#firstFull = 0
    this.#sweptAt = 0
    this.#newest = 0
  }

  *#read(slot: Slot, from: number, to: number): Generator<PastReading> {
    for (let page: number | undefined = slot.head; page !== undefined; page = this.#arena.next(page)) {
      const { bytes, at } = this.#arena.place(page)
      if (lastTimeOf(bytes, at) < from) continue
      for (const { t, v } of readPage(bytes, at)) {
        if (t > to) return
        if (t >= from) yield { t: t * second, v }
      }
    }
  }

  /** The slot of a series, also where the series was made anew under another number. */
  #slotOf(series: Series): Slot | undefined {
    const known = this.#byId[series.id]
    if (known?.row === series.row && known.metric === series.metric) return known
    const slot = this.#byKey.get(keyOf(series.metric, series.labels))
    if (slot === undefined) return undefined
    slot.row = series.row
    this.#byId[series.id] = slot
    return slot
  }

  /** A new series, with its first reading; undefined where that was all, or there is no room. */
  #begin(series: Series, t: number, value: number): undefined {
    if (Number.isNaN(value)) return
    const page = this.#byKey.size < this.#mostSeries ? this.#page(t) : undefined
    if (page === undefined) {
      this.#left++
      return
    }
    const { metric, labels, row } = series
    const slot: Slot = { metric, labels, row, writer: new PageWriter(), head: page, tail: page }
    const { bytes, at } = this.#arena.place(page)
    slot.writer.begin(bytes, at, t, value)
    this.#byKey.set(keyOf(metric, labels), slot)
    this.#byId[series.id] = slot
  }

  /** A page: a free one, or the oldest full one of all. */
  #page(t: number): number | undefined {
    this.#expire(t)
    const page = this.#arena.take()
    if (page !== undefined) return page
    if (!this.#dropOldest()) return undefined
    return this.#arena.take()
  }

  #expire(t: number): void {
    for (;;) {
      const oldest = this.#full[this.#firstFull]
      if (oldest === undefined) return
      const { bytes, at } = this.#arena.place(oldest[0])
      if (lastTimeOf(bytes, at) >= t - historyWindow / second) return
      this.#dropOldest()
    }
  }

  /** A series' own pages become full in the order of its chain: the oldest of all is the head of its own. */
  #dropOldest(): boolean {
    const oldest = this.#full[this.#firstFull]
    if (oldest === undefined) return false
    this.#firstFull++
    const [page, slot] = oldest
    slot.head = this.#arena.next(page) ?? slot.head
    this.#arena.giveBack(page)
    if (this.#firstFull > 1024 && this.#firstFull > this.#full.length / 2) {
      this.#full = this.#full.slice(this.#firstFull)
      this.#firstFull = 0
    }
    return true
  }

  /** Once an hour: series that had no reading for the whole time are forgotten. */
  #sweep(t: number): void {
    if (t - this.#sweptAt < hour / second) return
    this.#sweptAt = t
    this.#expire(t)
    for (const [key, slot] of this.#byKey) {
      if (slot.writer.lastTime >= t - historyWindow / second || slot.head !== slot.tail) continue
      this.#arena.giveBack(slot.tail)
      this.#byKey.delete(key)
    }
    for (const [id, slot] of this.#byId.entries()) {
      if (slot !== undefined && this.#byKey.get(keyOf(slot.metric, slot.labels)) !== slot) this.#byId[id] = undefined
    }
  }
}

function keyOf(metric: Metric, labels: Labels): string {
  return `${metric.name}${labelKey(labels)}`
}
