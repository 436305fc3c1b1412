import type { DutyPlan } from '../model/duty-plan.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Problem } from '../model/problem.ts'
import { checkOf } from './check.ts'
import type { Files } from './files.ts'
import { didYouMean } from './misspelt.ts'
import { Problems } from './problems.ts'
import { planSchema } from './schemas/duty.ts'
import { readTree } from './yaml.ts'

const checkFile = checkOf('duty plan', planSchema)

/** Reads a duty plan, as config/duties.yaml; undefined, with the problems, where it has mistakes. */
export async function loadDutyPlan(
  file: string,
  files: Files,
  vocabulary: Vocabulary,
): Promise<{ readonly plan: DutyPlan | undefined; readonly problems: readonly Problem[] }> {
  const problems = new Problems()
  const tree = await readTree(file, files, problems)
  const top = tree === undefined ? undefined : checkFile(tree.data, { tree, path: [] }, problems)
  if (tree === undefined || top === undefined) return { plan: undefined, problems: problems.list() }
  for (const [index, { id, readings = [] }] of top.items.entries()) {
    const path = ['items', index]
    if (top.items.findIndex((one) => one.id === id) < index)
      problems.add(tree.at([...path, 'id']), `the item ${id} is there already`)
    for (const [n, metric] of readings.entries()) {
      if (vocabulary.has(metric)) continue
      problems.add(
        tree.at([...path, 'readings', n]),
        `there is no metric "${metric}"`,
        didYouMean(metric, vocabulary.keys()),
      )
    }
  }
  const items = top.items.map(({ id, section, en, zh, ...needs }) => ({
    id,
    section: section ?? '',
    text: { en, zh },
    readings: needs.readings ?? [],
    alarms: needs.alarms ?? [],
    duty: needs.duty === undefined ? undefined : { written: needs.duty, days: daysOf(needs.duty) },
    drill: needs.drill ?? false,
    report: needs.report,
    ledger: needs.ledger ?? false,
    siteward: needs.siteward,
    outOfScope: needs.out_of_scope,
  }))
  const plan = problems.mistakes === 0 ? { name: top.plan, items } : undefined
  return { plan, problems: problems.list() }
}

/** The most days between the ends of two periods. */
const longestPauses: Readonly<Record<string, number>> = {
  ...{ day: 1, week: 7, xun: 11, month: 31, quarter: 92, half_year: 184, year: 366 },
}

/** `month` or `3d`, which the schema has seen, in days. */
function daysOf(text: string): number {
  return longestPauses[text] ?? Number(text.slice(0, -1))
}
