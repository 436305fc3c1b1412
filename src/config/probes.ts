import { basename, extname } from 'node:path'
import Type, { type Static } from 'typebox'
import type { Milliseconds } from '../model/clock.ts'
import type { DeclaredEvent } from '../model/event.ts'
import type { Vocabulary } from '../model/metric.ts'
import { compilePattern } from '../model/pattern.ts'
import type { Fingerprint, Point, Probe } from '../model/probe.ts'
import type { Problem } from '../model/problem.ts'
import { checkOf, salvage } from './check.ts'
import { checkInputs, readDerived } from './derived.ts'
import type { Draft } from './drafts.ts'
import { day, readDuration, second, week } from './durations.ts'
import { type Files, whyUnreadable } from './files.ts'
import { isJson, type Json } from './json.ts'
import { metricsIn } from './limits.ts'
import { didYouMean, orOneOf } from './misspelt.ts'
import { readPoint } from './points.ts'
import { Problems } from './problems.ts'
import { checksOf, type Protocols } from './protocols.ts'
import { checkTwice, readDrafts, rulesOf } from './rules.ts'
import { probeSchema } from './schemas/probe.ts'
import { readText } from './text.ts'
import type { Tree } from './tree.ts'
import { ownPrefix } from './vocabulary.ts'
import { type ParseTree, treeOf } from './yaml.ts'

const schema = probeSchema([], Type.Unknown(), Type.Unknown(), Type.Unknown())

type ProbeText = Static<typeof schema>

const checkTop = checkOf('probe', schema)

/** A probe with its rules as they are written, for the overrides of sites and devices. */
export interface LoadedProbe {
  readonly probe: Probe
  readonly drafts: readonly Draft[]
}

/** What was made of the text of a probe. */
export interface KnownProbe {
  readonly text: string
  readonly loaded: LoadedProbe
}

/** What probes are read with. */
export interface ProbeDeps {
  readonly files: Files
  readonly protocols: Protocols
  readonly vocabulary: Vocabulary
  readonly parse?: ParseTree | undefined
  /** Probes of the same vocabulary that were read before, by their files; absent where nothing is remembered. */
  readonly known?: Map<string, KnownProbe> | undefined
}

/** Every probe below a folder, by name; one with a mistake is left out and told. */
export async function loadProbes(
  folder: string,
  deps: ProbeDeps,
): Promise<{ readonly probes: ReadonlyMap<string, Probe>; readonly problems: readonly Problem[] }> {
  const problems = new Problems()
  const top = { file: folder, line: 1, column: 1 }
  const files = await listProbes(folder, deps.files, (why) => problems.add(top, why))
  const probes = new Map<string, Probe>()
  for (const [name, file] of probeFiles(files, problems)) {
    const loaded = await loadProbe(file, deps, problems)
    if (loaded !== undefined) probes.set(name, loaded.probe)
  }
  return { probes, problems: problems.list() }
}

/** The YAML files of a folder; where it cannot be listed, none, and `tell` is told why. */
export async function listProbes(
  folder: string,
  files: Files,
  tell: (why: string) => void,
): Promise<readonly string[]> {
  try {
    const all = await files.list(folder)
    return all.filter((path) => extname(path) === '.yaml' || extname(path) === '.yml')
  } catch (error) {
    tell(`the folder ${folder} ${whyUnreadable(error)}`)
    return []
  }
}

/** Files by the name of their probe, which is the file's. */
export function probeFiles(files: readonly string[], problems: Problems): ReadonlyMap<string, string> {
  const byName = new Map<string, string>()
  for (const file of files) {
    const name = nameOf(file)
    const other = byName.get(name)
    if (other === undefined) byName.set(name, file)
    else problems.add({ file, line: 1, column: 1 }, `${other} is a probe of the same name`, 'rename one of them')
  }
  return byName
}

function nameOf(file: string): string {
  return basename(file, extname(file))
}

/** One probe file; undefined, with the problems, where it has a mistake. */
export async function loadProbe(file: string, deps: ProbeDeps, problems: Problems): Promise<LoadedProbe | undefined> {
  const text = await readText(file, deps.files, problems)
  if (text === undefined) return undefined
  const known = deps.known?.get(file)
  if (known?.text === text) return known.loaded
  const before = problems.size
  const tree = await treeOf(text, file, deps.files, problems, deps.parse)
  const loaded = tree === undefined ? undefined : readProbe(tree, deps, problems)
  if (loaded !== undefined && problems.size === before) deps.known?.set(file, { text, loaded })
  return loaded
}

