import type { Range, Vocabulary } from '../model/metric.ts'
import type { Place } from '../model/place.ts'
import type { Limit } from '../model/rule.ts'
import { inUnit, parseQuantity, type Unit, units } from '../model/unit.ts'
import { didYouMean } from './misspelt.ts'
import type { Problems } from './problems.ts'

/** The metric that a number is for, as far as reading it needs to know. */
interface Measured {
  readonly name: string
  readonly unit: Unit
}

/** `difference` is a hysteresis: 1 K is 1 °C there, while a temperature in kelvin would be taken 273 degrees too high. */
export type Purpose = 'value' | 'difference'

/** A number as people write it (`28 °C`, `50%`, `0.5`) in the metric's base unit; undefined, with the problem. */
export function readNumber(
  written: string | number,
  metric: Measured,
  purpose: Purpose,
  place: Place,
  problems: Problems,
): number | undefined {
  const quantity = parseQuantity(written)
  if (quantity === undefined) {
    problems.add(place, `"${written}" is not a number`, `as ${example(metric.unit)}`)
    return undefined
  }
  const absoluteKelvin = purpose === 'value' && metric.unit === 'celsius' && quantity.written === 'K'
  const number = absoluteKelvin ? undefined : inUnit(quantity, metric.unit)
  if (number === undefined)
    problems.add(place, `"${quantity.written}" is not a unit of ${metric.name}`, allowedUnits(metric.unit))
  return number
}

/** A limit: a number with or without its unit, or the name of a metric that tells it. */
export function readLimit(
  written: string | number,
  metric: Measured,
  vocabulary: Vocabulary,
  place: Place,
  problems: Problems,
): Limit | undefined {
  const [name] = metricsIn(String(written))
  if (name === undefined || name !== String(written).trim()) {
    const value = readNumber(written, metric, 'value', place, problems)
    return value === undefined ? undefined : { kind: 'fixed', value }
  }
  const other = vocabulary.get(name)
  if (other === undefined) {
    problems.add(place, `there is no metric "${name}"`, didYouMean(name, vocabulary.keys()))
    return undefined
  }
  const numeric = other.kind === 'gauge' || other.kind === 'counter'
  if (!numeric || other.unit !== metric.unit) {
    problems.add(place, `${name} cannot be a limit of ${metric.name}`, `a metric in ${unitName(metric.unit)} is needed`)
    return undefined
  }
  return { kind: 'metric', metric: name }
}

/** The metrics that a limit or range names, if any. */
export function metricsIn(written: string | number | undefined): readonly string[] {
  const ends = String(written ?? '').split('..')
  return ends.map((end) => end.trim()).filter((end) => /^[a-z][a-z0-9]*_[a-z0-9_]*$/.test(end))
}

/** The two ends of `20..28`, `20 °C..28 °C`, `50..65%`; a unit behind the second end is for both. */
export function splitRange(text: string): readonly [string, string] | undefined {
  const middle = text.indexOf('..')
  if (middle < 0) return undefined
  const low = text.slice(0, middle).trim()
  const high = text.slice(middle + 2).trim()
  if (low === '' || high === '' || high.startsWith('.')) return undefined
  const unit = parseQuantity(high)?.written
  const bare = parseQuantity(low)
  return [bare !== undefined && bare.written === undefined && unit !== undefined ? `${low} ${unit}` : low, high]
}

/** A closed range of numbers, in the metric's base unit. */
export function readRange(text: string, metric: Measured, place: Place, problems: Problems): Range | undefined {
  const ends = splitRange(text)
  if (ends === undefined) {
    problems.add(place, `"${text}" is not a range`, 'write it as 20..28')
    return undefined
  }
  const low = readNumber(ends[0], metric, 'value', place, problems)
  const high = readNumber(ends[1], metric, 'value', place, problems)
  if (low === undefined || high === undefined) return undefined
  if (low < high) return { low, high }
  problems.add(place, `the range ${text} is empty: its lower end comes first`)
  return undefined
}

function example(unit: Unit): string {
  const [sign] = Object.keys(units[unit].written)
  return sign === undefined ? '28' : `28 ${sign}`
}

function allowedUnits(unit: Unit): string {
  const written = Object.keys(units[unit].written).filter((sign) => sign !== 'K')
  return written.length === 0 ? 'it has no unit' : `its units: ${written.join(', ')}`
}

function unitName(unit: Unit): string {
  return unit === 'none' ? 'no unit' : unit
}
