import type { Static } from 'typebox'
import { plainConversion } from '../model/conversion.ts'
import type { Derived, DerivedInput } from '../model/derived.ts'
import { compileExpression, type Expression, namesOf, type VariableKind } from '../model/expression.ts'
import type { Metric, Vocabulary } from '../model/metric.ts'
import { checkOf, type Spot } from './check.ts'
import { didYouMean, orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { cleanLabels } from './rules.ts'
import { derived as derivedSchema } from './schemas/derived.ts'
import { type Path, placesOf, type Tree } from './tree.ts'
import { ownPrefix } from './vocabulary.ts'

const checkDerived = checkOf('derived', derivedSchema)

type DerivedText = Static<typeof derivedSchema>

/** What a derived reading needs must be read, or derived, by the same probe or device; else it is told. */
export function checkInputs(list: readonly Derived[], read: ReadonlySet<string>, problems: Problems): void {
  const known = new Set([...read, ...list.map(({ point }) => point.metric.name)])
  for (const { point, inputs } of list) {
    for (const { metric } of inputs) {
      if (known.has(metric.name)) continue
      const hint = orOneOf(metric.name, [...read], 'metrics')
      problems.add(point.at('value'), `nothing here reads ${metric.name}`, hint)
    }
  }
}

/** The derived readings of a list `derived:`; what is wrong is left out and told. */
export function readDerived(
  list: readonly unknown[],
  vocabulary: Vocabulary,
  tree: Tree,
  path: Path,
  problems: Problems,
): readonly Derived[] {
  const found = list.flatMap((item, index) => {
    const spot = { tree, path: [...path, index] }
    const text = checkDerived(item, spot, problems)
    return text === undefined ? [] : (derivedOf(text, vocabulary, spot, problems) ?? [])
  })
  return inOrder(found, problems)
}

function derivedOf(text: DerivedText, vocabulary: Vocabulary, spot: Spot, problems: Problems): Derived | undefined {
  const before = problems.mistakes
  const { tree, path } = spot
  const metric = metricOf(text.metric, vocabulary, spot, problems)
  const over = text.over ?? []
  const inputs = inputsOf(text, over, vocabulary, spot, problems)
  checkOver(over, inputs, spot, problems)
  if (metric === undefined || problems.mistakes > before) return undefined
  for (const label of Object.keys(text.labels ?? {})) {
    if (metric.labels.includes(label)) continue
    const hint = metric.labels.length === 0 ? 'it has no labels' : `its labels: ${metric.labels.join(', ')}`
    problems.add(tree.keyAt([...path, 'labels', label]), `${metric.name} has no label "${label}"`, hint)
  }
  const expression = expressionOf(text, metric, inputs, vocabulary, spot, problems)
  if (expression === undefined || problems.mistakes > before) return undefined
  return {
    point: pointOf(metric, spot, Object.keys(text)),
    inputs,
    over,
    labels: cleanLabels(text.labels ?? {}),
    expression,
  }
}

function pointOf(metric: Metric, { tree, path }: Spot, keys: readonly string[]): Derived['point'] {
  const states = metric.kind === 'state' ? new Map(metric.states.map((state) => [state, state])) : undefined
  return {
    metric,
    conversion: { ...plainConversion, states },
    spec: undefined,
    place: tree.keyAt(path),
    at: placesOf(tree, path, keys),
  }
}

function metricOf(name: string, vocabulary: Vocabulary, { tree, path }: Spot, problems: Problems): Metric | undefined {
  const place = tree.at([...path, 'metric'])
  const metric = vocabulary.get(name)
  if (metric === undefined) {
    const hint = didYouMean(name, vocabulary.keys()) ?? 'a new metric needs an entry in config/metrics.yaml'
    problems.add(place, `there is no metric "${name}"`, hint)
  } else if (name.startsWith(ownPrefix) || metric.kind === 'info') {
    problems.add(place, `${name} cannot be derived`, 'a number or a state is needed')
    return undefined
  }
  return metric
}

/** What `inputs:` declares, and every metric that the expression names by itself. */
function inputsOf(
  text: DerivedText,
  over: readonly string[],
  vocabulary: Vocabulary,
  { tree, path }: Spot,
  problems: Problems,
): readonly DerivedInput[] {
  const declared = Object.entries(text.inputs ?? {}).flatMap(([name, { metric: metricName, match = {} }]) => {
    const metric = vocabulary.get(metricName)
    const at = [...path, 'inputs', name]
    if (metric === undefined) {
      const hint = didYouMean(metricName, vocabulary.keys())
      problems.add(tree.at([...at, 'metric']), `there is no metric "${metricName}"`, hint)
      return []
    }
    for (const label of Object.keys(match)) {
      if (!metric.labels.includes(label)) {
        const hint = orOneOf(label, metric.labels, 'labels')
        problems.add(tree.keyAt([...at, 'match', label]), `${metricName} has no label "${label}"`, hint)
      }
    }
    return [inputOf(name, metric, match, over)]
  })
  const own = namesOf(text.value).flatMap((name) => {
    const metric = vocabulary.get(name)
    return metric === undefined || declared.some((one) => one.name === name) ? [] : [inputOf(name, metric, {}, over)]
  })
  return [...declared, ...own]
}

function inputOf(name: string, metric: Metric, match: DerivedInput['match'], over: readonly string[]): DerivedInput {
  const isList = over.some((label) => metric.labels.includes(label) && match[label] === undefined)
  return { name, metric, match, isList }
}

function checkOver(
  over: readonly string[],
  inputs: readonly DerivedInput[],
  { tree, path }: Spot,
  problems: Problems,
): void {
  if (inputs.length === 0) return
  const known = [...new Set(inputs.flatMap(({ metric }) => metric.labels))]
  for (const [index, label] of over.entries()) {
    if (known.includes(label)) continue
    const hint = orOneOf(label, known, 'labels')
    problems.add(tree.at([...path, 'over', index]), `no reading of this expression has the label "${label}"`, hint)
  }
}

function expressionOf(
  text: DerivedText,
  metric: Metric,
  inputs: readonly DerivedInput[],
  vocabulary: Vocabulary,
  { tree, path }: Spot,
  problems: Problems,
): Expression | undefined {
  const place = tree.at([...path, 'value'])
  const expression = compileExpression(text.value, new Map(inputs.map((input) => [input.name, kindOf(input)])))
  if (typeof expression === 'string') {
    const [, unknown] = /^Unknown variable: (\w+)$/.exec(expression) ?? []
    const near = unknown === undefined ? undefined : didYouMean(unknown, vocabulary.keys())
    problems.add(place, expression, near ?? 'see docs/rules.md for what an expression may hold')
    return undefined
  }
  if (expression.variables.length === 0) problems.add(place, 'the expression takes no reading')
  if ((metric.kind === 'state') !== (expression.result === 'state')) {
    const needed = metric.kind === 'state' ? 'the name of a state in quotes' : 'a number'
    problems.add(place, `${metric.name} needs ${needed}, this gives a ${expression.result}`)
  }
  const states = [metric, ...inputs.map((input) => input.metric)].flatMap((one) =>
    one.kind === 'state' ? one.states : [],
  )
  for (const state of expression.texts) {
    if (!states.includes(state)) problems.add(place, `"${state}" is no state`, orOneOf(state, states, 'states'))
  }
  return expression
}

function kindOf({ metric, isList }: DerivedInput): VariableKind {
  if (metric.kind === 'state') return isList ? 'states' : 'state'
  return isList ? 'numbers' : 'number'
}

/** Each after those that it needs; one that needs itself, by whatever way, is told and left out. */
export function inOrder(list: readonly Derived[], problems: Problems): readonly Derived[] {
  const sorted: Derived[] = []
  let left = list
  while (left.length > 0) {
    const waiting = new Set(left.map(({ point }) => point.metric.name))
    // The sum of the phases is no phase: what takes a list of its own metric does not hang on itself.
    const isFree = ({ point, inputs }: Derived): boolean =>
      inputs.every(({ metric, isList }) => !waiting.has(metric.name) || (isList && metric === point.metric))
    const free = left.filter(isFree)
    if (free.length === 0) {
      for (const { point } of left) problems.add(point.place, `${point.metric.name} is derived of itself`)
      return sorted
    }
    sorted.push(...free)
    left = left.filter((one) => !free.includes(one))
  }
  return sorted
}