function readProbe(tree: Tree, deps: ProbeDeps, problems: Problems): LoadedProbe | undefined {
  const before = problems.mistakes
  const { protocols, vocabulary } = deps
  const core = Object.entries(tree.data).filter(([key]) => !protocols.has(key))
  const spot = { tree, path: [] }
  const text =
    checkTop(Object.fromEntries(core), spot, problems, [...protocols.keys()]) ??
    salvage(checkTop, Object.fromEntries(core), spot, standIn(tree), 'points')
  if (text === undefined) return undefined
  const { collector } = text
  checkNames(text, tree, protocols, problems)
  const schemas = protocols.get(collector)
  const checks = schemas === undefined ? undefined : checksOf(collector, schemas)
  const settings = checks?.settings(tree.data[collector] ?? {}, { tree, path: [collector] }, problems)
  const points = text.points.flatMap(
    (item, index) => readPoint(item, checks, vocabulary, { tree, path: ['points', index] }, problems) ?? [],
  )
  checkOnce(points, problems)
  const derived = readDerived(text.derived ?? [], vocabulary, tree, ['derived'], problems)
  const read = new Set(text.points.flatMap(metricIn))
  checkInputs(derived, read, problems)
  const drafts = readDrafts(text.rules ?? [], tree, ['rules'], problems)
  checkTwice(drafts, problems)
  const rules = rulesOf(drafts, vocabulary, problems)
  checkReach(drafts, new Set([...read, ...(text.derived ?? []).flatMap(metricIn)]), vocabulary, problems)
  const match = matchOf(text.match, tree, problems)
  const events = eventsOf(text.traps ?? [], tree, problems)
  const timing = timingOf(text, tree, problems)
  if (problems.mistakes > before) return undefined
  const probe = {
    name: text.probe,
    title: text.title,
    collector,
    proof: text.proof,
    ...(match === undefined ? {} : { match }),
    ...(events.length === 0 ? {} : { events }),
    ...timing,
    settings,
    points,
    derived,
    rules,
    place: tree.keyAt([]),
  }
  return { probe, drafts }
}

/** How often and how long this probe's polls are by its own account. */
function timingOf(
  { interval, timeout }: ProbeText,
  tree: Tree,
  problems: Problems,
): Pick<Probe, 'interval' | 'timeout'> {
  const read = (text: string | undefined, key: 'interval' | 'timeout'): { [key]?: Milliseconds } => {
    const time = text === undefined ? undefined : readDuration(text, [second, day], tree.at([key]), problems)
    return time === undefined ? {} : { [key]: time }
  }
  return { ...read(interval, 'interval'), ...read(timeout, 'timeout') }
}

/** A probe of which nothing is right but its points. */
function standIn({ file, data }: Tree): Json {
  return { probe: nameOf(file), title: nameOf(file), collector: String(data['collector'] ?? ''), points: [{}] }
}

function checkNames({ probe, collector }: ProbeText, tree: Tree, protocols: Protocols, problems: Problems): void {
  const name = nameOf(tree.file)
  if (probe !== name)
    problems.add(tree.at(['probe']), `the file is named ${name}, the probe "${probe}"`, 'give both one name')
  // That it is missing or no text has been told.
  if (typeof tree.data['collector'] !== 'string') return
  const known = [...protocols.keys()]
  if (!protocols.has(collector)) {
    problems.add(
      tree.at(['collector']),
      `there is no collector "${collector}"`,
      orOneOf(collector, known, 'collectors'),
    )
    return
  }
  for (const other of known) {
    if (other === collector || tree.data[other] === undefined) continue
    problems.add(
      tree.keyAt([other]),
      `"${other}:" is for probes of the collector ${other}`,
      `this one has ${collector}`,
    )
  }
}

/** A metric without labels is one series: of two points the one that is read last would win. */
function checkOnce(points: readonly Point[], problems: Problems): void {
  const seen = new Set<string>()
  for (const { metric, at } of points) {
    if (seen.has(metric.name))
      problems.add(at('metric'), `${metric.name} is read twice, and has no labels to tell which is which`)
    if (metric.labels.length === 0) seen.add(metric.name)
  }
}

function metricIn(item: unknown): readonly string[] {
  return isJson(item) && typeof item['metric'] === 'string' ? [item['metric']] : []
}

/** A rule of a probe judges what the probe reads: any other reading may never come. */
function checkReach(
  drafts: readonly Draft[],
  read: ReadonlySet<string>,
  vocabulary: Vocabulary,
  problems: Problems,
): void {
  const isRead = (metric: string): boolean =>
    read.has(metric) || metric.startsWith(ownPrefix) || !vocabulary.has(metric)
  for (const { when, at, part } of drafts) {
    if (!isRead(when)) {
      problems.add(
        at('when'),
        `no point of this probe reads ${when}`,
        didYouMean(when, read) ?? 'the rule could never fire',
      )
    }
    for (const key of ['above', 'below', 'within'] as const) {
      for (const metric of metricsIn(part[key])) {
        if (!isRead(metric)) problems.add(at(key), `no point of this probe reads ${metric}`, didYouMean(metric, read))
      }
    }
  }
}

function matchOf(match: ProbeText['match'], tree: Tree, problems: Problems): Fingerprint | undefined {
  if (match === undefined) return undefined
  const description = match.description === undefined ? undefined : compilePattern(match.description)
  if (typeof description === 'string') {
    problems.add(tree.at(['match', 'description']), description)
    return undefined
  }
  return {
    objectIds: listOf(match.object_id),
    description,
    answers: listOf(match.answers),
    common: match.common ?? false,
  }
}

/** How long an event lasts at most where its probe does not say. */
const usualEvent = day

function eventsOf(texts: NonNullable<ProbeText['traps']>, tree: Tree, problems: Problems): readonly DeclaredEvent[] {
  return texts.map(({ on, clear, event, lasts }, index) => {
    const at = (key: string) => tree.at(['traps', index, key])
    const stray = clear !== undefined ? 'clear' : lasts !== undefined ? 'lasts' : undefined
    if (event === undefined && stray !== undefined) {
      problems.add(at(stray), `"${stray}:" ends an event, and there is none`, 'add event: with a name')
    }
    const longest = lasts === undefined ? usualEvent : readDuration(lasts, [second, 4 * week], at('lasts'), problems)
    return { on: listOf(on), clear: listOf(clear), name: event, lasts: longest ?? usualEvent }
  })
}

function listOf(text: string | readonly string[] | undefined): readonly string[] {
  return text === undefined ? [] : typeof text === 'string' ? [text] : text
}
