import type { Static } from 'typebox'
import Type from 'typebox'
import { type Metric, type Text, unknownState, type Vocabulary } from '../model/metric.ts'
import type { Problem } from '../model/problem.ts'
import { type Unit, units } from '../model/unit.ts'
import { checkOf, type Spot } from './check.ts'
import type { Files } from './files.ts'
import { readRange } from './limits.ts'
import { orOneOf } from './misspelt.ts'
import { Problems } from './problems.ts'
import { metric as metricSchema, metricsSchema } from './schemas/vocabulary.ts'
import { readText } from './text.ts'
import { parseTree } from './yaml.ts'

const checkFile = checkOf('metrics', metricsSchema(Type.Unknown()))
const checkMetric = checkOf('metric', metricSchema)

type MetricText = Static<typeof metricSchema>
type StateTexts = Readonly<Record<string, Text>>

/** The beginning of the names of siteward's own metrics, which no device gives. */
export const ownPrefix = 'siteward_'

/** Labels that siteward or Prometheus gives a meaning of its own. */
export const reservedLabels: ReadonlySet<string> = new Set([
  'site',
  'device',
  'state',
  'le',
  'quantile',
  'alertname',
  'severity',
])

/** Counters of devices have 64 bits, but a number keeps every digit only up to here; decoders wrap there. */
const largestCount = 2 ** 53

/** Endings that mean something to Prometheus: `promtool check metrics` refuses them on other types. */
const reservedEndings = ['_bucket', '_count', '_sum', '_created']

/** Reads config/metrics.yaml; what is wrong is left out of the vocabulary and told. */
export async function loadVocabulary(
  file: string,
  files: Files,
): Promise<{ readonly vocabulary: Vocabulary; readonly problems: readonly Problem[] }> {
  const problems = new Problems()
  const text = await readText(file, files, problems)
  const packed = text === undefined ? undefined : files.packed?.(file, text)
  const metrics = packed !== undefined && 'metrics' in packed ? packed.metrics : metricsOf(text, file, problems)
  return { vocabulary: new Map(metrics.map((metric) => [metric.name, metric])), problems: problems.list() }
}

function metricsOf(text: string | undefined, file: string, problems: Problems): readonly Metric[] {
  const tree = text === undefined ? undefined : parseTree(text, file, problems)
  if (tree === undefined) return []
  const top = checkFile(tree.data, { tree, path: [] }, problems)
  if (top === undefined) return []
  const texts = { [unknownState]: { en: 'unknown', zh: '未知' }, ...top.state_texts }
  return Object.entries(top.metrics).flatMap(([name, entry]) => {
    const spot = { tree, path: ['metrics', name] }
    const checked = checkMetric(entry, spot, problems)
    return (checked === undefined ? undefined : metricOf(name, checked, texts, spot, problems)) ?? []
  })
}

function metricOf(
  name: string,
  text: MetricText,
  common: StateTexts,
  spot: Spot,
  problems: Problems,
): Metric | undefined {
  const before = problems.mistakes
  const { unit = 'none', labels = [], en, zh } = text
  checkName(name, text, unit, spot, problems)
  checkLabels(labels, spot, problems)
  checkKeys(text, spot, problems)
  const base = { name, unit, labels, text: { en, zh } }
  const metric = withKind(base, text, common, spot, problems)
  return problems.mistakes > before ? undefined : metric
}

type Base = Pick<Metric, 'name' | 'unit' | 'labels' | 'text'>

function withKind(
  base: Base,
  text: MetricText,
  common: StateTexts,
  spot: Spot,
  problems: Problems,
): Metric | undefined {
  switch (text.type) {
    case 'gauge':
    case 'counter': {
      const place = spot.tree.at([...spot.path, 'range'])
      const range = text.range === undefined ? undefined : readRange(text.range, base, place, problems)
      if (range !== undefined) return { ...base, kind: text.type, range }
      return text.type === 'counter' ? { ...base, kind: 'counter', range: { low: 0, high: largestCount } } : undefined
    }
    case 'info':
      return { ...base, kind: 'info' }
    case 'state':
      return { ...base, kind: 'state', ...statesOf(text, common, spot, problems) }
  }
}

