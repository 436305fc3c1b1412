import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import type { Order, PlanFace } from '../collector.ts'
import {
  type Call,
  calls,
  everyRowKey,
  type Fact,
  facts,
  type HostPoint,
  type RowKey,
  rowKeys,
  type schemas,
} from './schema.ts'

/** Rows that a point takes: those whose key has one of the texts, or none of them. */
export interface Gate {
  readonly key: RowKey
  readonly texts: ReadonlySet<string>
  readonly isWanted: boolean
}

export interface HostFact {
  readonly point: Point
  readonly fact: Fact
  readonly gates: readonly Gate[]
  readonly labels: readonly (readonly [name: string, source: RowKey | { readonly text: string }])[]
}

export interface Plan extends PlanFace {
  readonly series: SeriesScope
  /** What is called, in this order, with the facts that it tells. */
  readonly calls: readonly (readonly [call: Call, facts: readonly HostFact[]])[]
}

type SpecPoint = Point<HostPoint>

/** Probe to a plan: which calls tell the facts that are wanted. */
export function compile({ device, points, series, place }: Order<typeof schemas>): Result<Plan> {
  const problems: Problem[] = points.flatMap(checkPoint)
  if (device.address !== 'local') {
    const message = `host reads the machine that siteward runs on, and not "${device.address}"`
    problems.push({ place, message, hint: 'address: local; other machines are read over ssh, snmp or ipmi' })
  }
  if (problems.length > 0) return bad(...problems)
  const wanted = points.map(hostFact)
  const planned = calls
    .map((call) => [call, wanted.filter(({ fact }) => facts[fact].call === call)] as const)
    .filter(([, list]) => list.length > 0)
  return good({ endpoint: 'host', session: 'host', parallel: 1, cost: 0, series, calls: planned })
}

function hostFact(point: SpecPoint): HostFact {
  return { point, fact: point.spec.fact, gates: gatesOf(point.spec), labels: Object.entries(point.spec.labels ?? {}) }
}

function gatesOf({ only = {} }: HostPoint): readonly Gate[] {
  return everyRowKey.flatMap((key) => {
    const gate = only[key]
    if (gate === undefined) return []
    const isWanted = Array.isArray(gate)
    return [{ key, texts: new Set(isWanted ? gate : gate.not), isWanted }]
  })
}

function checkPoint(point: SpecPoint): readonly Problem[] {
  const { spec, metric, conversion } = point
  const problems: Problem[] = []
  const { call, kind } = facts[spec.fact]
  const known: readonly RowKey[] = rowOf(spec.fact) === undefined ? [] : rowKeys[call]
  const hint = known.length === 0 ? 'there is only one' : `its rows have ${known.join(', ')}`
  const sources = Object.values(spec.labels ?? {}).filter((source) => typeof source === 'string')
  for (const key of sources.filter((source) => !known.includes(source)))
    problems.push({ place: point.at('labels'), message: `${spec.fact} has no ${key}`, hint })
  for (const { key } of gatesOf(spec).filter((gate) => !known.includes(gate.key)))
    problems.push({ place: point.at('only'), message: `${spec.fact} has no ${key}`, hint })
  const row = rowOf(spec.fact)
  if (row !== undefined && !sources.includes(row) && !isSingle(spec, row)) {
    const message = `${spec.fact} has many rows, and nothing tells them apart`
    problems.push({ place: point.at('fact'), message, hint: `a label from ${row}, or only: { ${row}: [one] }` })
  }
  if (kind === 'word' && metric.kind !== 'state' && conversion.pattern === undefined)
    problems.push({ place: point.at('metric'), message: `${spec.fact} is a word, and ${metric.name} is no state` })
  return problems
}

function rowOf(fact: Fact): RowKey | undefined {
  const told = facts[fact]
  return 'row' in told ? told.row : undefined
}

function isSingle(spec: HostPoint, row: RowKey): boolean {
  return gatesOf(spec).some(({ key, texts, isWanted }) => key === row && isWanted && texts.size === 1)
}
