import { type Columns, merged, nothingRolled, type Rolled } from '../model/roll-up.ts'

/** Adds up what was rolled up, series by series. */
export class Sums {
  readonly #places = new Map<number, number>()
  #ids = new Uint32Array(16)
  #counts = new Uint32Array(16)
  #outsides = new Uint32Array(16)
  #lows = new Float64Array(16)
  #highs = new Float64Array(16)
  #sums = new Float64Array(16)

  /** How many series there are. */
  get size(): number {
    return this.#places.size
  }

  /** Takes in what is known of some series. */
  add(columns: Columns): void {
    for (let n = 0; n < columns.ids.length; n++) this.put(columns.ids[n] ?? 0, rolledAt(columns, n))
  }

  /** Takes in what is known of one series. */
  put(id: number, rolled: Rolled): void {
    const place = this.#placeOf(id)
    const { low, high, sum, count, outside } = merged(this.#at(place), rolled)
    this.#lows[place] = low
    this.#highs[place] = high
    this.#sums[place] = sum
    this.#counts[place] = count
    this.#outsides[place] = outside
  }

  /** What is known of one series. */
  get(id: number): Rolled {
    const place = this.#places.get(id)
    return place === undefined ? nothingRolled : this.#at(place)
  }

  /** All of it, by rising numbers of the series. */
  columns(): Columns {
    const order = [...this.#places.values()].sort((a, b) => (this.#ids[a] ?? 0) - (this.#ids[b] ?? 0))
    const uint = (from: Uint32Array): Uint32Array => Uint32Array.from(order, (place) => from[place] ?? 0)
    const float = (from: Float64Array): Float64Array => Float64Array.from(order, (place) => from[place] ?? Number.NaN)
    return {
      ids: uint(this.#ids),
      counts: uint(this.#counts),
      outsides: uint(this.#outsides),
      lows: float(this.#lows),
      highs: float(this.#highs),
      sums: float(this.#sums),
    }
  }

  #at(place: number): Rolled {
    return {
      low: this.#lows[place] ?? Number.NaN,
      high: this.#highs[place] ?? Number.NaN,
      sum: this.#sums[place] ?? 0,
      count: this.#counts[place] ?? 0,
      outside: this.#outsides[place] ?? 0,
    }
  }

  #placeOf(id: number): number {
    const known = this.#places.get(id)
    if (known !== undefined) return known
    const place = this.#places.size
    if (place === this.#ids.length) this.#grow()
    this.#places.set(id, place)
    this.#ids[place] = id
    this.#lows[place] = Number.NaN
    this.#highs[place] = Number.NaN
    return place
  }

  #grow(): void {
    const uint = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(from.length * 2)
      grown.set(from)
      return grown
    }
    const float = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(from.length * 2)
      grown.set(from)
      return grown
    }
    this.#ids = uint(this.#ids)
    this.#counts = uint(this.#counts)
    this.#outsides = uint(this.#outsides)
    this.#lows = float(this.#lows)
    this.#highs = float(this.#highs)
    this.#sums = float(this.#sums)
  }
}

/** The nth series of some. */
export function rolledAt({ lows, highs, sums, counts, outsides }: Columns, n: number): Rolled {
  return {
    low: lows[n] ?? Number.NaN,
    high: highs[n] ?? Number.NaN,
    sum: sums[n] ?? 0,
    count: counts[n] ?? 0,
    outside: outsides[n] ?? 0,
  }
}
