import { distances } from '../judge/group.ts'
import { type Labels, labelText } from '../model/labels.ts'
import { type Metric, unknownState } from '../model/metric.ts'
import type { Condition, Limit, Measure } from '../model/rule.ts'
import type { Definition } from './definition.ts'

/** A series of promtool's unit tests. */
export interface Input {
  readonly series: string
  readonly values: string
}

/** Readings that break a rule, of the definition's first device, or of the devices of its group. */
export interface Breaking {
  /** How far the values of its series are apart, in seconds. */
  readonly interval: number
  /** When the rule is broken first, in seconds from the beginning. */
  readonly since: number
  /** The labels, of the series alone, of each alert that it gives. */
  readonly alerts: readonly Labels[]
  /** Its series, as long as this many seconds. */
  inputs(until: number): readonly Input[]
}

type Ordered = Extract<Condition, { readonly hysteresis: number }>
type Stated = Extract<Condition, { readonly states: ReadonlySet<number> }>
type Spread = Extract<Measure, { readonly kind: 'spread' }>
type Over = Extract<Measure, { readonly over: number }>

/** How the values of a series go on; `slope` is growth per second. */
type Shape =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'line'; readonly from: number; readonly slope: number }
  | { readonly kind: 'alternating'; readonly first: 0 | 1 }
  | { readonly kind: 'gone' }

interface Made {
  readonly series: readonly (readonly [labels: Labels, shape: Shape])[]
  readonly interval?: number
  readonly since?: number
  readonly alerts?: readonly Labels[]
}

/** A limit, and a number beyond it. */
interface Aim {
  readonly side: 'above' | 'below'
  readonly limit: number
  readonly beyond: number
}

/** Readings that break the rule of a definition, where Prometheus evaluates every `step` seconds. */
export function breakingOf(definition: Definition, step: number): Breaking {
  const { series, interval = step, since = 0, alerts } = madeFor(definition, step)
  const told = limitsTold(definition).map(({ metric, value }): Input & { readonly value: number } => ({
    series: `${metric}${labelText({ ...baseOf(definition), ...ownLabels(definition) })}`,
    values: '',
    value,
  }))
  return {
    interval,
    since: Math.ceil(since / step) * step,
    alerts: alerts ?? [ownLabels(definition)],
    inputs: (until) => {
      const count = until / interval
      return [
        ...series.map(([labels, shape]) => ({
          series: `${definition.rule.metric.name}${labelText({ ...baseOf(definition), ...labels })}`,
          values: valuesText(shape, interval, count),
        })),
        ...told.map(({ series: name, value }) => ({ series: name, values: `${value}x${count}` })),
        ...infosOf(definition, count),
      ]
    },
  }
}

function madeFor(definition: Definition, step: number): Made {
  const { condition, metric } = definition.rule
  const own = ownLabels(definition)
  switch (condition.kind) {
    case 'absent':
      return { series: [] }
    case 'stale':
      // It is there for two evaluations.
      return { series: [[own, { kind: 'gone' }]], since: 2 * step }
    case 'is':
    case 'not':
      return {
        series: [
          [
            { ...own, state: badState(metric, condition) },
            { kind: 'constant', value: 1 },
          ],
        ],
      }
    case 'within':
    case 'above':
    case 'below':
      return measured(definition, aimOf(condition), step)
  }
}

function measured(definition: Definition, aim: Aim, step: number): Made {
  const { measure } = definition.rule
  const own = ownLabels(definition)
  switch (measure?.kind) {
    case undefined:
      return { series: [[own, { kind: 'constant', value: aim.beyond }]] }
    case 'rate':
    case 'change':
      return growing(definition, measure, aim, step)
    case 'changes':
      return changing(definition, measure, aim, step)
    case 'forecast': {
      // Well now, and beyond the limit by as much when the time has come.
      const distance = aim.limit - aim.beyond
      const line: Shape = { kind: 'line', from: aim.limit + distance, slope: (-2 * distance) / (measure.ahead / 1000) }
      return { series: [[own, line]], interval: within(measure, 4, step), since: step }
    }
    case 'spread':
      return spread(definition, measure, aim)
    case 'count':
      return counted(definition, measure.of, aim)
  }
}

