import { type Expression, longestList, type VariableValue } from './expression.ts'
import { Harvest } from './harvest.ts'
import { type Labels, labelKey, labelsMatch } from './labels.ts'
import { type Metric, stateName, unknownState } from './metric.ts'
import type { Point } from './probe.ts'
import type { Reading } from './reading.ts'
import type { SeriesScope } from './series.ts'

/** A reading that an expression takes: one, or (`isList`) all that differ only in the labels that are gone `over`. */
export interface DerivedInput {
  /** Its name in the expression. */
  readonly name: string
  readonly metric: Metric
  /** Only series with these labels. */
  readonly match: Labels
  readonly isList: boolean
}

/** A reading that is made of other readings of the same device (Prometheus: recording rule). */
export interface Derived {
  /** What it gives: metric, conversion and place, as of a point that is read. */
  readonly point: Point
  readonly inputs: readonly DerivedInput[]
  /** Labels that tell the members of a list apart. */
  readonly over: readonly string[]
  /** Labels that the result has beside those of its inputs. */
  readonly labels: Labels
  readonly expression: Expression
}

/** A value with the labels of its series, without site and device. */
interface Value {
  readonly labels: Labels
  readonly value: number
}

/** The values of one input that have the same labels, but for those that the input's match and `over` name. */
interface Group {
  readonly labels: Labels
  readonly values: number[]
}

/** What became of the derived readings of a device: doubts as in a poll. */
export interface DerivedResult {
  readonly readings: readonly Reading[]
  readonly doubts: readonly string[]
}

/**
 * The derived readings of one device, of all that is read of it now (NaN: not available, which makes what hangs on it
 * not available). `list` stands in an order in which each comes after those that it needs.
 */
export function derive(list: readonly Derived[], readings: Iterable<Reading>, scope: SeriesScope): DerivedResult {
  const harvest = new Harvest(scope)
  const known = valuesOf(list, readings)
  for (const one of list) {
    const { metric } = one.point
    for (const { labels, value } of resultsOf(one, known)) {
      const raw = typeof value === 'number' && Number.isNaN(value) ? null : value
      harvest.labelled(one.point, labels, raw)
    }
    // What follows may need what was just made.
    const made = harvest.result(0).readings.filter(({ series }) => series.metric === metric)
    known.set(metric.name, [...(known.get(metric.name) ?? []), ...made.map(plain)])
  }
  const { readings: made, doubts } = harvest.result(0)
  return { readings: made, doubts }
}

function valuesOf(list: readonly Derived[], readings: Iterable<Reading>): Map<string, Value[]> {
  const known = new Map<string, Value[]>()
  for (const { inputs } of list) for (const { metric } of inputs) known.set(metric.name, [])
  for (const reading of readings) known.get(reading.series.metric.name)?.push(plain(reading))
  return known
}

function plain({ series, value }: Reading): Value {
  const { site: _site, device: _device, ...labels } = series.labels
  return { labels, value }
}

/** The results of one derived reading: one for each set of labels of the input that has the most of them. */
function resultsOf(
  derived: Derived,
  known: ReadonlyMap<string, readonly Value[]>,
): readonly { readonly labels: Labels; readonly value: number | string | boolean | null }[] {
  const groups = derived.inputs.map((input) => groupsOf(input, derived.over, known.get(input.metric.name) ?? []))
  const leading = groups.reduce((most, one) => (labelCount(one) > labelCount(most) ? one : most), groups[0] ?? [])
  const made = new Map<string, { labels: Labels; value: number | string | boolean | null }>()
  for (const { labels } of leading) {
    const chosen = groups.map((one) => partnersOf(labels, one))
    if (chosen.some((one) => one.length === 0)) continue
    const own = ownLabels(derived, labels)
    const key = labelKey(own)
    const isClear = chosen.every((one) => one.length === 1) && !made.has(key)
    made.set(key, { labels: own, value: isClear ? evaluate(derived, chosen) : null })
  }
  return [...made.values()]
}

function labelCount(groups: readonly Group[]): number {
  return Math.max(-1, ...groups.map(({ labels }) => Object.keys(labels).length))
}

/** A list holds what has a label that is gone over: the device's own total of the phases is no phase. */
function groupsOf(
  { match, isList }: DerivedInput,
  over: readonly string[],
  values: readonly Value[],
): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const { labels, value } of values) {
    if (!labelsMatch(labels, match) || (isList && !over.some((name) => labels[name] !== undefined))) continue
    const shared = Object.fromEntries(
      Object.entries(labels).filter(([name]) => !over.includes(name) && match[name] === undefined),
    )
    const key = labelKey(shared)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels: shared, values: [value] })
    else if (group.values.length < longestList) group.values.push(value)
  }
  return [...groups.values()]
}

/** The groups that agree in every label that both have. */
function partnersOf(labels: Labels, groups: readonly Group[]): readonly Group[] {
  return groups.filter((group) =>
    Object.entries(group.labels).every(([name, value]) => labels[name] === undefined || labels[name] === value),
  )
}

function ownLabels({ point, labels: fixed }: Derived, labels: Labels): Labels {
  return {
    ...Object.fromEntries(Object.entries(labels).filter(([name]) => point.metric.labels.includes(name))),
    ...fixed,
  }
}

function evaluate(
  { inputs, expression }: Derived,
  chosen: readonly (readonly Group[])[],
): number | string | boolean | null {
  const values: Record<string, VariableValue> = {}
  for (const [index, { name, metric, isList }] of inputs.entries()) {
    const list = chosen[index]?.[0]?.values ?? []
    const spoken = list.map((value) => spokenValue(metric, value))
    if (spoken.includes(null)) return null
    const [only] = spoken
    if (isList) values[name] = spoken.filter((value) => value !== null) as readonly number[]
    else if (only !== undefined && only !== null) values[name] = only
  }
  return expression.evaluate(values)
}

/** A value as an expression sees it: a state by its name; null when it is not available or a state nobody knows. */
function spokenValue(metric: Metric, value: number): number | string | null {
  if (Number.isNaN(value)) return null
  if (metric.kind !== 'state') return value
  const name = stateName(metric, value)
  return name === unknownState ? null : name
}