function statesOf(text: MetricText, common: StateTexts, { tree, path }: Spot, problems: Problems) {
  const written = text.states ?? []
  const states = written.includes(unknownState) ? written : [...written, unknownState]
  for (const [index, state] of written.entries()) {
    const place = tree.at([...path, 'states', index])
    if (written.indexOf(state) < index) problems.add(place, `the state "${state}" stands twice in the list`)
    const hint = 'add it to state_texts here or at the top of the file'
    if (text.state_texts?.[state] === undefined && common[state] === undefined) {
      problems.add(place, `the state "${state}" has no text for people`, hint)
    }
  }
  for (const state of Object.keys(text.state_texts ?? {})) {
    if (states.includes(state)) continue
    problems.add(
      tree.keyAt([...path, 'state_texts', state]),
      `"${state}" is no state of this metric`,
      orOneOf(state, states, 'states'),
    )
  }
  const texts = states.map(
    (state) => [state, text.state_texts?.[state] ?? common[state] ?? { en: state, zh: state }] as const,
  )
  return { states, stateTexts: Object.fromEntries(texts) }
}

/** The name tells thing, quantity and unit: https://prometheus.io/docs/practices/naming/ */
function checkName(name: string, text: MetricText, unit: Unit, { tree, path }: Spot, problems: Problems): void {
  const place = tree.keyAt(path)
  const isCounter = text.type === 'counter'
  const suffix = units[unit].suffix === '' ? '' : `_${units[unit].suffix}`
  const ending = `${suffix}${isCounter ? '_total' : ''}${text.type === 'info' ? '_info' : ''}`
  if (!name.endsWith(ending)) problems.add(place, `the name of this ${text.type} must end in ${ending}`)
  if (!isCounter && name.endsWith('_total')) problems.add(place, 'only the name of a counter ends in _total')
  const reserved = reservedEndings.find((one) => name.endsWith(one))
  if (reserved !== undefined)
    problems.add(place, `a name may not end in ${reserved}`, 'Prometheus gives it a meaning of its own')
  const told = unit === 'none' ? unitNamed(name) : undefined
  if (told !== undefined)
    problems.add(place, `the name ends in ${units[told].suffix}, but the metric has no unit`, `add unit: ${told}`)
}

function unitNamed(name: string): Unit | undefined {
  const bare = name.replace(/_total$/, '')
  for (const [unit, { suffix }] of Object.entries(units)) {
    if (suffix !== '' && bare.endsWith(`_${suffix}`) && isUnit(unit)) return unit
  }
  return undefined
}

function isUnit(text: string): text is Unit {
  return Object.hasOwn(units, text)
}

function checkLabels(labels: readonly string[], { tree, path }: Spot, problems: Problems): void {
  // siteward's own metrics are where these labels come from.
  const isOwn = String(path.at(-1)).startsWith(ownPrefix)
  for (const [index, label] of labels.entries()) {
    const place = tree.at([...path, 'labels', index])
    if ((reservedLabels.has(label) && !isOwn) || label.startsWith('__')) {
      problems.add(place, `the label "${label}" is reserved`, 'siteward or Prometheus sets it')
    }
    if (labels.indexOf(label) < index) problems.add(place, `the label "${label}" stands twice in the list`)
  }
}

/** Which keys go with which type. */
function checkKeys(text: MetricText, { tree, path }: Spot, problems: Problems): void {
  const isNumber = text.type === 'gauge' || text.type === 'counter'
  const misplaced = (key: keyof MetricText, allowed: boolean): void => {
    if (allowed || text[key] === undefined) return
    problems.add(tree.keyAt([...path, key]), `"${key}" is not for a metric of type ${text.type}`)
  }
  misplaced('unit', isNumber)
  misplaced('range', isNumber)
  misplaced('states', text.type === 'state')
  misplaced('state_texts', text.type === 'state')
  const missing = text.type === 'gauge' ? 'range' : text.type === 'state' ? 'states' : undefined
  if (missing === undefined || text[missing] !== undefined) return
  const hint = missing === 'range' ? 'what is physically possible, e.g. range: -40..85' : 'e.g. states: [ok, failed]'
  problems.add(tree.keyAt(path), `"${missing}" is missing`, hint)
}
