import { convert, type Raw } from './conversion.ts'
import type { Fault, FaultKind } from './fault.ts'
import type { Labels } from './labels.ts'
import { stateName } from './metric.ts'
import type { Point } from './probe.ts'
import type { PollResult, Reading } from './reading.ts'
import type { Series, SeriesScope } from './series.ts'
import { formatValue } from './unit.ts'

/** The most doubts kept of one poll: enough to see what is wrong with a probe. */
const mostDoubts = 20

/** A raw value on its way to a reading, as the decoder handed it over; `factor` is a scale that the device told. */
export interface Witnessed {
  readonly point: Point
  readonly series: Series
  readonly raw: Raw
  readonly factor: number
}

/** Is told each value before it is converted. */
export type Witness = (value: Witnessed) => void

/** Gathers what one poll reads, for every collector alike: raw values in, a PollResult out. */
export class Harvest {
  readonly #scope: SeriesScope
  readonly #witness: Witness | undefined
  readonly #readings: Reading[] = []
  readonly #faults: Fault[] = []
  readonly #doubts: string[] = []
  #overLimit = 0

  constructor(scope: SeriesScope, witness?: Witness) {
    this.#scope = scope
    this.#witness = witness
  }

  /** A raw value of a point, with the labels of its row (none for a scalar). `factor` is a scale told by the device. */
  labelled(point: Point, labels: Labels, raw: Raw, factor = 1): void {
    this.value(point, this.#scope.series(point.metric, labels), raw, factor)
  }

  /** The same for a series that the plan has kept; undefined is one that the scope refused. */
  value(point: Point, series: Series | undefined, raw: Raw, factor = 1): void {
    if (series === undefined) {
      this.#overLimit++
      return
    }
    this.#witness?.({ point, series, raw, factor })
    const converted = convert(raw, point.conversion, point.metric, factor)
    switch (converted.kind) {
      case 'value':
        this.#readings.push({ series, value: converted.value })
        return
      case 'unavailable':
        this.#readings.push({ series, value: Number.NaN })
        return
      case 'impossible': {
        const { low, high } = converted.range
        const { unit } = point.metric
        this.#doubt(
          point,
          `${formatValue(converted.value, unit)} is outside ${formatValue(low, unit)} to ${formatValue(high, unit)}; check the scale`,
        )
        return
      }
      case 'unreadable':
        this.#doubt(point, `"${converted.text}" is not a number; a pattern: or unavailable: may be missing`)
        return
    }
  }

  fault(kind: FaultKind, detail: string, points: number): void {
    this.#faults.push({ kind, detail, points })
  }

  /** Closes the harvest; `requests` is how many went out on the wire. */
  result(requests: number): PollResult {
    if (this.#overLimit > 0) {
      this.fault(
        'limit',
        `${this.#overLimit} readings are of a series that another probe of the device gives, or too many`,
        0,
      )
    }
    return { readings: this.#readings, faults: this.#faults, requests, doubts: this.#doubts }
  }

  #doubt(point: Point, why: string): void {
    if (this.#doubts.length < mostDoubts) this.#doubts.push(`${point.metric.name}: ${why}`)
  }
}

/** A reading as people read it: `29.1 °C`, `battery`, `not available`. */
export function describeReading({ series: { metric }, value }: Reading): string {
  if (Number.isNaN(value)) return 'not available'
  return metric.kind === 'state' ? stateName(metric, value) : formatValue(value, metric.unit)
}
