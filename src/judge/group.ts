import { median } from '../model/expression.ts'
import { type Labels, labelKey } from '../model/labels.ts'
import type { Condition, Measure, Reference, Rule } from '../model/rule.ts'
import type { Series } from '../model/series.ts'
import { type Bounds, type Breach, boundsOf, breach, unknownIndex } from './breach.ts'
import type { Cell } from './cell.ts'

/**
 * Series that a rule judges side by side: each against the others (spread: the nth cell is on the nth series), or all as
 * one number (count: one cell).
 */
export interface Group {
  readonly rule: Rule
  /** Of a count: the devices whose series are counted; one of which none is known yet may have them all. */
  readonly members: readonly string[]
  readonly series: Series[]
  readonly cells: Cell[]
}

/** Takes a series out of a group, and the alarm on it. */
export function leaveSeries({ rule, series, cells }: Group, gone: Series): void {
  const at = series.findIndex(({ id }) => id === gone.id)
  if (at < 0) return
  series.splice(at, 1)
  if (rule.measure?.kind === 'spread') cells.splice(at, 1)
}

type Spread = Extract<Measure, { readonly kind: 'spread' }>

/** Which group of a rule a series with these labels belongs to. */
export function groupKey(rule: Rule, labels: Labels): string {
  const { alarm, severity, metric, match, measure } = rule
  const among = measure?.kind === 'spread' ? measure.among : Object.keys(labels)
  const shared = Object.fromEntries(Object.entries(labels).filter(([name]) => !among.includes(name)))
  return [alarm, severity, metric.name, labelKey(match), labelKey(shared)].join(' ')
}

/** How far each value is from the group's reference; NaN where it cannot be told. */
export function distances(values: readonly number[], { from, isRelative }: Spread): readonly number[] {
  const middle = reference(
    values.filter((value) => !Number.isNaN(value)),
    from,
  )
  // Of nothing there is no part.
  const scale = isRelative ? Math.abs(middle) || Number.NaN : 1
  return values.map((value) => Math.abs(value - middle) / scale)
}

/** What the values of a group are compared with; NaN when too few are known to tell which is out of line. */
function reference(known: readonly number[], from: Reference): number {
  // Of two, neither is the middle one.
  if (known.length < (from === 'median' ? 3 : 2)) return Number.NaN
  switch (from) {
    case 'median':
      return median(known)
    case 'mean':
      return known.reduce((sum, value) => sum + value, 0) / known.length
    case 'lowest':
      return known.reduce((least, value) => Math.min(least, value))
    case 'highest':
      return known.reduce((most, value) => Math.max(most, value))
  }
}

/**
 * How many series fulfil `of`, against the rule's limits. A series that is missing while others of its device are there
 * is gone; of a device that gives none at all, and of a state nobody knows, either may be true: then only what holds
 * both ways is said.
 */
export function countBreach(cell: Cell, of: Condition, group: Group, values: readonly number[]): Breach {
  const { least, most } = countOf(group, of, values)
  if (most < 0) return 'unknown'
  cell.value = least
  const { condition } = cell.rule
  const bounds = boundsOf(condition, () => Number.NaN)
  const found = breach(condition, bounds, least, -1)
  return least === most || breach(condition, bounds, most, -1) === found ? found : 'unknown'
}

/** The least and the most that the count can be; less than none when nothing at all is known. */
function countOf(
  { rule, members, series }: Group,
  of: Condition,
  values: readonly number[],
): { readonly least: number; readonly most: number } {
  const bounds: Bounds = boundsOf(of, () => Number.NaN)
  const unknown = unknownIndex({ metric: rule.metric, measure: undefined })
  const alive = new Set(series.filter((_, i) => !Number.isNaN(values[i] ?? Number.NaN)).map((one) => one.source.device))
  if (alive.size === 0) return { least: 0, most: -1 }
  const seen = new Set(series.map((one) => one.source.device))
  let least = 0
  // A device that was never read has one such series at least.
  let open = members.filter((member) => !seen.has(member)).length
  for (const [i, one] of series.entries()) {
    const value = values[i] ?? Number.NaN
    const found = breach(of, bounds, value, unknown)
    if (found === 'broken') least++
    else if (found === 'unknown' && (!Number.isNaN(value) || !alive.has(one.source.device))) open++
  }
  return { least, most: least + open }
}
