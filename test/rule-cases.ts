import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { diskFiles } from '../src/config/files.ts'
import { Problems } from '../src/config/problems.ts'
import { loadRules, rulesOf } from '../src/config/rules.ts'
import { loadVocabulary } from '../src/config/vocabulary.ts'
import { shipped } from '../src/home.ts'
import { phase } from '../src/judge/cell.ts'
import { Judge } from '../src/judge/judge.ts'
import { parseDuration } from '../src/model/duration.ts'
import { type Labels, labelKey } from '../src/model/labels.ts'
import { formatProblem } from '../src/model/problem.ts'
import type { Rule } from '../src/model/rule.ts'
import { SeriesTable } from '../src/model/series.ts'
import type { RuledSite } from '../src/prometheus/definition.ts'
import { Store } from '../src/store/store.ts'
import { makeDevice } from './samples.ts'

/**
 * The table of rules: fixtures/rules/CASE/ holds rules.yaml, as in a probe, and test.yaml: series over time and what must
 * be pending and firing, in the notation of promtool's unit tests
 * (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/).
 */
export const folder = shipped('fixtures', 'rules')
const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)

/** One item of `tests:`. */
export interface UnitTest {
  readonly interval: string
  readonly input_series: readonly { readonly series: string; readonly values: string }[]
  readonly alert_rule_test?: readonly AlertTest[]
  readonly promql_expr_test?: readonly {
    readonly eval_time: string
    readonly expr: string
    readonly exp_samples: readonly { readonly labels: string }[]
  }[]
}

interface AlertTest {
  readonly eval_time: string
  readonly alertname: string
  readonly exp_alerts?: readonly { readonly exp_labels: Labels }[]
}

/** `name{a="x", b="y"}` */
export function readSeries(text: string): { readonly name: string; readonly labels: Labels } {
  const [, name = '', inside = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(text.trim()) ?? []
  const labels = [...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value])
  return { name, labels: Object.fromEntries(labels) }
}

/** promtool's notation: `24`, `24x3` (24 four times), `24+0.5x3`, `_`, `_x3` (three times), `stale`. */
function readValues(text: string): readonly number[] {
  return text.split(/\s+/).flatMap((item) => {
    const [, first = '', change = '0', count] = /^([^x+]+?|-?[\d.]+)([-+][\d.]+)?(?:x(\d+))?$/.exec(item) ?? []
    if (first === '_' || first === 'stale') return new Array<number>(Number(count ?? 1)).fill(Number.NaN)
    return Array.from({ length: Number(count ?? 0) + 1 }, (_, i) => Number(first) + i * Number(change))
  })
}

/** The series with their readings; a state set becomes one series of state numbers. */
function readInput(
  list: UnitTest['input_series'],
): readonly { name: string; labels: Labels; values: readonly number[] }[] {
  const found = new Map<string, { name: string; labels: Labels; values: number[] }>()
  for (const { series, values: text } of list) {
    const { name, labels } = readSeries(series)
    const { state, ...own } = labels
    const metric = vocabulary.get(name)
    if (metric === undefined) throw new Error(`no metric ${name}`)
    const values = readValues(text)
    if (metric.kind !== 'state') {
      found.set(series, { name, labels, values: [...values] })
      continue
    }
    const key = `${name}${labelKey(own)}`
    const set = found.get(key) ?? { name, labels: own, values: [] }
    found.set(key, set)
    for (const [i, value] of values.entries()) {
      set.values[i] ??= Number.NaN
      if (value === 1) set.values[i] = metric.states.indexOf(state ?? '')
    }
  }
  return [...found.values()]
}

/** The rules of a case. */
export function readRules(name: string): Promise<readonly Rule[]> {
  return readRulesOf(join(folder, name, 'rules.yaml'))
}

/** The rules of a file; throws where they have a mistake. */
export async function readRulesOf(file: string): Promise<readonly Rule[]> {
  const { drafts, problems } = await loadRules(file, diskFiles, vocabulary)
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  return rulesOf(drafts, vocabulary, new Problems())
}

/** The unit tests of a case. */
export function readTests(name: string): readonly UnitTest[] {
  const { tests }: { tests: readonly UnitTest[] } = parse(readFileSync(join(folder, name, 'test.yaml'), 'utf8'))
  return tests
}

/** The site that a case is judged as: the one of its first series, with its one device. */
export function siteOf(name: string, rules: readonly Rule[]): RuledSite {
  const [{ series } = { series: '' }] = readTests(name)[0]?.input_series ?? []
  const { site = '', device = '' } = readSeries(series).labels
  return { name: site, labels: {}, language: 'en', devices: [makeDevice({ name: device, rules })], groups: [] }
}

/** What is pending and firing at a time, as ALERTS has it. */
export type State = { readonly phase: string; readonly labels: Labels }

/** Judges the readings step by step; what is pending and firing after each. */
export function run(rules: readonly Rule[], input: UnitTest): ReadonlyMap<number, readonly State[]> {
  const interval = parseDuration(input.interval) ?? 0
  const series = readInput(input.input_series)
  const [{ labels: { site = '', device: name = '' } = {} } = {}] = series
  const store = new Store()
  const judge = new Judge({ name: site, labels: {} }, store)
  judge.addDevice(makeDevice({ name, rules }))
  const table = new SeriesTable(site, (one) => {
    store.add(one)
    judge.addSeries(one)
  })
  const scope = table.scope(table.source(name, 'probe'))
  const seen = new Map<number, readonly State[]>()
  const steps = Math.max(...series.map(({ values }) => values.length))
  for (let step = 0; step < steps; step++) {
    const at = { wall: step * interval, mono: step * interval }
    const changed = series.flatMap(({ name: metricName, labels: { site: _site, device: _device, ...own }, values }) => {
      const metric = vocabulary.get(metricName)
      const one = metric === undefined ? undefined : scope.series(metric, own)
      if (one === undefined) return []
      store.apply({ series: one, value: values[step] ?? Number.NaN }, at.mono)
      return [one]
    })
    judge.judge(changed, at)
    judge.sweep(at)
    const states = [...judge.cells()].map((cell) => ({ phase: phase(cell.alarm), labels: cell.labels }))
    seen.set(
      step * interval,
      states.filter((state) => state.phase !== 'inactive'),
    )
  }
  return seen
}
