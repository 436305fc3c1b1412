import type { Metric, Range } from './metric.ts'
import { unknownState } from './metric.ts'

/** What came off the wire before it means anything; null is SNMP's Null, an empty field, JSON's null. */
export type Raw = number | string | boolean | null

/** Raw values that mean "not available": one value, or every number of a range (either end may be open). */
export type Unavailable =
  | { readonly kind: 'value'; readonly raw: number | string }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }

/** A compiled regular expression of a linear-time engine, with one group: device text may not stall the daemon. */
export interface Pattern {
  /** As it was written. */
  readonly source: string
  /** The text of the first group, or undefined when the text does not match. */
  first(text: string): string | undefined
}

/** How a raw value becomes a reading's number; the same for every protocol. */
export interface Conversion {
  readonly unavailable: readonly Unavailable[]
  readonly pattern: Pattern | undefined
  /** For a state metric: raw value as text -> state name. Compared without regard to case. */
  readonly states: ReadonlyMap<string, string> | undefined
  readonly scale: number
  readonly offset: number
}

/** No scale, no offset, nothing unavailable. */
export const plainConversion: Conversion = {
  unavailable: [],
  pattern: undefined,
  states: undefined,
  scale: 1,
  offset: 0,
}

/** What became of a raw value. `impossible` is outside what the metric can physically be; `unreadable` is no number. */
export type Converted =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'impossible'; readonly value: number; readonly range: Range }
  | { readonly kind: 'unreadable'; readonly text: string }

const unavailableValue: Converted = { kind: 'unavailable' }

/**
 * Raw value to reading value: "not available" first (before the scale), then the pattern, then state or number, then
 * scale * factor and offset, then the range of the possible. `factor` is a scale that the device itself reports.
 */
export function convert(raw: Raw, conversion: Conversion, metric: Metric, factor = 1): Converted {
  if (raw === null || isUnavailable(raw, conversion.unavailable)) return unavailableValue
  if (metric.kind === 'info') return { kind: 'value', value: 1 }
  const found = conversion.pattern === undefined ? raw : conversion.pattern.first(String(raw))
  if (found === undefined) return { kind: 'unreadable', text: String(raw).slice(0, 80) }
  if (metric.kind === 'state') return stateOf(found, conversion, metric.states)
  const number = numberOf(found)
  if (number === undefined) return { kind: 'unreadable', text: String(raw).slice(0, 80) }
  if (number === 'empty') return unavailableValue
  // Rounded to 12 digits: 291 * 0.1 is 29.1, not 29.100000000000001. Counters keep every digit.
  const scaled = number * conversion.scale * factor + conversion.offset
  const value = Number.isInteger(scaled) ? scaled : Number(scaled.toPrecision(12))
  if (!Number.isFinite(value)) return unavailableValue
  const { range } = metric
  return value < range.low || value > range.high ? { kind: 'impossible', value, range } : { kind: 'value', value }
}

function isUnavailable(raw: Raw, list: readonly Unavailable[]): boolean {
  if (typeof raw === 'number' && Number.isNaN(raw)) return true
  return list.some((entry) => {
    if (entry.kind === 'value') return typeof entry.raw === typeof raw ? entry.raw === raw : entry.raw === asNumber(raw)
    const number = asNumber(raw)
    return number !== undefined && number >= entry.low && number <= entry.high
  })
}

function asNumber(raw: Raw): number | undefined {
  if (typeof raw === 'number') return raw
  const number = typeof raw === 'string' ? numberOf(raw) : undefined
  return number === 'empty' ? undefined : number
}

/** Texts by which devices say that they have no number. */
const noNumber = new Set(['', 'n/a', 'na', '--', '-', 'none', 'null', 'nan', 'not available', 'no reading', 'disabled'])

/**
 * A number in a text, as devices write it: blanks and NULs around it, a comma for the decimal point, a unit behind it
 * (`23.5 C`, `1,5`, `85%`).
 */
function numberOf(raw: number | string | boolean): number | 'empty' | undefined {
  if (typeof raw === 'number') return raw
  if (typeof raw === 'boolean') return raw ? 1 : 0
  const text = raw.replaceAll('\0', '').trim()
  if (noNumber.has(text.toLowerCase())) return 'empty'
  const match = /^([-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d{1,3})?)\s{0,4}(?:[^\d\s.,][^\d]{0,15})?$/.exec(text)
  return match?.[1] === undefined ? undefined : Number(match[1].replace(',', '.'))
}

function stateOf(raw: number | string | boolean, conversion: Conversion, states: readonly string[]): Converted {
  const key = String(raw).replaceAll('\0', '').trim().toLowerCase()
  const name = conversion.states?.get(key) ?? unknownState
  const index = states.indexOf(name)
  return { kind: 'value', value: index < 0 ? states.indexOf(unknownState) : index }
}
