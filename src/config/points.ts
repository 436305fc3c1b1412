import type { Metric, Vocabulary } from '../model/metric.ts'
import type { Point } from '../model/probe.ts'
import { checkOf, type Spot } from './check.ts'
import { readConversion } from './conversions.ts'
import { isJson } from './json.ts'
import { didYouMean, nearest } from './misspelt.ts'
import type { Problems } from './problems.ts'
import type { ProtocolChecks } from './protocols.ts'
import { pointKeys } from './schemas/conversion.ts'
import { ownPrefix } from './vocabulary.ts'

const checkCommon = checkOf('point', pointKeys)
const commonNames = Object.keys(pointKeys.properties)

/** One item of a probe's `points:`; undefined, with the problems, where it is none. */
export function readPoint(
  item: unknown,
  checks: ProtocolChecks | undefined,
  vocabulary: Vocabulary,
  spot: Spot,
  problems: Problems,
): Point | undefined {
  if (!isJson(item)) {
    checkCommon(item, spot, problems)
    return undefined
  }
  const before = problems.mistakes
  const entries = Object.entries(item)
  const own = Object.fromEntries(entries.filter(([key]) => !commonNames.includes(key)))
  const isMisspelt = !('metric' in item) && Object.keys(own).some((key) => nearest(key, ['metric']) !== undefined)
  const spec = checks?.point(own, spot, problems, commonNames)
  // `metrc` has been told as an unknown key: that `metric` is missing is the same mistake.
  if (isMisspelt && checks !== undefined) return undefined
  const common = checkCommon(Object.fromEntries(entries.filter(([key]) => commonNames.includes(key))), spot, problems)
  if (common === undefined) return undefined
  const metric = metricOf(common.metric, vocabulary, spot, problems)
  if (metric === undefined) return undefined
  const conversion = readConversion(common, metric, spot, problems)
  checkLabels(own['labels'], metric, spot, problems)
  if (spec === undefined || problems.mistakes > before) return undefined
  const { tree, path } = spot
  return { metric, conversion, spec, place: tree.keyAt(path), at: (key) => tree.at([...path, key]) }
}

function metricOf(name: string, vocabulary: Vocabulary, { tree, path }: Spot, problems: Problems): Metric | undefined {
  const place = tree.at([...path, 'metric'])
  if (name.startsWith(ownPrefix)) {
    problems.add(place, `${name} is siteward's own metric`, 'no device gives it')
    return undefined
  }
  const metric = vocabulary.get(name)
  if (metric === undefined)
    problems.add(place, `there is no metric "${name}"`, didYouMean(name, vocabulary.keys()) ?? newMetric)
  return metric
}

const newMetric = 'a new metric needs an entry in config/metrics.yaml'

/** Where their values come from is the protocol's; which labels there are is the vocabulary's. */
function checkLabels(labels: unknown, metric: Metric, { tree, path }: Spot, problems: Problems): void {
  if (!isJson(labels)) return
  for (const label of Object.keys(labels)) {
    if (metric.labels.includes(label)) continue
    const hint = metric.labels.length === 0 ? 'it has no labels' : `its labels: ${metric.labels.join(', ')}`
    problems.add(tree.keyAt([...path, 'labels', label]), `${metric.name} has no label "${label}"`, hint)
  }
}
