import type { Series } from '../model/series.ts'
import { breach, unknownIndex } from './breach.ts'
import type { Judge } from './judge.ts'

/** How a series stands, over all its rules: the worst that is firing; unknown when its reading is missing. */
export type Verdict = 'ok' | 'warning' | 'critical' | 'unknown'

/** The verdict of one reading by itself, as `siteward poll` prints it: no `for`, nothing that came before. */
export function instantVerdict(judge: Judge, series: Series, value: number): Verdict {
  if (Number.isNaN(value)) return 'unknown'
  let worst: Verdict = 'ok'
  for (const cell of judge.cellsOf(series)) {
    // One reading tells nothing of what is measured over a time or beside others.
    if (cell.rule.measure !== undefined) continue
    const found = breach(cell.rule.condition, judge.bounds(cell), value, unknownIndex(cell.rule))
    if (found === 'broken' && worst !== 'critical') worst = cell.rule.severity
    if (found === 'unknown' && worst === 'ok') worst = 'unknown'
  }
  return worst
}
