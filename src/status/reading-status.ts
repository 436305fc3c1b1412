import type { Cell } from '../judge/cell.ts'
import { phase } from '../judge/cell.ts'
import type { Judge } from '../judge/judge.ts'
import { limitText, valueText } from '../judge/text.ts'
import type { StateMetric } from '../model/metric.ts'
import type { Series } from '../model/series.ts'
import type { Store } from '../store/store.ts'
import type { BothTexts, LimitStatus, ReadingStatus, Standing } from './shape.ts'

/** Pure: a series as it is read now, with how it stands to its rules. */
export function readingStatus(series: Series, store: Store, judge: Judge): ReadingStatus {
  const { metric } = series
  const value = store.value(series)
  const { site: _site, device: _device, ...labels } = series.labels
  const cells = judge.cellsOf(series)
  return {
    metric: metric.name,
    text: metric.text,
    kind: metric.kind,
    unit: metric.unit,
    labels,
    value: Number.isNaN(value) ? null : value,
    words: bothTexts((language) => valueText(metric, value, language)),
    ...(metric.kind === 'state' ? { states: statesOf(metric) } : {}),
    standing: standingOf(value, cells),
    limits: cells.flatMap((cell) => limitStatus(cell, judge)),
  }
}

function statesOf(metric: StateMetric): readonly BothTexts[] {
  return metric.states.map((_, value) => bothTexts((language) => valueText(metric, value, language)))
}

/** A text made in each language. */
export function bothTexts(text: (language: 'en' | 'zh') => string): BothTexts {
  return { en: text('en'), zh: text('zh') }
}

/** The worst of a series' alarms; a firing one whose reading is gone fires still. */
function standingOf(value: number, cells: readonly Cell[]): Standing {
  const firing = cells.filter(({ alarm }) => phase(alarm) === 'firing')
  if (firing.some(({ rule }) => rule.severity === 'critical')) return 'critical'
  if (firing.length > 0) return 'warning'
  if (Number.isNaN(value)) return 'unknown'
  return cells.some(({ alarm }) => phase(alarm) === 'pending') ? 'pending' : 'good'
}

/** A limit on what is measured of a series (a rate, a change) cannot be drawn beside its value. */
function limitStatus(cell: Cell, judge: Judge): readonly LimitStatus[] {
  const { rule } = cell
  if (rule.measure !== undefined || rule.condition.kind === 'stale' || rule.condition.kind === 'absent') return []
  const bounds = judge.bounds(cell)
  const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null)
  return [
    {
      alarm: rule.alarm,
      severity: rule.severity,
      low: finite(bounds.low),
      high: finite(bounds.high),
      text: bothTexts((language) => limitText(rule, bounds, language)),
    },
  ]
}
