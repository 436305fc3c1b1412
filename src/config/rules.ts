import Type from 'typebox'
import { type Labels, labelKey, labelValue } from '../model/labels.ts'
import type { Metric, Text, Vocabulary } from '../model/metric.ts'
import type { Problem } from '../model/problem.ts'
import { type Condition, judgedUnit, type Limit, type Rule } from '../model/rule.ts'
import { formatValue, type Unit } from '../model/unit.ts'
import { checkOf } from './check.ts'
import { readCondition } from './conditions.ts'
import { type Draft, draftsOf } from './drafts.ts'
import { readDuration, week } from './durations.ts'
import type { Files } from './files.ts'
import { measureKey, readMeasure } from './measures.ts'
import { didYouMean } from './misspelt.ts'
import { Problems } from './problems.ts'
import { rule as ruleSchema, rulesSchema } from './schemas/rule.ts'
import { defaultSummary, knownPlaceholders, unknownPlaceholders } from './summary.ts'
import type { Path, Tree } from './tree.ts'
import { reservedLabels } from './vocabulary.ts'
import { readTree } from './yaml.ts'

const checkFile = checkOf('rules', rulesSchema(Type.Unknown()))
const checkRule = checkOf('rule', ruleSchema)

/** Drafts of a file of rules for every device, siteward itself, and the ledger (config/rules.yaml), proved to make rules. */
export async function loadRules(
  file: string,
  files: Files,
  vocabulary: Vocabulary,
): Promise<{
  readonly drafts: readonly Draft[]
  readonly ofSiteward: readonly Draft[]
  readonly ofAssets: readonly Draft[]
  readonly problems: readonly Problem[]
}> {
  const problems = new Problems()
  const tree = await readTree(file, files, problems)
  const top = tree === undefined ? undefined : checkFile(tree.data, { tree, path: [] }, problems)
  const read = (key: 'rules' | 'siteward' | 'assets'): readonly Draft[] =>
    tree === undefined || top === undefined ? [] : readDrafts(top[key], tree, [key], problems)
  const [drafts, ofSiteward, ofAssets] = [read('rules'), read('siteward'), read('assets')]
  const all = [...drafts, ...ofSiteward, ...ofAssets]
  checkTwice(all, problems)
  rulesOf(all, vocabulary, problems)
  return { drafts, ofSiteward, ofAssets, problems: problems.list() }
}

/** The drafts of a list of rules; one that does not fit the schema is left out and told. */
export function readDrafts(list: readonly unknown[], tree: Tree, path: Path, problems: Problems): readonly Draft[] {
  return list.flatMap((item, index) => {
    const spot = { tree, path: [...path, index] }
    const before = problems.mistakes
    const checked = checkRule(item, spot, problems)
    // With a key misspelt it is another rule: what it lacks now would be told for nothing.
    if (checked === undefined || problems.mistakes > before) return []
    const { alarm, when, ...text } = checked
    return draftsOf(alarm, when, text, spot, problems)
  })
}

/** Two rules of one severity on the same series under one name would be one alarm with two limits. */
export function checkTwice(drafts: readonly Draft[], problems: Problems): void {
  const seen = new Set<string>()
  for (const { alarm, severity, when, match, place } of drafts) {
    const key = `${alarm} ${severity} ${when} ${labelKey(match)}`
    if (seen.has(key))
      problems.add(place, `the alarm ${alarm} has this ${severity} rule twice`, 'give one of them another name')
    seen.add(key)
  }
}

/** Drafts as rules, judged alone and side by side; what cannot be a rule is left out and told. */
export function rulesOf(drafts: readonly Draft[], vocabulary: Vocabulary, problems: Problems): readonly Rule[] {
  const seen = new Map<string, Rule>()
  return drafts.flatMap((draft) => {
    const rule = ruleOf(draft, vocabulary, problems)
    if (rule === undefined) return []
    const target = `${rule.alarm} ${rule.metric.name} ${labelKey(rule.match)} ${measureKey(rule.measure)}`
    seen.set(`${rule.severity} ${target}`, rule)
    const other = seen.get(`${rule.severity === 'warning' ? 'critical' : 'warning'} ${target}`)
    if (other !== undefined) checkOrder(draft, rule, other, problems)
    return [rule]
  })
}