/** Values so close that a measure's time holds some of them, and an evaluation a whole number of them. */
function within({ over }: Over, values: number, step: number): number {
  const most = Math.max(1, over / 1000 / values)
  return [step, 60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2].find((interval) => interval <= most) ?? 1
}

function growing(definition: Definition, measure: Over, { side, limit, beyond }: Aim, step: number): Made {
  const { metric } = definition.rule
  const seconds = measure.over / 1000
  // A counter does not shrink: half the limit is too little growth.
  const growth = side === 'below' && metric.kind === 'counter' ? limit / 2 : beyond
  const slope = measure.kind === 'rate' ? growth : growth / seconds
  const line: Shape = { kind: 'line', from: 0, slope }
  // Prometheus takes a rate over all of its time, also where the readings do not fill it yet.
  return { series: [[ownLabels(definition), line]], interval: within(measure, 4, step), since: seconds }
}

function changing(definition: Definition, measure: Over, { side, limit }: Aim, step: number): Made {
  const { metric } = definition.rule
  const own = ownLabels(definition)
  const [one, other] = metric.kind === 'state' ? metric.states.map((state) => ({ ...own, state })) : [own]
  const needed = Math.floor(limit) + 1
  const isFew = side === 'below'
  const shape = (first: 0 | 1): Shape => (isFew ? { kind: 'constant', value: first } : { kind: 'alternating', first })
  const series = [one, other].flatMap((labels, i) =>
    labels === undefined ? [] : [[labels, shape(i === 0 ? 1 : 0)] as const],
  )
  if (isFew) return { series, since: measure.over / 1000 }
  const interval = within(measure, needed, step)
  return { series, interval, since: needed * interval }
}

/** Five series, of which the first is out of line; where all are to be in line, it is not. */
function spread(definition: Definition, measure: Spread, { side, limit }: Aim): Made {
  const own = ownLabels(definition)
  const [varied = ''] = measure.among
  const labels = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...own, [varied]: name }))
  const values = side === 'below' ? labels.map(() => usual) : outOfLine(measure, limit)
  const series = labels.map((each, i) => [each, { kind: 'constant', value: values[i] ?? usual }] as const)
  return { series, alerts: side === 'below' ? labels : labels.slice(0, 1) }
}

const usual = 100

/** The first so far from the others that only its distance is beyond the limit. */
function outOfLine(measure: Spread, limit: number): readonly number[] {
  const side = measure.from === 'highest' ? -1 : 1
  const others = [usual, usual, usual, usual]
  let by = Math.max(limit, 1e-6) / 8
  for (let tries = 0; tries < 200; tries++, by *= 1.3) {
    const values = [Number((usual + side * by).toPrecision(12)), ...others]
    if ((distances(values, measure)[0] ?? 0) > 1.2 * limit) return values
  }
  return [usual, ...others]
}

/** Too few or too many that fulfil a condition, and one more that does not, so that there is something to count. */
function counted(definition: Definition, of: Condition, { side, limit }: Aim): Made {
  const { members, rule } = definition
  const good = side === 'below' ? Math.max(0, Math.ceil(limit) - 1) : Math.floor(limit) + 1
  const [varied] = rule.metric.labels
  const count = members?.length ?? (varied === undefined ? 1 : good + 1)
  const labelsOf = (i: number): Labels => {
    if (members !== undefined) return { ...ownLabels(definition), device: members[i] ?? '' }
    return varied === undefined ? rule.match : { ...ownLabels(definition), [varied]: String(i + 1) }
  }
  const series = Array.from({ length: count }, (_, i) => countable(labelsOf(i), rule.metric, of, i < good))
  return { series, alerts: [rule.match] }
}

