import type { Rolled } from '../model/roll-up.ts'
import type { Row } from '../model/series.ts'

/** A look at one series in one minute. */
export interface Sample {
  readonly row: Row
  /** Which of the row's series. */
  readonly n: number
  /** No sample where it is NaN. */
  readonly value: number
  /** Whether it breaks a rule on its value. */
  readonly isOutside: boolean
}

/** A series, by its row and its place there. */
interface Owner {
  readonly row: Row
  readonly n: number
}

/** A series with what was gathered of it. */
export interface Gathered extends Owner {
  readonly rolled: Rolled
}

/** Gathers samples of one hour: a few numbers a series, whatever their count, and no memory that is made a sample. */
export class Gatherer {
  readonly #most: number
  /** Of the hour before, for how much counters have grown since. */
  #before: Gatherer | undefined
  /** By the id of a series its slot and one more; 0 where there is none yet. */
  #slotOf = new Int32Array(256)
  readonly #owners: Owner[] = []
  readonly #byDevice = new Map<string, number[]>()
  #low = new Float64Array(256)
  #high = new Float64Array(256)
  #sum = new Float64Array(256)
  /** Of a counter: the sample before, and its minute. */
  #last = new Float64Array(256)
  #lastMinute = new Float64Array(256)
  #count = new Uint32Array(256)
  #outside = new Uint32Array(256)
  #left = 0

  /** At most `most` series are kept. */
  constructor(most: number, before?: Gatherer) {
    this.#most = most
    this.#before = before
    // Nobody looks back further.
    if (before !== undefined) before.#before = undefined
  }

  /** How many series there are. */
  get size(): number {
    return this.#owners.length
  }

  /** Samples that were left out since there were too many series. */
  get left(): number {
    return this.#left
  }

  /** Takes a sample in; `minute` counts minutes. */
  take({ row, n, value, isOutside }: Sample, minute: number): void {
    if (Number.isNaN(value)) return
    const slot = this.#find(row, n)
    if (slot < 0) {
      this.#left++
      return
    }
    const { kind } = row.metrics[n] ?? {}
    this.#count[slot] = (this.#count[slot] ?? 0) + 1
    if (isOutside && kind !== 'counter') this.#outside[slot] = (this.#outside[slot] ?? 0) + 1
    if (kind === 'state') return
    if (!((this.#low[slot] ?? Number.NaN) <= value)) this.#low[slot] = value
    if (!((this.#high[slot] ?? Number.NaN) >= value)) this.#high[slot] = value
    if (kind === 'counter') this.#grow(slot, value, minute)
    else this.#sum[slot] = (this.#sum[slot] ?? 0) + value
  }

  /** Devices that have a sample. */
  get devices(): readonly string[] {
    return [...this.#byDevice.keys()]
  }

  /** What was gathered of a device by now. */
  of(device: string): readonly Gathered[] {
    return (this.#byDevice.get(device) ?? []).flatMap((slot) => {
      const owner = this.#owners[slot]
      return owner === undefined ? [] : [{ ...owner, rolled: this.#rolled(slot) }]
    })
  }

  #rolled(slot: number): Rolled {
    return {
      low: this.#low[slot] ?? Number.NaN,
      high: this.#high[slot] ?? Number.NaN,
      sum: this.#sum[slot] ?? 0,
      count: this.#count[slot] ?? 0,
      outside: this.#outside[slot] ?? 0,
    }
  }

  /** A counter that is lower than a minute ago has begun anew at 0. What it did in a gap is not known by the minute. */
  #grow(slot: number, value: number, minute: number): void {
    const last = this.#last[slot] ?? 0
    if (this.#lastMinute[slot] === minute - 1) {
      const isReset = value < last
      this.#sum[slot] = (this.#sum[slot] ?? 0) + (isReset ? value : value - last)
      if (isReset) this.#outside[slot] = (this.#outside[slot] ?? 0) + 1
    }
    this.#last[slot] = value
    this.#lastMinute[slot] = minute
  }

  /** The slot of a series; -1 where there is no room. A number may have been given out anew since. */
  #find(row: Row, n: number): number {
    const id = row.first + n
    const slot = (this.#slotOf[id] ?? 0) - 1
    if (slot >= 0 && this.#owners[slot]?.row === row) return slot
    return this.#begin(row, n, id)
  }

  #begin(row: Row, n: number, id: number): number {
    const slot = this.#owners.length
    if (slot >= this.#most) return -1
    if (id >= this.#slotOf.length) this.#slotOf = longer(this.#slotOf, id)
    if (slot >= this.#low.length) this.#widen(slot)
    this.#owners[slot] = { row, n }
    this.#slotOf[id] = slot + 1
    this.#low[slot] = Number.NaN
    this.#high[slot] = Number.NaN
    const [value, minute] = this.#before?.lastOf(row, n) ?? [Number.NaN, Number.NaN]
    this.#last[slot] = value
    this.#lastMinute[slot] = minute
    const { device } = row.source
    const slots = this.#byDevice.get(device)
    if (slots === undefined) this.#byDevice.set(device, [slot])
    else slots.push(slot)
    return slot
  }

  /** The last sample of a counter, and its minute. */
  lastOf(row: Row, n: number): readonly [value: number, minute: number] | undefined {
    const slot = (this.#slotOf[row.first + n] ?? 0) - 1
    if (slot < 0 || this.#owners[slot]?.row !== row) return undefined
    return [this.#last[slot] ?? Number.NaN, this.#lastMinute[slot] ?? Number.NaN]
  }

  #widen(slot: number): void {
    this.#low = longer(this.#low, slot)
    this.#high = longer(this.#high, slot)
    this.#sum = longer(this.#sum, slot)
    this.#last = longer(this.#last, slot)
    this.#lastMinute = longer(this.#lastMinute, slot)
    this.#count = longer(this.#count, slot)
    this.#outside = longer(this.#outside, slot)
  }
}

/** The same numbers with room for one at `index`. */
function longer<T extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(
  from: T,
  index: number,
): T {
  const Made = from.constructor as new (length: number) => T
  const grown = new Made(Math.max(from.length * 2, index + 1))
  grown.set(from)
  return grown
}
