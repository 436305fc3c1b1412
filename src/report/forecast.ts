import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Stretch } from '../rollup/stretches.ts'
import type { Check } from './checks.ts'
import type { SeriesFigures } from './figures.ts'

/** When something that fills up is full, if it goes on as it did. */
export interface Forecast {
  readonly metric: Metric
  readonly labels: Labels
  /** By the last stretch that there is. */
  readonly now: number
  /** In the metric's unit a day. */
  readonly perDay: number
  readonly limit: number
  /** From the end of the period. */
  readonly days: number
}

const day: Milliseconds = 86_400_000
/** Fewer points make no line. */
const fewestPoints = 5
/** Nobody plans further ahead. */
const furthest = 730
/** The part of what goes up and down that a line must explain: below it there is no trend. */
const leastFit = 0.5

/** What fills up or empties: by the names of metrics, as config/metrics.yaml has them. */
const filling =
  /_(used|free|available|inodes_used|wear|usage)_(ratio|bytes)$|_left_ratio$|battery_(charge|capacity)_ratio$/

/** Pure: the forecast of one series by a straight line through its averages; undefined where there is no trend. */
export function forecastOf(
  { metric, labels, averages }: SeriesFigures,
  { rules }: Check,
  stretches: readonly Stretch[],
  end: Milliseconds,
): Forecast | undefined {
  if (metric.kind !== 'gauge' || !filling.test(metric.name)) return undefined
  const points = stretches.flatMap(({ start, end: stop }, n): readonly (readonly [number, number])[] => {
    const value = averages[n] ?? Number.NaN
    return Number.isNaN(value) ? [] : [[((start + stop) / 2 - end) / day, value]]
  })
  const line = fitOf(points)
  const now = points.at(-1)?.[1]
  if (line === undefined || now === undefined || line.fit < leastFit || line.slope === 0) return undefined
  const rises = line.slope > 0
  const limit = limitOf(rules, metric, rises)
  if (limit === undefined) return undefined
  const days = (limit - line.atEnd) / line.slope
  return days > furthest ? undefined : { metric, labels, now, perDay: line.slope, limit, days: Math.max(0, days) }
}

/** The first limit on its way; where there is none, a part is full at 1 and empty at 0. */
function limitOf(rules: readonly Check['rules'][number][], { unit }: Metric, rises: boolean): number | undefined {
  const limits = rules.flatMap(({ measure, condition }): readonly number[] => {
    if (measure !== undefined) return []
    const sides = {
      within: condition.kind === 'within' ? (rises ? condition.high : condition.low) : undefined,
      above: condition.kind === 'above' && rises ? condition.limit : undefined,
      below: condition.kind === 'below' && !rises ? condition.limit : undefined,
    }
    const limit = sides.within ?? sides.above ?? sides.below
    return limit?.kind === 'fixed' ? [limit.value] : []
  })
  if (limits.length > 0) return rises ? Math.min(...limits) : Math.max(...limits)
  return unit === 'ratio' ? (rises ? 1 : 0) : rises ? undefined : 0
}

/** Least squares; `fit` is r². */
function fitOf(
  points: readonly (readonly [number, number])[],
): { readonly slope: number; readonly atEnd: number; readonly fit: number } | undefined {
  if (points.length < fewestPoints) return undefined
  const mean = (which: 0 | 1): number => points.reduce((sum, point) => sum + point[which], 0) / points.length
  const [mx, my] = [mean(0), mean(1)]
  let [xx, xy, yy] = [0, 0, 0]
  for (const [x, y] of points) {
    xx += (x - mx) ** 2
    xy += (x - mx) * (y - my)
    yy += (y - my) ** 2
  }
  if (xx === 0 || yy === 0) return undefined
  const slope = xy / xx
  return { slope, atEnd: my - slope * mx, fit: xy ** 2 / (xx * yy) }
}