function countable(labels: Labels, metric: Metric, of: Condition, isCounted: boolean): Made['series'][number] {
  if ('states' in of) {
    const state = { ...labels, state: badState(metric, of) }
    return [state, { kind: 'constant', value: isCounted ? 1 : 0 }]
  }
  const { limit, beyond } = 'hysteresis' in of ? aimOf(of) : { limit: 0, beyond: 0 }
  return [labels, { kind: 'constant', value: isCounted ? beyond : 2 * limit - beyond }]
}

function valuesText(shape: Shape, interval: number, count: number): string {
  switch (shape.kind) {
    case 'constant':
      return `${shape.value}x${count}`
    case 'line': {
      const by = Number((shape.slope * interval).toPrecision(12))
      return `${shape.from}${by < 0 ? '-' : '+'}${Math.abs(by)}x${count}`
    }
    case 'alternating':
      return Array.from({ length: count + 1 }, (_, i) => (i + shape.first) % 2).join(' ')
    case 'gone':
      return `1 1 stale _x${count}`
  }
}

/** Where the device itself tells its limits, these are they. */
const toldLimits = { high: 10, low: 5 }

function limitsTold({
  rule: { condition },
}: Definition): readonly { readonly metric: string; readonly value: number }[] {
  if (!('hysteresis' in condition)) return []
  const { low, high } = limitsIn(condition)
  return [
    ...(low?.kind === 'metric' ? [{ metric: low.metric, value: toldLimits.low }] : []),
    ...(high?.kind === 'metric' ? [{ metric: high.metric, value: toldLimits.high }] : []),
  ]
}

/** The metrics of whose series a definition speaks. */
export function metricsOf(definition: Definition): readonly string[] {
  return [definition.rule.metric.name, ...limitsTold(definition).map(({ metric }) => metric)]
}

function limitsIn(condition: Ordered): { readonly low: Limit | undefined; readonly high: Limit | undefined } {
  switch (condition.kind) {
    case 'within':
      return { low: condition.low, high: condition.high }
    case 'above':
      return { low: undefined, high: condition.limit }
    case 'below':
      return { low: condition.limit, high: undefined }
  }
}

/** The upper limit, where there is one. */
function aimOf(condition: Ordered): Aim {
  const { low, high } = limitsIn(condition)
  const number = (limit: Limit, told: number): number => (limit.kind === 'fixed' ? limit.value : told)
  const side = high === undefined ? 'below' : 'above'
  const limit = high !== undefined ? number(high, toldLimits.high) : low !== undefined ? number(low, toldLimits.low) : 0
  const far = Math.max(1, Math.abs(limit) / 10)
  return { side, limit, beyond: side === 'above' ? limit + far : limit - far }
}

function badState(metric: Metric, condition: Stated): string {
  const states = metric.kind === 'state' ? metric.states : []
  const isNamed = condition.kind === 'is'
  const bad = states.find(
    (state, index) => condition.states.has(index) === isNamed && (isNamed || state !== unknownState),
  )
  return bad ?? unknownState
}

function baseOf({ site, devices }: Definition): Labels {
  return { site: site.name, device: devices[0]?.name ?? '' }
}

function ownLabels({ rule: { metric, match, condition } }: Definition): Labels {
  if (condition.kind === 'absent') return match
  return { ...Object.fromEntries(metric.labels.map((name) => [name, 'a'])), ...match }
}

/** The labels that the site file gives the device, where a rule needs them. */
function infosOf(definition: Definition, count: number): readonly Input[] {
  const { deviceLabels, devices, rule } = definition
  if (deviceLabels.length === 0 && rule.condition.kind !== 'absent') return []
  const labels = { ...baseOf(definition), ...devices[0]?.labels }
  return [{ series: `siteward_device_info${labelText(labels)}`, values: `1x${count}` }]
}
