import { type Labels, labelKey, labelsMatch } from '../model/labels.ts'
import type { Rule } from '../model/rule.ts'
import type { Cell } from './cell.ts'

/** A cell and the one that has its place after a reload. */
export interface Pair {
  readonly from: Cell
  readonly to: Cell
}

/**
 * Finds for each cell the one that is its like after a reload: of the same alert, or (with other labels on its alert) of
 * the same alarm, severity, metric and series. `left` have none.
 */
export function pairCells(
  before: readonly Cell[],
  after: readonly Cell[],
): { readonly pairs: readonly Pair[]; readonly left: readonly Cell[] } {
  const byKey = new Map(before.map((cell) => [cell.key, cell]))
  const same = take(byKey, after, ({ key }) => key)
  const paired = new Set(same.map(({ to }) => to))
  const byIdentity = new Map([...byKey.values()].map((cell) => [identityOf(cell), cell]))
  const renamed =
    byIdentity.size === 0
      ? []
      : take(
          byIdentity,
          after.filter((cell) => !paired.has(cell)),
          identityOf,
        )
  return { pairs: [...same, ...renamed], left: [...byIdentity.values()] }
}

/** Takes out of a map what has the same key as a cell. */
function take(from: Map<string, Cell>, cells: readonly Cell[], keyOf: (cell: Cell) => string): readonly Pair[] {
  return cells.flatMap((to): readonly Pair[] => {
    const key = keyOf(to)
    const found = from.get(key)
    if (found === undefined) return []
    from.delete(key)
    return [{ from: found, to }]
  })
}

/** By what an alarm is known again whatever the labels of its alert and its limits are. */
function identityOf({ rule: { alarm, severity, metric }, own }: { readonly rule: Rule; readonly own: Labels }): string {
  return JSON.stringify([alarm, severity, metric.name, labelKey(own)])
}

/** Whether a rule speaks of the series of an alarm, under the same name. */
export function isFor(rule: Rule, { rule: before, own }: Cell): boolean {
  const { alarm, severity, metric, match } = rule
  if (alarm !== before.alarm || severity !== before.severity || metric.name !== before.metric.name) return false
  return rule.condition.kind !== 'absent' && rule.measure?.kind !== 'count' && labelsMatch(own, match)
}

/** What a cell was goes on in another; what it looks back on only where the same is measured of the same series. */
export function inherit(from: Cell, to: Cell): void {
  to.alarm = from.alarm
  to.brokenAt = from.brokenAt
  to.value = from.value
  if (from.window !== undefined && measuresSame(from.rule, to.rule)) to.window = from.window
}

/** Whether two rules look back on the same. */
export function measuresSame(a: Rule, b: Rule): boolean {
  return a.measure !== undefined && JSON.stringify(a.measure) === JSON.stringify(b.measure)
}
