import type { Milliseconds } from '../model/clock.ts'
import type { Measure } from '../model/rule.ts'

/** Measures that look back. */
type WindowMeasure = Extract<Measure, { readonly over: Milliseconds }>

/** Whether a measure looks back. */
export function isWindowMeasure(measure: Measure | undefined): measure is WindowMeasure {
  return measure !== undefined && 'over' in measure
}

/** A number out of a window; `isLeast`: it is at least this, since the window is not full yet. */
export interface Measured {
  readonly value: number
  readonly isLeast: boolean
}

const unknown: Measured = { value: Number.NaN, isLeast: false }

/** Samples closer than this part of the window are kept as one: a window holds at most twice as many. */
const finest = 200
/** Of what a fall of a counter leaves more than this, it is no restart but one that stepped back a little. */
const leftAfterStep = 7 / 8

/**
 * The readings of one series over the time that a measure looks back; bounded, whatever the pace of the readings. A window
 * that holds too little says so: nothing is made up of it.
 */
export class Window {
  readonly #measure: WindowMeasure
  readonly #isCounter: boolean
  /** Samples from the one that held when the window begins: values, or (rate, growth, changes) sums since the start. */
  #times: number[] = []
  #values: number[] = []
  #sum = 0
  #last = Number.NaN

  constructor(measure: WindowMeasure, isCounter: boolean) {
    this.#measure = measure
    this.#isCounter = isCounter
  }

  /** How many samples it holds. */
  get size(): number {
    return this.#times.length
  }

  /** Takes the newest reading in; NaN is none. Once more at the same time changes nothing. */
  take(value: number, at: Milliseconds): void {
    if (this.#times.at(-1) === at) return
    const isSum = this.#measure.kind === 'rate' || this.#measure.kind === 'changes' || this.#isCounter
    if (Number.isNaN(value)) {
      // That nothing was known then is known: of a gap no change can be told.
      if (!isSum && !Number.isNaN(this.#values.at(-1) ?? Number.NaN)) this.#push(value, at)
      return
    }
    if (isSum) this.#sum += this.#growth(value)
    this.#last = value
    this.#push(isSum ? this.#sum : value, at)
  }

  /** The measure of what was taken in, seen from `at`. */
  measured(at: Milliseconds): Measured {
    this.#forget(at)
    switch (this.#measure.kind) {
      case 'rate':
        return this.#rate()
      case 'change':
        return this.#change(at)
      case 'changes':
        return this.#changes(at)
      case 'forecast':
        return { value: this.#forecast(at, this.#measure.ahead), isLeast: false }
    }
  }

  #growth(value: number): number {
    if (Number.isNaN(this.#last)) return 0
    if (this.#measure.kind === 'changes') return value === this.#last ? 0 : 1
    if (value >= this.#last) return value - this.#last
    // A counter that fell a little (several processors, a poll that overtook another) has not begun anew.
    return value > this.#last * leftAfterStep ? 0 : value
  }

  #push(value: number, at: Milliseconds): void {
    const count = this.#times.length
    const before = this.#times[count - 2]
    const isClose = before !== undefined && at - before < this.#measure.over / finest
    if (isClose && Number.isNaN(this.#values[count - 1] ?? 0) === Number.isNaN(value)) {
      this.#times[count - 1] = at
      this.#values[count - 1] = value
      return
    }
    this.#times.push(at)
    this.#values.push(value)
    // Only readings that come and go at each poll, far faster than asked for, get here.
    if (count > 4 * finest) this.#drop(finest)
  }

  /** Drops what is older than the sample that held when the window began. */
  #forget(at: Milliseconds): void {
    const begin = at - this.#measure.over
    let old = 0
    while ((this.#times[old + 1] ?? Number.POSITIVE_INFINITY) <= begin) old++
    if ((this.#times[old] ?? at) < begin - this.#measure.over) old++
    if (old > 0) this.#drop(old)
  }

  #drop(count: number): void {
    this.#times = this.#times.slice(count)
    this.#values = this.#values.slice(count)
  }

  #rate(): Measured {
    const [first, from] = [this.#times[0], this.#values[0]]
    const [last, to] = [this.#times.at(-1), this.#values.at(-1)]
    if (first === undefined || last === undefined || from === undefined || to === undefined) return unknown
    const span = last - first
    return span > 0 && span >= this.#measure.over / 2 ? { value: ((to - from) / span) * 1000, isLeast: false } : unknown
  }

  #change(at: Milliseconds): Measured {
    if (!this.#reachesBack(at)) return unknown
    return { value: (this.#values.at(-1) ?? Number.NaN) - (this.#values[0] ?? Number.NaN), isLeast: false }
  }

  #changes(at: Milliseconds): Measured {
    const [first, last] = [this.#values[0], this.#values.at(-1)]
    if (first === undefined || last === undefined) return unknown
    return { value: last - first, isLeast: !this.#reachesBack(at) }
  }

  #reachesBack(at: Milliseconds): boolean {
    return (this.#times[0] ?? at) <= at - this.#measure.over
  }

  /** Least squares over the window, as Prometheus' predict_linear does it; of half a window or two readings none. */
  #forecast(at: Milliseconds, ahead: Milliseconds): number {
    const begin = at - this.#measure.over
    let [count, sumT, sumV, sumTT, sumTV, earliest] = [0, 0, 0, 0, 0, at]
    for (const [i, time] of this.#times.entries()) {
      const value = this.#values[i] ?? Number.NaN
      if (time < begin || Number.isNaN(value)) continue
      const t = time - at
      earliest = Math.min(earliest, time)
      count++
      sumT += t
      sumV += value
      sumTT += t * t
      sumTV += t * value
    }
    if (count < 3 || at - earliest < this.#measure.over / 2) return Number.NaN
    const spread = sumTT - (sumT * sumT) / count
    const slope = spread === 0 ? 0 : (sumTV - (sumT * sumV) / count) / spread
    return (sumV - slope * sumT) / count + slope * ahead
  }
}
