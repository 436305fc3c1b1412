import type { Metric, NumberMetric } from '../model/metric.ts'
import { type Condition, judgedUnit, type Measure } from '../model/rule.ts'
import { inUnit, parseQuantity } from '../model/unit.ts'
import type { Draft } from './drafts.ts'
import { readDuration, second, week } from './durations.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { measureDetails, measureKeys } from './schemas/rule.ts'

/** Reads the condition of a count, which is written as a rule's own. */
type ReadCounted = (part: Draft['part']) => Condition | undefined

/** What of its series a draft judges: undefined where it is the value itself; 'wrong', with the problems, otherwise. */
export function readMeasure(
  draft: Draft,
  metric: Metric,
  counted: ReadCounted,
  problems: Problems,
): Measure | undefined | 'wrong' {
  const before = problems.mistakes
  const [key, other] = measureKeys.filter((one) => draft.part[one] !== undefined)
  checkDetails(draft, key, problems)
  if (other !== undefined)
    problems.add(draft.keyAt(other), `"${key}" and "${other}" stand side by side`, 'a rule measures one thing')
  if (key === undefined) return problems.mistakes > before ? 'wrong' : undefined
  checkKind(key, draft, metric, problems)
  if (problems.mistakes > before) return 'wrong'
  const measure = measureOf(key, draft, metric, counted, problems)
  return measure === undefined || problems.mistakes > before ? 'wrong' : measure
}

type MeasureKey = (typeof measureKeys)[number]

function measureOf(
  key: MeasureKey,
  draft: Draft,
  metric: Metric,
  counted: ReadCounted,
  problems: Problems,
): Measure | undefined {
  switch (key) {
    case 'rate':
    case 'change':
    case 'changes': {
      const over = timeOf(key, draft, problems)
      return over === undefined ? undefined : { kind: key, over }
    }
    case 'forecast': {
      const ahead = timeOf('forecast', draft, problems)
      const over = timeOf('over', draft, problems)
      return ahead === undefined || over === undefined ? undefined : { kind: 'forecast', ahead, over }
    }
    case 'spread':
    case 'spread_ratio': {
      const among = draft.part[key] ?? []
      checkAmong(key, among, draft, metric, problems)
      return { kind: 'spread', among, from: draft.part.from ?? 'median', isRelative: key === 'spread_ratio' }
    }
    case 'count': {
      const of = counted(draft.part.count ?? {})
      return of === undefined ? undefined : { kind: 'count', of }
    }
  }
}

function timeOf(key: 'rate' | 'change' | 'changes' | 'forecast' | 'over', draft: Draft, problems: Problems) {
  return readDuration(draft.part[key] ?? '', [second, week], draft.at(key), problems)
}

/** `over:` goes with a forecast, which needs it; `from:` with a spread. */
function checkDetails(draft: Draft, key: MeasureKey | undefined, problems: Problems): void {
  const owners = { over: ['forecast'], from: ['spread', 'spread_ratio'] }
  for (const detail of measureDetails) {
    if (draft.part[detail] === undefined || (key !== undefined && owners[detail].includes(key))) continue
    problems.add(draft.keyAt(detail), `"${detail}" goes with ${owners[detail].join(' or ')}`)
  }
  if (key !== 'forecast' || draft.part.over !== undefined) return
  problems.add(draft.keyAt('forecast'), 'a forecast needs over:', 'the time whose readings it rests on, as over: 1h')
}

function checkKind(key: MeasureKey, draft: Draft, metric: Metric, problems: Problems): void {
  const allowed: Readonly<Record<MeasureKey, readonly Metric['kind'][]>> = {
    rate: ['counter'],
    change: ['gauge', 'counter'],
    changes: ['gauge', 'counter', 'state'],
    forecast: ['gauge'],
    spread: ['gauge'],
    spread_ratio: ['gauge'],
    count: ['gauge', 'counter', 'state'],
  }
  if (allowed[key].includes(metric.kind)) return
  const hint = metric.kind === 'gauge' && key === 'rate' ? 'use change' : undefined
  problems.add(draft.keyAt(key), `"${key}" is not for a metric of type ${metric.kind}`, hint)
}

function checkAmong(
  key: 'spread' | 'spread_ratio',
  among: readonly string[],
  draft: Draft,
  metric: Metric,
  problems: Problems,
): void {
  for (const label of among) {
    if (metric.labels.includes(label)) continue
    const hint = metric.labels.length === 0 ? 'it has no labels' : orOneOf(label, metric.labels, 'labels')
    problems.add(draft.at(key), `${metric.name} has no label "${label}"`, hint)
  }
}

/** A metric of the number that is judged, as reading and checking its limits needs it. */
export function judgedMetric(metric: Metric, measure: Measure): NumberMetric {
  const unit = judgedUnit({ metric, measure })
  return { ...metric, kind: 'gauge', unit, range: judgedRange(metric, measure) }
}

function judgedRange(metric: Metric, measure: Measure): NumberMetric['range'] {
  const { low, high } = 'range' in metric ? metric.range : { low: 0, high: 0 }
  switch (measure.kind) {
    case 'forecast':
      return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    case 'change':
      return metric.kind === 'counter' ? { low: 0, high } : { low: low - high, high: high - low }
    case 'spread':
      return { low: 0, high: measure.isRelative ? Number.POSITIVE_INFINITY : high - low }
    case 'rate':
    case 'changes':
    case 'count':
      return { low: 0, high: Number.POSITIVE_INFINITY }
  }
}

const timesWritten: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/**
 * A limit with a time behind it (`0.5 °C/m`, `10/h`) as the number that a rate (per second) or a change (within its time)
 * is judged by; undefined for one that has none, or whose unit is one of the speed itself (`100 Mbit/s`).
 */
export function overTime(written: string | number, metric: Metric, measure: Measure): number | undefined {
  if (measure.kind !== 'rate' && measure.kind !== 'change') return undefined
  const [, amount, sign] = /^(.*?)\s*\/\s*(s|m|min|h|d)$/.exec(String(written).trim()) ?? []
  const whole = parseQuantity(written)
  if (amount === undefined || (whole !== undefined && inUnit(whole, judgedUnit({ metric, measure })) !== undefined))
    return undefined
  const quantity = parseQuantity(amount)
  const number = quantity === undefined ? undefined : inUnit(quantity, metric.unit)
  if (number === undefined) return undefined
  const perSecond = number / (timesWritten[sign ?? 's'] ?? 1)
  const value = measure.kind === 'rate' ? perSecond : (perSecond * measure.over) / second
  return Number(value.toPrecision(12))
}

/** Limits and windows of one kind that a warning and a critical rule can be compared by. */
export function measureKey(measure: Measure | undefined): string {
  return measure === undefined ? '' : JSON.stringify(measure, (_, value) => (value instanceof Set ? [...value] : value))
}
