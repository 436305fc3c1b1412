import { type Conversion, convert, type Raw, type Unavailable } from './conversion.ts'
import type { Metric } from './metric.ts'
import { formatValue } from './unit.ts'

/** One step of a conversion, for people. */
export interface ConversionStep {
  readonly name: string
  readonly text: string
}

const everything = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** What `convert` does with a raw value, step by step; by `convert` itself, so that the two never differ. */
export function conversionSteps(
  raw: Raw,
  conversion: Conversion,
  metric: Metric,
  factor = 1,
): readonly ConversionStep[] {
  const steps: ConversionStep[] = [{ name: 'raw', text: raw === null ? 'nothing' : JSON.stringify(raw) }]
  const add = (name: string, text: string): void => void steps.push({ name, text })
  const converted = convert(raw, conversion, metric, factor)
  const { unavailable, pattern } = conversion
  if (unavailable.length > 0) {
    add(
      'unavailable',
      `${converted.kind === 'unavailable' ? 'one of' : 'none of'} ${unavailable.map(entryText).join(', ')}`,
    )
  }
  if (converted.kind === 'unavailable') {
    add('value', 'not available: no reading, and no alarm')
    return steps
  }
  if (pattern !== undefined) add('pattern', JSON.stringify(pattern.first(String(raw)) ?? null))
  if (converted.kind === 'unreadable') add('value', 'this is no number: a doubt, and no reading')
  else if (metric.kind === 'state') {
    const known = conversion.states?.get(
      String(pattern?.first(String(raw)) ?? raw)
        .trim()
        .toLowerCase(),
    )
    add('states', `${String(raw)} is ${known ?? 'not listed: unknown'}`)
  } else if (metric.kind !== 'info') {
    add('scale', scaleText(raw, conversion, metric, factor, converted.value))
    const { low, high } = metric.range
    const within = converted.kind === 'value' ? 'possible' : 'impossible: a doubt, and no reading; check the scale'
    add('range', `${formatValue(low, metric.unit)} to ${formatValue(high, metric.unit)}: ${within}`)
  }
  return steps
}

function entryText(entry: Unavailable): string {
  if (entry.kind === 'value') return String(entry.raw)
  return `${entry.low}..${entry.high}`
}

function scaleText(
  raw: Raw,
  conversion: Conversion,
  metric: Extract<Metric, { range: unknown }>,
  factor: number,
  value: number,
): string {
  const { scale, offset } = conversion
  const plain = convert(raw, { ...conversion, scale: 1, offset: 0 }, { ...metric, range: everything })
  const number = plain.kind === 'value' ? plain.value : Number.NaN
  const told = factor === 1 ? '' : ` * ${Number(factor.toPrecision(12))} (told by the device)`
  const moved = offset === 0 ? '' : ` ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`
  return `${number} * ${scale}${told}${moved} = ${value}`
}
