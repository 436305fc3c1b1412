import { extname, resolve } from 'node:path'
import { nearest } from '../config/misspelt.ts'
import { loadProbe, loadProbes } from '../config/probes.ts'
import { Problems } from '../config/problems.ts'
import { loadVocabulary } from '../config/vocabulary.ts'
import { shipped } from '../home.ts'
import type { Vocabulary } from '../model/metric.ts'
import type { Probe } from '../model/probe.ts'
import type { Problem } from '../model/problem.ts'
import { files } from '../shipped-files.ts'
import { UsageError } from './command.ts'
import { protocols } from './site-file.ts'

/** The vocabulary and the probes that ship. */
export interface Library {
  readonly vocabulary: Vocabulary
  readonly probes: ReadonlyMap<string, Probe>
  readonly problems: readonly Problem[]
}

/** Reads config/metrics.yaml and probes/. */
export async function readLibrary(): Promise<Library> {
  const { vocabulary, problems } = await loadVocabulary(shipped('config', 'metrics.yaml'), files)
  const loaded = await loadProbes(shipped('probes'), { files, protocols, vocabulary })
  return { vocabulary, probes: loaded.probes, problems: [...problems, ...loaded.problems] }
}

/** A probe by its name, or by the file that holds it (`my-model.yaml`); undefined where it has mistakes. */
export async function readProbe(
  named: string,
): Promise<{ readonly probe: Probe | undefined; readonly problems: readonly Problem[] }> {
  if (extname(named) !== '.yaml' && extname(named) !== '.yml') {
    const { probes, problems } = await readLibrary()
    const probe = probes.get(named)
    if (probe === undefined && problems.length === 0) throw noSuchProbe(named, [...probes.keys()])
    return { probe, problems: probe === undefined ? problems : [] }
  }
  const { vocabulary, problems: inVocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), files)
  const problems = new Problems()
  problems.take(inVocabulary)
  const loaded = await loadProbe(resolve(named), { files, protocols, vocabulary }, problems)
  return { probe: loaded?.probe, problems: problems.list() }
}

function noSuchProbe(named: string, known: readonly string[]): UsageError {
  const near = nearest(named, known)
  return new UsageError(
    `no probe ${named}${near === undefined ? '; a file is named with its ending, as my-model.yaml' : ` (did you mean ${near}?)`}`,
  )
}
