import type { Vocabulary } from '../model/metric.ts'
import { type Checks, loadChecks } from './checks.ts'
import type { Draft } from './drafts.ts'
import type { Files } from './files.ts'
import type { KnownProbe } from './probes.ts'
import { Problems } from './problems.ts'
import { loadRules } from './rules.ts'
import { loadVocabulary } from './vocabulary.ts'

/** Where the files are that come with siteward: config/metrics.yaml, rules.yaml, checks.yaml, holidays.yaml and the folder probes/. */
export interface ShippedFiles {
  readonly metrics: string
  readonly rules: string
  readonly checks: string
  readonly holidays: string
  readonly probes: string
}

/** What comes with siteward and holds for every site. */
export interface Shipped {
  readonly vocabulary: Vocabulary
  /** Rules for every device. */
  readonly drafts: readonly Draft[]
  /** Rules on siteward itself. */
  readonly ofSiteward: readonly Draft[]
  /** Rules on assets. */
  readonly ofAssets: readonly Draft[]
  readonly checks: Checks
}

/**
 * What a process remembers between two readings of its site. What comes with siteward is read once: it changes with
 * siteward, and a metric is known by its entry in the one vocabulary. Probes are read anew when their texts change.
 */
export class Memory {
  shipped: Shipped | undefined
  readonly probes = new Map<string, KnownProbe>()
}

/** Reads what comes with siteward, or takes it from memory; what is wrong is left out and told. */
export async function loadShipped(
  names: ShippedFiles,
  files: Files,
  memory: Memory,
  problems: Problems,
): Promise<Shipped> {
  if (memory.shipped !== undefined) return memory.shipped
  const found = new Problems()
  const { vocabulary, problems: inVocabulary } = await loadVocabulary(names.metrics, files)
  found.take(inVocabulary)
  const { drafts, ofSiteward, ofAssets, problems: inRules } = await loadRules(names.rules, files, vocabulary)
  found.take(inRules)
  const shipped = { vocabulary, drafts, ofSiteward, ofAssets, checks: await loadChecks(names.checks, files, found) }
  problems.take(found.list())
  if (found.size === 0) memory.shipped = shipped
  return shipped
}
