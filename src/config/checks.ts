import type { Text } from '../model/metric.ts'
import { checkOf } from './check.ts'
import type { Draft } from './drafts.ts'
import type { Files } from './files.ts'
import { didYouMean } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { checksSchema } from './schemas/rule.ts'
import { generalPlaceholders, placeholdersIn } from './summary.ts'
import { readTree } from './yaml.ts'

const checkFile = checkOf('checks', checksSchema)

/** What to check first, by the names of alarms. */
export type Checks = ReadonlyMap<string, Text>

/** Reads config/checks.yaml; what is wrong is left out and told. */
export async function loadChecks(file: string, files: Files, problems: Problems): Promise<Checks> {
  const checks = new Map<string, Text>()
  const tree = await readTree(file, files, problems)
  const top = tree === undefined ? undefined : checkFile(tree.data, { tree, path: [] }, problems)
  if (tree === undefined || top === undefined) return checks
  for (const [alarm, check] of Object.entries(top.checks)) {
    const strange = placeholdersIn(check).find((name) => !generalPlaceholders.includes(name))
    if (strange === undefined) checks.set(alarm, check)
    else {
      const place = tree.at(['checks', alarm])
      problems.add(place, `nothing will fill "{${strange}}" for every rule`, didYouMean(strange, generalPlaceholders))
    }
  }
  return checks
}

/** A rule that says nothing of what to check takes what is said of every rule of its name. */
export function withCheck(draft: Draft, checks: Checks): Draft {
  const check = checks.get(draft.alarm)
  return check === undefined || draft.part.check !== undefined ? draft : { ...draft, part: { ...draft.part, check } }
}
