import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { type Labels, labelsMatch } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import { grid, upMetric } from '../model/roll-up.ts'
import type { Rule } from '../model/rule.ts'
import type { Episode } from '../record/episodes.ts'
import { averageOf, growthOf, type SeriesFigures } from './figures.ts'

/**
 * What a check came to. `partly`: well as far as it was looked at, which was not all the time; `recorded`: there is no
 * limit that it could break.
 */
export type Verdict = 'normal' | 'partly' | 'abnormal' | 'unchecked' | 'recorded'

/** One reading of a device over the period. */
export interface Check {
  readonly metric: Metric
  readonly labels: Labels
  readonly verdict: Verdict
  /** NaN where there is none: of states, and of what was not read. */
  readonly low: number
  readonly average: number
  readonly high: number
  /** How much a counter grew; NaN for all else. */
  readonly growth: number
  readonly outside: Milliseconds
  /** The part of the period in which it was read. */
  readonly checked: number
  /** The rules that speak of it. */
  readonly rules: readonly Rule[]
  /** How many of its alarms fired in the period. */
  readonly alarms: number
}

/** How a device answered. */
export interface Availability {
  /** The part of the time that it was asked in which it answered; NaN where it was never asked. */
  readonly up: number
  /** The part of the period in which it was asked. */
  readonly checked: number
}

/** Less than this part of a period that was missed is a restart, and worth no word. */
const nearlyAll = 0.99

/** Pure: the checks of a device, of what was read of it. `expected` is how many minutes there were. */
export function checksOf(
  device: Device,
  figures: readonly SeriesFigures[],
  expected: number,
  episodes: readonly Episode[],
): readonly Check[] {
  const own = episodes.filter((episode) => episode.device === device.name)
  return figures.map((one) => checkOf(device, one, expected, own))
}

function checkOf(
  { rules: all }: Device,
  { metric, labels, total }: SeriesFigures,
  expected: number,
  episodes: readonly Episode[],
): Check {
  const rules = all.filter((rule) => rule.metric.name === metric.name && labelsMatch(labels, rule.match))
  const names = new Set(rules.map(({ alarm }) => alarm))
  const alarms = episodes.filter(({ alarm, own }) => names.has(alarm) && labelsMatch(labels, own)).length
  const isCounter = metric.kind === 'counter'
  const outside = isCounter ? 0 : total.outside * grid
  const checked = expected <= 0 ? 0 : Math.min(1, total.count / expected)
  return {
    metric,
    labels,
    verdict: verdictOf(total.count, outside, alarms, rules.length, checked),
    low: isCounter ? Number.NaN : total.low,
    average: averageOf(total, metric),
    high: isCounter ? Number.NaN : total.high,
    growth: isCounter && total.count > 0 ? growthOf(total) : Number.NaN,
    outside,
    checked,
    rules,
    alarms,
  }
}

/** What was not looked at is never normal. */
function verdictOf(count: number, outside: Milliseconds, alarms: number, rules: number, checked: number): Verdict {
  if (outside > 0 || alarms > 0) return 'abnormal'
  if (count === 0) return 'unchecked'
  if (rules === 0) return 'recorded'
  return checked < nearlyAll ? 'partly' : 'normal'
}

/** Pure: metrics that the device should give and of which nothing was read at all. */
export function unreadOf(figures: readonly SeriesFigures[], wanted: readonly Metric[]): readonly Metric[] {
  const read = new Set(figures.filter(({ total }) => total.count > 0).map(({ metric }) => metric.name))
  return wanted.filter(({ name }) => !read.has(name))
}

/** Pure: how a device answered, over all its probes. */
export function availabilityOf(figures: readonly SeriesFigures[], expected: number): Availability | undefined {
  const ups = figures.filter(({ metric }) => metric.name === upMetric)
  if (ups.length === 0) return undefined
  const count = ups.reduce((sum, { total }) => sum + total.count, 0)
  const up = ups.reduce((sum, { total }) => sum + total.sum, 0)
  return {
    up: count === 0 ? Number.NaN : up / count,
    checked: expected <= 0 ? 0 : Math.min(1, count / (expected * ups.length)),
  }
}

/** Pure: what a device comes to as a whole. */
export function deviceVerdict(checks: readonly Check[], unread: readonly Metric[], alarms: number): Verdict {
  const has = (verdict: Verdict): boolean => checks.some((one) => one.verdict === verdict)
  if (has('abnormal') || alarms > 0) return 'abnormal'
  if (checks.every(({ checked }) => checked === 0)) return 'unchecked'
  if (has('partly') || has('unchecked') || unread.length > 0) return 'partly'
  return has('normal') ? 'normal' : 'recorded'
}
