import { convert, type Pattern, type Raw } from './conversion.ts'
import type { Witnessed } from './harvest.ts'
import type { Labels } from './labels.ts'
import { type Metric, stateName } from './metric.ts'
import type { Point } from './probe.ts'
import { formatValue, inUnit, parseQuantity, units } from './unit.ts'

/** A value, or why there is none, in words for the operator. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }

/** An outcome that holds a value. */
export function good<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

/** An outcome that tells why there is none. */
export function bad<T>(why: string): Outcome<T> {
  return { ok: false, why }
}

/** What is drilled, as it was written: `room_temperature_celsius{sensor="return"}=35 °C`. */
export interface Aim {
  readonly metric: string
  /** Only series with these labels. */
  readonly match: Labels
  readonly value: string
}

/** Reads READING=VALUE; the error is for the operator. */
export function parseAim(text: string): Outcome<Aim> {
  const match = /^([a-z][a-z0-9_]*)(?:\{([^{}]*)\})?\s*=\s*(\S.*?)\s*$/.exec(text)
  const [, metric = '', inside = '', value = ''] = match ?? []
  if (match === null) return bad(`"${text}" is no READING=VALUE, as room_temperature_celsius=35`)
  const labels: Record<string, string> = {}
  for (const pair of inside.split(',').filter((one) => one.trim() !== '')) {
    const [, name, label] = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"\s*$/.exec(pair) ?? []
    if (name === undefined || label === undefined) return bad(`"${pair.trim()}" is no LABEL="VALUE"`)
    labels[name] = label
  }
  return good({ metric, match: labels, value })
}

/** A value as it was written (`35 °C`, `50%`, `on_battery`), in the metric's base unit or as the index of a state. */
export function parseValue(text: string, metric: Metric): Outcome<number> {
  if (metric.kind === 'info') return bad(`${metric.name} is a text: it has no value to drill`)
  if (metric.kind === 'state') {
    const index = metric.states.indexOf(text)
    return index < 0 ? bad(`${metric.name} has no state ${text}: it has ${metric.states.join(', ')}`) : good(index)
  }
  const quantity = parseQuantity(text)
  if (quantity === undefined) return bad(`"${text}" is no number`)
  const value = inUnit(quantity, metric.unit)
  const known = Object.keys(units[metric.unit].written).join(', ')
  return value === undefined ? bad(`"${quantity.written}" is no unit of ${metric.name}: write ${known}`) : good(value)
}

/** What of a value's way from the wire counts when it is turned round. */
export type Sent = Pick<Witnessed, 'raw' | 'factor'>

/**
 * What the device would have to send for a point to read `value`: the point's conversion turned round, with the scale
 * that the device itself told, and within the text that it sent where a pattern finds the value in a text. Proved by
 * converting it again. Without `sent` only whether the value can be at all.
 */
export function rawFor({ conversion, metric }: Point, value: number, sent?: Sent): Outcome<Raw> {
  const { factor = 1, raw: was = null } = sent ?? {}
  const found =
    metric.kind === 'state' ? stateKey(conversion.states, stateName(metric, value)) : undo(value, conversion, factor)
  if (found === undefined) return bad(`no answer of the device means ${describe(metric, value)}`)
  const isWithin = sent !== undefined && conversion.pattern !== undefined
  const raw = isWithin ? within(String(was), conversion.pattern, String(found)) : found
  if (raw === undefined) return bad(`what the device sends has no place for ${String(found)} that its pattern finds`)
  const proof = convert(raw, isWithin ? conversion : { ...conversion, pattern: undefined }, metric, factor)
  switch (proof.kind) {
    case 'value': {
      const isSame = Math.abs(proof.value - value) <= 1e-9 * Math.max(1, Math.abs(value))
      return isSame ? good(raw) : bad(`the device cannot send ${describe(metric, value)}: it would read ${proof.value}`)
    }
    case 'unavailable':
      return bad(`for this point ${String(raw)} means that the device has no reading`)
    case 'impossible':
      return bad(`${describe(metric, value)} is outside of what ${metric.name} can be: siteward would not believe it`)
    case 'unreadable':
      return bad(`${String(raw)} cannot be read by this point`)
  }
}

/** A text in which the pattern finds `wanted` where it found something else. */
function within(text: string, pattern: Pattern, wanted: string): string | undefined {
  const found = pattern.first(text)
  if (found === undefined || found === '') return undefined
  for (let at = text.indexOf(found); at >= 0; at = text.indexOf(found, at + 1)) {
    const changed = text.slice(0, at) + wanted + text.slice(at + found.length)
    if (pattern.first(changed) === wanted) return changed
  }
  return undefined
}

function undo(value: number, { scale, offset }: Point['conversion'], factor: number): number {
  return Number(((value - offset) / (scale * factor)).toPrecision(12))
}

function stateKey(states: ReadonlyMap<string, string> | undefined, state: string): string | undefined {
  return [...(states ?? [])].find(([, name]) => name === state)?.[0]
}

function describe(metric: Metric, value: number): string {
  return metric.kind === 'state' ? stateName(metric, value) : formatValue(value, metric.unit)
}
