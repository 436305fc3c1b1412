import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import type { Labels } from '../model/labels.ts'
import { type Metric, unknownState } from '../model/metric.ts'
import { grid, isRolledUp, merged, nothingRolled, type Rolled } from '../model/roll-up.ts'
import type { Site } from '../model/site.ts'
import { brokenOf } from '../prometheus/expression.ts'
import type { Stretch } from '../rollup/stretches.ts'
import { averageOf, type FigureSource, FiguresError, inOrder, type SeriesFigures } from './figures.ts'

/** Asks a page of Prometheus; as the runtime's own fetch. */
export type Ask = (url: URL, body: URLSearchParams) => Promise<{ readonly status: number; readonly text: string }>

/**
 * What of one series is asked for, minute by minute: PromQL of a vector that is then added up over a stretch.
 * https://prometheus.io/docs/prometheus/latest/querying/basics/#subquery
 */
interface Question {
  readonly field: keyof Rolled
  readonly operator: 'min_over_time' | 'max_over_time' | 'sum_over_time' | 'count_over_time'
  readonly vector: string
}

/** Prometheus holds at most 50 million samples for one question: a long time is asked for in parts. */
const longestPart: Milliseconds = 31 * 86_400_000

/** One series with its figures of each stretch. */
interface Found {
  readonly metric: Metric
  readonly labels: Labels
  readonly points: Rolled[]
}

/**
 * Figures as the Prometheus has them that scrapes siteward: of the same minutes as siteward's own roll-ups, each minute
 * with the newest sample before it that is not stale, so that both come to the same where both were there.
 */
export function prometheusFigures(base: URL, site: Site, ask: Ask): FigureSource {
  return {
    name: `Prometheus at ${base.origin}`,
    async read(device, stretches) {
      const metrics = metricsOf(device, site)
      const found = new Map<string, Found>()
      for (const question of questionsOf(metrics, device, site)) {
        for (const part of partsOf(stretches)) await askOne(base, question, metrics, stretches, part, found, ask)
      }
      return inOrder([...found.values()].map(figuresOf))
    },
  }
}

/** Metrics that a device may have: of its probes, of what is made of them, and what is read by hand. */
export function metricsOf({ name, probes, derived }: Device, { duties, vocabulary }: Site): readonly Metric[] {
  const up = vocabulary.get('siteward_device_up')
  const byHand = duties.flatMap(({ readings }) => readings.filter(({ device }) => device === name))
  const all = [
    ...probes.flatMap(({ probe }) => probe.points),
    ...derived.map(({ point }) => point),
    ...byHand,
    ...(up === undefined || probes.length === 0 ? [] : [{ metric: up }]),
  ]
  return [...new Set(all.map(({ metric }) => metric))].filter(isRolledUp)
}

/** The label in which a series keeps its metric's name, which PromQL takes away from what it has counted. */
const nameLabel = 'siteward_metric'

/** A few questions for all series of a device. */
function questionsOf(metrics: readonly Metric[], device: Device, site: Site): readonly Question[] {
  const named = (kinds: readonly Metric['kind'][]): readonly Metric[] =>
    metrics.filter(({ kind }) => kinds.includes(kind))
  const [numbers, gauges, counters, states] = [
    named(['gauge', 'counter']),
    named(['gauge']),
    named(['counter']),
    named(['state']),
  ]
  const own = [`site=${JSON.stringify(site.name)}`, `device=${JSON.stringify(device.name)}`]
  const broken = metrics.flatMap((metric) => {
    const expression = metric.kind === 'counter' ? undefined : brokenOf(metric, device, site)
    return expression === undefined
      ? []
      : [`label_replace(${expression}, "${nameLabel}", ${JSON.stringify(metric.name)}, "", "")`]
  })
  const step = `(${vectorOf(counters, own)} - ${vectorOf(counters, own, ` offset ${grid / 1000}s`)})`
  return [
    ...asked(numbers, { field: 'count', operator: 'count_over_time', vector: vectorOf(numbers, own) }),
    ...asked(numbers, { field: 'low', operator: 'min_over_time', vector: vectorOf(numbers, own) }),
    ...asked(numbers, { field: 'high', operator: 'max_over_time', vector: vectorOf(numbers, own) }),
    ...asked(gauges, { field: 'sum', operator: 'sum_over_time', vector: vectorOf(gauges, own) }),
    ...asked(counters, {
      field: 'sum',
      operator: 'sum_over_time',
      // Less nothing, a series has lost its name as the other side has, or one would be two.
      vector: `(${step} >= 0) or ((${vectorOf(counters, own)} - 0) and (${step} < 0))`,
    }),
    ...asked(counters, { field: 'outside', operator: 'count_over_time', vector: `${step} < 0` }),
    ...asked(states, {
      field: 'count',
      operator: 'count_over_time',
      vector: `${vectorOf(states, [...own, `state!="${unknownState}"`])} == 1`,
    }),
    ...asked(broken, { field: 'outside', operator: 'count_over_time', vector: broken.join(' or ') }),
  ]
}

