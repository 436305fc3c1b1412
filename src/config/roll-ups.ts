import type { RollUpPlan } from '../model/roll-up.ts'
import { day, readDuration, week } from './durations.ts'
import type { Problems } from './problems.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'

/** A century: nobody means more. */
const longest = 5200 * week

/** For how long roll-ups are kept, and how much of the disk they may take. */
export function readRollUps({ roll_ups: text }: SiteText, tree: Tree, problems: Problems): RollUpPlan {
  const time = (key: 'hours' | 'days' | 'months', least: number, otherwise: number): number =>
    readDuration(text[key], [least, longest], tree.at(['roll_ups', key]), problems) ?? otherwise
  const months = time('months', 8 * week, 520 * week)
  return {
    keep: {
      hour: time('hours', 2 * day, 13 * week),
      day: time('days', 8 * week, 160 * week),
      xun: months,
      month: months,
    },
    bytes: text.megabytes * 2 ** 20,
  }
}
