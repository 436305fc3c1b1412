import type { Static } from 'typebox'
import type { Conversion, Unavailable } from '../model/conversion.ts'
import type { Metric } from '../model/metric.ts'
import { compilePattern } from '../model/pattern.ts'
import type { Spot } from './check.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import type { pointKeys } from './schemas/conversion.ts'

/** The keys of a point that every protocol shares, as written. */
export type PointText = Static<typeof pointKeys>

/** What a device may write under points: for one metric. */
export type ConversionText = Pick<PointText, 'scale' | 'offset' | 'unavailable'>

/** How a point's raw values become readings of its metric. */
export function readConversion(text: PointText, metric: Metric, spot: Spot, problems: Problems): Conversion {
  const { tree, path } = spot
  checkScale(text, metric, spot, problems)
  const pattern = text.pattern === undefined ? undefined : compilePattern(text.pattern)
  if (typeof pattern === 'string') problems.add(tree.at([...path, 'pattern']), pattern)
  return {
    unavailable: readUnavailable(text.unavailable ?? [], spot, problems),
    pattern: typeof pattern === 'string' ? undefined : pattern,
    states: readStates(text.states, metric, spot, problems),
    scale: text.scale ?? 1,
    offset: text.offset ?? 0,
  }
}

/** A conversion with what a device says of it; what it does not say stays. */
export function changeConversion(
  conversion: Conversion,
  text: ConversionText,
  spot: Spot,
  problems: Problems,
): Conversion {
  const { scale = conversion.scale, offset = conversion.offset } = text
  const unavailable =
    text.unavailable === undefined ? conversion.unavailable : readUnavailable(text.unavailable, spot, problems)
  return { ...conversion, scale, offset, unavailable }
}

/** Scale and offset are for numbers, and a scale of 0 would hide every value. */
export function checkScale(text: ConversionText, metric: Metric, { tree, path }: Spot, problems: Problems): void {
  if (text.scale === 0) problems.add(tree.at([...path, 'scale']), 'a scale of 0 makes every value 0')
  if (metric.kind === 'gauge' || metric.kind === 'counter') return
  for (const key of ['scale', 'offset'] as const) {
    if (text[key] !== undefined)
      problems.add(tree.keyAt([...path, key]), `${metric.name} is no number: it has no ${key}`)
  }
}

function readStates(
  states: PointText['states'],
  metric: Metric,
  { tree, path }: Spot,
  problems: Problems,
): ReadonlyMap<string, string> | undefined {
  if (metric.kind !== 'state') {
    if (states !== undefined)
      problems.add(tree.keyAt([...path, 'states']), `${metric.name} is no state: it has no states`)
    return undefined
  }
  if (states === undefined) {
    problems.add(tree.keyAt(path), `"states" is missing`, `which raw value is which of ${metric.states.join(', ')}`)
    return undefined
  }
  const byRaw = new Map<string, string>()
  for (const [raw, state] of Object.entries(states)) {
    if (!metric.states.includes(state)) {
      const hint = orOneOf(state, metric.states, 'states')
      problems.add(tree.at([...path, 'states', raw]), `"${state}" is no state of ${metric.name}`, hint)
    }
    const key = raw.trim().toLowerCase()
    if (byRaw.has(key))
      problems.add(tree.keyAt([...path, 'states', raw]), `"${key}" stands twice (case does not count)`)
    byRaw.set(key, state)
  }
  return byRaw
}

function readUnavailable(
  list: ReadonlyArray<number | string>,
  { tree, path }: Spot,
  problems: Problems,
): readonly Unavailable[] {
  return list.map((entry, index): Unavailable => {
    if (typeof entry === 'number') return { kind: 'value', raw: entry }
    const range = rangeOf(entry)
    if (range === undefined) return { kind: 'value', raw: entry }
    if (range.low > range.high) problems.add(tree.at([...path, 'unavailable', index]), `the range ${entry} is empty`)
    return { kind: 'range', ...range }
  })
}

const number = '([-+]?[0-9]+(?:\\.[0-9]+)?(?:e[-+]?[0-9]+)?)'
const sided = new RegExp(`^([<>]=?)\\s*${number}$`, 'i')
const closed = new RegExp(`^${number}\\s*\\.\\.\\s*${number}$`, 'i')

/** `<-60`, `>=65535`, `250..255` as a closed range; undefined for any other text, which is a raw value itself. */
function rangeOf(text: string): { readonly low: number; readonly high: number } | undefined {
  const ends = closed.exec(text.trim())
  if (ends !== null) return { low: Number(ends[1]), high: Number(ends[2]) }
  const [, sign, bound] = sided.exec(text.trim()) ?? []
  if (sign === undefined) return undefined
  const value = Number(bound)
  const step = sign.endsWith('=') ? 0 : Math.max(Math.abs(value) * 2 ** -52, Number.MIN_VALUE)
  return sign.startsWith('<')
    ? { low: Number.NEGATIVE_INFINITY, high: value - step }
    : { low: value + step, high: Number.POSITIVE_INFINITY }
}
