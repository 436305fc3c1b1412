import type { Metric, NumberMetric, Range, StateMetric, Vocabulary } from '../model/metric.ts'
import type { Place } from '../model/place.ts'
import type { Condition, Limit, Measure } from '../model/rule.ts'
import { formatValue } from '../model/unit.ts'
import type { Draft } from './drafts.ts'
import { readDuration, second, week } from './durations.ts'
import { type Purpose, readLimit, readNumber, splitRange } from './limits.ts'
import { judgedMetric, overTime } from './measures.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { conditionKeys } from './schemas/rule.ts'

/**
 * The condition of a draft, if it is one that its metric, or what is measured of it, can meet; undefined, with the
 * problems, otherwise.
 */
export function readCondition(
  draft: Draft,
  metric: Metric,
  measure: Measure | undefined,
  vocabulary: Vocabulary,
  problems: Problems,
): Condition | undefined {
  const key = soleKey(draft, problems)
  if (key === undefined) return undefined
  if (measure === undefined) return conditionOf(key, draft, metric, vocabulary, problems)
  if (key === 'within' || key === 'above' || key === 'below') {
    return measuredCondition(key, draft, metric, measure, vocabulary, problems)
  }
  problems.add(draft.keyAt(key), `what is measured is a number: "${key}" cannot judge it`, 'use within, above or below')
  return undefined
}

/** A condition on the number that a measure gives. */
function measuredCondition(
  key: 'within' | 'above' | 'below',
  draft: Draft,
  metric: Metric,
  measure: Measure,
  vocabulary: Vocabulary,
  problems: Problems,
): Condition | undefined {
  const judged = judgedMetric(metric, measure)
  const read = (written: string | number, place: Place, purpose: Purpose): number | undefined =>
    readNumber(overTime(written, metric, measure) ?? written, judged, purpose, place, problems)
  // Only a forecast is a value of the metric itself, as another metric can tell its limit.
  if (measure.kind === 'forecast') return numberCondition(key, draft, judged, vocabulary, problems)
  const limit = (written: string | number): Limit | undefined => {
    const value = read(written, draft.at(key), measure.kind === 'change' ? 'difference' : 'value')
    return value === undefined ? undefined : { kind: 'fixed', value }
  }
  const hysteresis = draft.part.hysteresis
  const back = hysteresis === undefined ? 0 : read(hysteresis, draft.at('hysteresis'), 'difference')
  if (back !== undefined && back < 0) problems.add(draft.at('hysteresis'), 'a hysteresis is not negative')
  return back === undefined ? undefined : bounded(key, draft, judged, limit, back, problems)
}

type ConditionKey = (typeof conditionKeys)[number]

function soleKey(draft: Draft, problems: Problems): ConditionKey | undefined {
  const [key, other] = conditionKeys.filter((one) => draft.part[one] !== undefined)
  if (key === undefined) {
    problems.add(draft.place, 'the rule has no condition', `one of ${conditionKeys.join(', ')}`)
    return undefined
  }
  if (other !== undefined) {
    problems.add(draft.keyAt(other), `"${key}" and "${other}" stand side by side`, 'a rule has one condition')
    return undefined
  }
  if (draft.part.hysteresis !== undefined && key !== 'within' && key !== 'above' && key !== 'below') {
    problems.add(draft.keyAt('hysteresis'), `hysteresis: is not for "${key}"`)
  }
  return key
}

function conditionOf(
  key: ConditionKey,
  draft: Draft,
  metric: Metric,
  vocabulary: Vocabulary,
  problems: Problems,
): Condition | undefined {
  switch (key) {
    case 'within':
    case 'above':
    case 'below':
      return isNumber(metric)
        ? numberCondition(key, draft, metric, vocabulary, problems)
        : wrongKind(key, draft, metric, problems)
    case 'is':
    case 'not':
      return metric.kind === 'state'
        ? stateCondition(key, draft, metric, problems)
        : wrongKind(key, draft, metric, problems)
    case 'stale':
    case 'absent': {
      const after = readDuration(draft.part[key] ?? '', [second, week], draft.at(key), problems)
      return after === undefined ? undefined : { kind: key, after }
    }
  }
}

function isNumber(metric: Metric): metric is NumberMetric {
  return metric.kind === 'gauge' || metric.kind === 'counter'
}

function wrongKind(key: string, draft: Draft, metric: Metric, problems: Problems): undefined {
  const what = { gauge: 'is a number', counter: 'is a number', state: 'has states', info: 'has no value' }[metric.kind]
  const use = {
    gauge: 'within, above or below',
    counter: 'above or below',
    state: 'is or not',
    info: 'stale or absent',
  }
  problems.add(draft.keyAt(key), `${metric.name} ${what}: "${key}" cannot judge it`, `use ${use[metric.kind]}`)
  return undefined
}