function asked(what: readonly unknown[], question: Question): readonly Question[] {
  return what.length === 0 ? [] : [question]
}

/** Every series of these metrics, by its name and labels; what Prometheus adds is left out: two sitewards are one. */
function vectorOf(metrics: readonly Metric[], matchers: readonly string[], shift = ''): string {
  const labels = [...new Set(metrics.flatMap((metric) => metric.labels))]
  const names = metrics.map(({ name }) => name).join('|')
  const series = `{__name__=~"${names}",${matchers.join(',')}}${shift}`
  const by = ['__name__', 'site', 'device', ...labels, ...(matchers.length > 2 ? ['state'] : [])].join(', ')
  return `label_replace(max by (${by}) (${series}), "${nameLabel}", "$1", "__name__", "(.+)")`
}

/** Stretches of one length in a row, which one question asks for: a day on which clocks are set is longer. */
function partsOf(stretches: readonly Stretch[]): readonly (readonly Stretch[])[] {
  const parts: Stretch[][] = []
  for (const stretch of stretches) {
    const part = parts.at(-1)
    const [first] = part ?? []
    const isLike = first !== undefined && first.end - first.start === stretch.end - stretch.start
    if (part !== undefined && isLike && stretch.end - first.start <= longestPart) part.push(stretch)
    else parts.push([stretch])
  }
  return parts
}

async function askOne(
  base: URL,
  { field, operator, vector }: Question,
  metrics: readonly Metric[],
  stretches: readonly Stretch[],
  part: readonly Stretch[],
  found: Map<string, Found>,
  ask: Ask,
): Promise<void> {
  const [first, last] = [part[0], part.at(-1)]
  if (first === undefined || last === undefined) return
  const length = (first.end - first.start) / 1000
  // A second before its end a stretch looks back on its first minute and on its last, whatever becomes of open ends.
  const body = new URLSearchParams({
    query: `${operator}((${vector})[${length}s:${grid / 1000}s])`,
    start: String(first.end / 1000 - 1),
    end: String(last.end / 1000 - 1),
    step: String(length),
  })
  const offset = stretches.indexOf(first)
  for (const { metric: all, values } of await matrix(base, body, ask)) {
    const metric = metrics.find(({ name }) => name === all[nameLabel])
    if (metric === undefined) continue
    const labels = Object.fromEntries(
      metric.labels.filter((name) => (all[name] ?? '') !== '').map((name) => [name, all[name] ?? '']),
    )
    const key = JSON.stringify([metric.name, labels])
    const series = found.get(key) ?? { metric, labels, points: stretches.map(() => nothingRolled) }
    found.set(key, series)
    for (const [at, text] of values) {
      const n = offset + Math.round((at + 1 - first.end / 1000) / length)
      const point = series.points[n] ?? nothingRolled
      // Of a state each state that it had was counted by itself.
      const before = field === 'count' && metric.kind === 'state' ? point.count : 0
      series.points[n] = { ...point, [field]: before + Number(text) }
    }
  }
}

interface Answered {
  readonly metric: Labels
  readonly values: readonly (readonly [number, string])[]
}

async function matrix(base: URL, body: URLSearchParams, ask: Ask): Promise<readonly Answered[]> {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v1/query_range`, base)
  const { status, text } = await ask(url, body).catch((error: unknown) => {
    throw new FiguresError(
      `no Prometheus answers at ${base.origin}: ${error instanceof Error ? error.message : String(error)}`,
    )
  })
  const reply = parsed(text) as { status?: string; error?: string; data?: { result?: unknown } } | undefined
  const result = reply?.data?.result
  if (status === 200 && reply?.status === 'success' && Array.isArray(result)) return result as readonly Answered[]
  throw new FiguresError(`Prometheus at ${base.origin} refuses (${status}): ${reply?.error ?? text.slice(0, 200)}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function figuresOf({ metric, labels, points }: Found): SeriesFigures {
  return {
    metric,
    labels,
    total: points.reduce(merged, nothingRolled),
    lows: Float64Array.from(points, ({ low }) => low),
    averages: Float64Array.from(points, (one) => averageOf(one, metric)),
    highs: Float64Array.from(points, ({ high }) => high),
  }
}