function ruleOf(draft: Draft, vocabulary: Vocabulary, problems: Problems): Rule | undefined {
  const metric = vocabulary.get(draft.when)
  if (metric === undefined) {
    problems.add(draft.at('when'), `there is no metric "${draft.when}"`, didYouMean(draft.when, vocabulary.keys()))
    return undefined
  }
  const before = problems.mistakes
  const counted = (count: Draft['part']): Condition | undefined =>
    readCondition({ ...draft, part: count, ...countPlaces(draft) }, metric, undefined, vocabulary, problems)
  const measure = readMeasure(draft, metric, counted, problems)
  const condition = measure === 'wrong' ? undefined : readCondition(draft, metric, measure, vocabulary, problems)
  checkMatch(draft, metric, problems)
  checkAlertLabels(draft, problems)
  const { alarm, severity, match, part, place } = draft
  const time = (key: 'for' | 'keep_firing_for'): number =>
    part[key] === undefined ? 0 : (readDuration(part[key], [0, week], draft.at(key), problems) ?? 0)
  const times = { for: time('for'), keepFiringFor: time('keep_firing_for') }
  if (condition === undefined || measure === 'wrong') return undefined
  const summary = summaryOf(draft, { metric, measure, condition }, problems)
  const check = textOf('check', draft, metric, problems)
  if (problems.mistakes > before) return undefined
  const labels = cleanLabels(part.labels ?? {})
  return {
    alarm,
    metric,
    match,
    measure,
    condition,
    ...times,
    severity,
    labels,
    summary,
    check,
    runbook: part.runbook,
    place,
  }
}

/** What is wrong inside of count: is told where it stands. */
function countPlaces(draft: Draft): Pick<Draft, 'at' | 'keyAt'> {
  return { at: () => draft.at('count'), keyAt: () => draft.keyAt('count') }
}

/** Label values as the exposed text and Alertmanager take them. */
export function cleanLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, labelValue(value)]))
}

function checkMatch(draft: Draft, metric: Metric, problems: Problems): void {
  for (const label of Object.keys(draft.match)) {
    if (metric.labels.includes(label)) continue
    const hint = metric.labels.length === 0 ? 'it has no labels' : `its labels: ${metric.labels.join(', ')}`
    problems.add(draft.keyAt('match', label), `${metric.name} has no label "${label}"`, hint)
  }
}

function checkAlertLabels(draft: Draft, problems: Problems): void {
  for (const label of Object.keys(draft.part.labels ?? {})) {
    if (!isReserved(label)) continue
    problems.add(draft.keyAt('labels', label), `the label "${label}" is reserved`, 'siteward or Prometheus sets it')
  }
}

/** Whether a person may not give this label. */
export function isReserved(label: string): boolean {
  return reservedLabels.has(label) || label.startsWith('__')
}

function summaryOf(draft: Draft, rule: Pick<Rule, 'metric' | 'measure' | 'condition'>, problems: Problems): Text {
  return textOf('summary', draft, rule.metric, problems) ?? defaultSummary(rule)
}

/** A text of a rule, in one language for both or in each. */
function textOf(key: 'summary' | 'check', draft: Draft, metric: Metric, problems: Problems): Text | undefined {
  const written = draft.part[key]
  if (written === undefined) return undefined
  const text = typeof written === 'string' ? { en: written, zh: written } : written
  for (const name of unknownPlaceholders(text, metric)) {
    const known = knownPlaceholders(metric)
    const hint = didYouMean(name, known) ?? `allowed: ${known.map((one) => `{${one}}`).join(' ')}`
    problems.add(draft.at(key), `nothing will fill "{${name}}"`, hint)
  }
  return text
}

/** A critical limit inside of the warning one would make the warning useless, and is mostly a slip of the two. */
function checkOrder(draft: Draft, rule: Rule, other: Rule, problems: Problems): void {
  const [warning, critical] = rule.severity === 'warning' ? [rule, other] : [other, rule]
  if (!isInside(warning.condition, critical.condition)) return
  const unit = judgedUnit(rule)
  const message = `the critical limit (${limitText(critical.condition, unit)}) comes before the warning one (${limitText(warning.condition, unit)})`
  problems.add(draft.place, message, 'swap them')
}

function isInside(warning: Condition, critical: Condition): boolean {
  if (warning.kind === 'within' && critical.kind === 'within') {
    return isLess(warning.low, critical.low) || isLess(critical.high, warning.high)
  }
  if (warning.kind === 'above' && critical.kind === 'above') return isLess(critical.limit, warning.limit)
  if (warning.kind === 'below' && critical.kind === 'below') return isLess(warning.limit, critical.limit)
  return false
}

function isLess(a: Limit, b: Limit): boolean {
  return a.kind === 'fixed' && b.kind === 'fixed' && a.value < b.value
}

function limitText(condition: Condition, unit: Unit): string {
  const one = (limit: Limit): string => (limit.kind === 'fixed' ? formatValue(limit.value, unit) : limit.metric)
  if (condition.kind === 'within') return `${one(condition.low)} to ${one(condition.high)}`
  return 'limit' in condition ? one(condition.limit) : condition.kind
}