function stateCondition(
  kind: 'is' | 'not',
  draft: Draft,
  metric: StateMetric,
  problems: Problems,
): Condition | undefined {
  const written = draft.part[kind] ?? []
  const names = typeof written === 'string' ? [written] : written
  const strange = names.filter((name) => !metric.states.includes(name))
  for (const name of strange) {
    problems.add(draft.at(kind), `"${name}" is no state of ${metric.name}`, orOneOf(name, metric.states, 'states'))
  }
  if (strange.length > 0) return undefined
  const states = new Set(names.map((name) => metric.states.indexOf(name)))
  if (states.size < metric.states.length) return { kind, states }
  problems.add(
    draft.at(kind),
    `these are all states of ${metric.name}: the alarm would ${kind === 'is' ? 'always' : 'never'} fire`,
  )
  return undefined
}

function numberCondition(
  kind: 'within' | 'above' | 'below',
  draft: Draft,
  metric: NumberMetric,
  vocabulary: Vocabulary,
  problems: Problems,
): Condition | undefined {
  const before = problems.mistakes
  const hysteresis = readHysteresis(draft, metric, problems)
  const place = draft.at(kind)
  const limit = (written: string | number): Limit | undefined => {
    const read = readLimit(written, metric, vocabulary, place, problems)
    if (read?.kind === 'fixed') checkPossible(read.value, written, metric, place, problems)
    return read
  }
  return problems.mistakes > before ? undefined : bounded(kind, draft, metric, limit, hysteresis, problems)
}

function bounded(
  kind: 'within' | 'above' | 'below',
  draft: Draft,
  metric: NumberMetric,
  limit: ReadLimit,
  hysteresis: number,
  problems: Problems,
): Numeric | undefined {
  const before = problems.mistakes
  const condition =
    kind === 'within' ? withinOf(draft, limit, hysteresis, problems) : sideOf(kind, draft, limit, hysteresis)
  if (condition === undefined || problems.mistakes > before) return undefined
  checkBand(condition, metric, draft, problems)
  return problems.mistakes > before ? undefined : condition
}

type Numeric = Extract<Condition, { readonly hysteresis: number }>
type ReadLimit = (written: string | number) => Limit | undefined

function withinOf(draft: Draft, limit: ReadLimit, hysteresis: number, problems: Problems): Numeric | undefined {
  const ends = splitRange(draft.part.within ?? '')
  if (ends === undefined) {
    problems.add(draft.at('within'), `"${draft.part.within}" is not a range`, 'write it as 20..28')
    return undefined
  }
  const low = limit(ends[0])
  const high = limit(ends[1])
  return low === undefined || high === undefined ? undefined : { kind: 'within', low, high, hysteresis }
}

function sideOf(kind: 'above' | 'below', draft: Draft, limit: ReadLimit, hysteresis: number): Numeric | undefined {
  const read = limit(draft.part[kind] ?? '')
  return read === undefined ? undefined : { kind, limit: read, hysteresis }
}

function readHysteresis(draft: Draft, metric: NumberMetric, problems: Problems): number {
  const { hysteresis } = draft.part
  if (hysteresis === undefined) return 0
  const place = draft.at('hysteresis')
  const number = readNumber(hysteresis, metric, 'difference', place, problems)
  if (number !== undefined && number < 0) problems.add(place, 'a hysteresis is not negative')
  return number ?? 0
}

function checkPossible(
  value: number,
  written: string | number,
  metric: NumberMetric,
  place: Place,
  problems: Problems,
): void {
  const { low, high } = metric.range
  if (value >= low && value <= high) return
  const bare = metric.unit === 'ratio' && !String(written).includes('%')
  const hint = bare ? `a ratio is 0 to 1: write ${written}%` : undefined
  problems.add(place, `${written} is outside what ${metric.name} can be: ${rangeText(metric)}`, hint)
}

/** A band that has an inside, an outside and a way back, within what the metric can be. */
function checkBand(condition: Numeric, metric: NumberMetric, draft: Draft, problems: Problems): void {
  const good = goodRange(condition, metric.range)
  const place = draft.at(condition.kind)
  if (good === undefined) return
  if (good.low > good.high || (condition.kind === 'within' && good.low === good.high)) {
    problems.add(place, 'the lower end of the range is not below the upper one')
    return
  }
  if (good.low <= metric.range.low && good.high >= metric.range.high) {
    const message = `nothing can break this limit: ${metric.name} is always ${rangeText(metric)}`
    problems.add(place, message)
    return
  }
  const ends = condition.kind === 'within' ? 2 : 1
  if (condition.hysteresis * ends < good.high - good.low || condition.hysteresis === 0) return
  const width = formatValue(good.high - good.low, metric.unit)
  problems.add(draft.at('hysteresis'), `the hysteresis is wider than its band of ${width}`, 'the alarm could never end')
}

/** The values that are good, as far as fixed limits and the possible range tell. */
function goodRange(condition: Numeric, possible: Range): Range | undefined {
  const low = condition.kind === 'within' ? condition.low : condition.kind === 'below' ? condition.limit : undefined
  const high = condition.kind === 'within' ? condition.high : condition.kind === 'above' ? condition.limit : undefined
  if (low?.kind === 'metric' || high?.kind === 'metric') return undefined
  return { low: low?.value ?? possible.low, high: high?.value ?? possible.high }
}

function rangeText({ range, unit }: NumberMetric): string {
  if (range.high === Number.POSITIVE_INFINITY) return `${formatValue(range.low, unit)} or more`
  return `${formatValue(range.low, unit)} to ${formatValue(range.high, unit)}`
}
