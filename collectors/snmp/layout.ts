import type { Pattern } from '../../src/model/conversion.ts'
import type { Metric } from '../../src/model/metric.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import type { Point } from '../../src/model/probe.ts'
import { oidBytes } from './ber.ts'
import type { Alternatives, Gate, LabelSource, SnmpSpec } from './schema.ts'
import type { WalkedColumn } from './walk.ts'

/** Numbers of an index, counted from 1. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** A condition on the row; `is` and `not` as text. */
export interface PlannedGate {
  /** A column of the row, or else a number of its index, counted from 1. */
  readonly column: number | undefined
  /** What of this row's index is the index into the column; the whole where undefined. */
  readonly by: Part | undefined
  readonly index: number
  /** What the text is like. */
  readonly pattern: Pattern | undefined
  readonly is: ReadonlySet<string> | undefined
  readonly not: ReadonlySet<string> | undefined
}

/** Scales that the device itself tells, by column. */
export interface Factors {
  readonly multiply: number | undefined
  readonly divisors: readonly number[]
  readonly digits: number | undefined
  readonly siPrefix: number | undefined
}

/** One point, ready to decode: whatever it speaks of by its column's place. */
export interface PlannedPoint {
  readonly point: Point<SnmpSpec>
  /** The scalar, or the column: the first that has a value counts. */
  readonly from: readonly number[]
  /** What the value of each of them is multiplied by. */
  readonly scales: readonly number[]
  readonly gates: readonly PlannedGate[]
  /** Absent where the value is taken as it is. */
  readonly factors: Factors | undefined
  readonly highWord: number | undefined
}

/** Where a label's text comes from. */
export type PlannedLabel =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'index'; readonly names: Names } & Part)
  | {
      readonly kind: 'column'
      readonly names: Names
      readonly columns: readonly number[]
      /** The column whose value, or the part of this row's index that, is the index into `columns`. */
      readonly by: number | Part | undefined
      /** What of the text is kept, where only a part of it names the row. */
      readonly pattern: Pattern | undefined
    }

type Names = Readonly<Record<string, string>> | undefined

/** Points of a table whose rows are labelled alike. */
export interface Group {
  readonly names: readonly string[]
  readonly labels: readonly PlannedLabel[]
  /** Whether a label may be empty: what tells rows apart is not, what only describes them may be. */
  readonly mayBeEmpty: boolean
  /** Which label tells rows of the same texts apart by their index. */
  readonly marked: number
  readonly points: readonly PlannedPoint[]
  /** Where in a row of these metrics each point's series stands, -1 for none; filled as such rows come. */
  readonly places: Map<readonly Metric[], readonly number[]>
}

/** Columns that are walked together, and what is read from them. */
export interface Table {
  readonly columns: readonly WalkedColumn[]
  readonly groups: readonly Group[]
  /** Points that count rows. */
  readonly counts: readonly PlannedPoint[]
}

/** What a probe asks for and how it is read: the same for all devices that use it. */
export interface Layout {
  readonly scalars: readonly WalkedColumn[]
  readonly scalarPoints: readonly PlannedPoint[]
  readonly tables: readonly Table[]
}

const made = new WeakMap<readonly Point<SnmpSpec>[], Layout>()

/** The layout of a probe's points, made once for all devices that share them. */
export function layoutOf(points: readonly Point<SnmpSpec>[]): Layout {
  const known = made.get(points)
  if (known !== undefined) return known
  const scalarPoints = points.filter(({ spec }) => spec.oid !== undefined)
  const scalars = unique(scalarPoints.flatMap(({ spec }) => oidsOf(spec)))
  const layout = {
    scalars: scalars.map(columnOf),
    scalarPoints: scalarPoints.map((point) => planPoint(point, placesOf(scalars))),
    tables: tablesOf(points.filter(({ spec }) => spec.oid === undefined)),
  }
  made.set(points, layout)
  return layout
}

/** Every OID that a point speaks of. */
export function oidsOf(spec: SnmpSpec): readonly string[] {
  const { multiply_by, divide_by, digits, si_prefix, high_word } = spec
  return unique([
    ...readFrom(spec),
    ...Object.values(spec.labels ?? {}).flatMap((source) =>
      typeof source === 'string' || !('column' in source)
        ? []
        : [...listOf(source.column), ...(typeof source.by === 'string' ? [source.by] : [])],
    ),
    ...gatesOf(spec).flatMap(({ column }) => listOf(column)),
    ...[multiply_by, divide_by, digits, si_prefix, high_word].flatMap(listOf),
  ])
}

/** The OIDs of a point's scalar, column or rows: the first that has a value counts. */
export function readFrom(spec: SnmpSpec): readonly string[] {
  return alternativesOf(spec).map((one) => (typeof one === 'string' ? one : one.oid))
}

/** Points that share a column are read from one walk; what stands in different tables is walked apart. */
function tablesOf(points: readonly Point<SnmpSpec>[]): readonly Table[] {
  const tables: { columns: Set<string>; points: Point<SnmpSpec>[] }[] = []
  for (const point of points) {
    const columns = oidsOf(point.spec)
    const shared = tables.filter((table) => columns.some((column) => table.columns.has(column)))
    const [first, ...others] = shared
    const table = first ?? { columns: new Set<string>(), points: [] }
    if (first === undefined) tables.push(table)
    for (const other of others) {
      for (const column of other.columns) table.columns.add(column)
      table.points.push(...other.points)
      tables.splice(tables.indexOf(other), 1)
    }
    for (const column of columns) table.columns.add(column)
    table.points.push(point)
  }
  return tables.map((table) => tableOf([...table.columns], table.points))
}

function tableOf(columns: readonly string[], points: readonly Point<SnmpSpec>[]): Table {
  const places = placesOf(columns)
  const byLabels = new Map<string, Point<SnmpSpec>[]>()
  for (const point of points.filter(({ spec }) => spec.rows === undefined)) {
    const key = JSON.stringify([Object.entries(point.spec.labels ?? {}), point.metric.kind === 'info'])
    const group = byLabels.get(key)
    if (group === undefined) byLabels.set(key, [point])
    else group.push(point)
  }
  return {
    columns: columns.map(columnOf),
    groups: [...byLabels.values()].map((group) => groupOf(group, places)),
    counts: points.filter(({ spec }) => spec.rows !== undefined).map((point) => planPoint(point, places)),
  }
}

type Places = (oid: string) => number

function groupOf(points: readonly Point<SnmpSpec>[], places: Places): Group {
  const entries = Object.entries(points[0]?.spec.labels ?? {})
  const labels = entries.map(([, source]) => planLabel(source, places))
  return {
    names: entries.map(([name]) => name),
    labels,
    mayBeEmpty: points[0]?.metric.kind === 'info',
    marked: Math.max(
      0,
      labels.findIndex(({ kind }) => kind === 'column'),
    ),
    points: points.map((point) => planPoint(point, places)),
    places: new Map(),
  }
}

function planLabel(source: LabelSource, places: Places): PlannedLabel {
  if (source === 'index') return { kind: 'index', names: undefined, from: 1, to: Number.POSITIVE_INFINITY }
  if (typeof source === 'string') return { kind: 'text', text: source }
  const { names } = source
  if ('column' in source) {
    const by = typeof source.by === 'string' ? places(source.by) : source.by && partOf(source.by)
    const pattern = compiled(source.pattern)
    return { kind: 'column', names, columns: listOf(source.column).map(places), by, pattern }
  }
  return { kind: 'index', names, ...partOf(source) }
}

function partOf({ index }: { readonly index: number | readonly number[] }): Part {
  const [from = 1, to = from] = typeof index === 'number' ? [index] : index
  return { from, to }
}

function planPoint(point: Point<SnmpSpec>, places: Places): PlannedPoint {
  const { multiply_by, divide_by, digits, si_prefix, high_word } = point.spec
  const place = (one: string | undefined): number | undefined => (one === undefined ? undefined : places(one))
  const isScaled = [multiply_by, divide_by, digits, si_prefix].some((one) => one !== undefined)
  return {
    point,
    from: readFrom(point.spec).map(places),
    scales: alternativesOf(point.spec).map((one) => (typeof one === 'string' ? 1 : one.scale)),
    gates: gatesOf(point.spec).map(({ column, by, index = 1, is, not, matches }) => ({
      column: place(column),
      by: by && partOf(by),
      index,
      pattern: compiled(matches && `(${matches})`), // one group around all, whatever groups are in it
      is: is && new Set(is.map(String)),
      not: not && new Set(not.map(String)),
    })),
    factors: isScaled
      ? {
          multiply: place(multiply_by),
          divisors: listOf(divide_by).map(places),
          digits: place(digits),
          siPrefix: place(si_prefix),
        }
      : undefined,
    highWord: place(high_word),
  }
}

/** The regular expressions of a point, as written, with the key that each stands under. */
export function patternsOf(spec: SnmpSpec): readonly (readonly [key: string, written: string])[] {
  const labels = Object.values(spec.labels ?? {}).map((source) => {
    return ['labels', typeof source !== 'string' && 'column' in source ? source.pattern : undefined] as const
  })
  const gates = gatesOf(spec).map(({ matches }) => ['only', matches] as const)
  return [...labels, ...gates].flatMap(([key, written]) => (written === undefined ? [] : [[key, written] as const]))
}

function compiled(written: string | undefined): Pattern | undefined {
  const pattern = written === undefined ? undefined : compilePattern(written)
  return typeof pattern === 'string' ? undefined : pattern
}

function alternativesOf({ oid, column, rows }: SnmpSpec): Exclude<Alternatives, string> {
  const written = oid ?? column ?? rows
  return written === undefined ? [] : typeof written === 'string' ? [written] : written
}

export function gatesOf({ only }: SnmpSpec): readonly Gate[] {
  return only === undefined ? [] : Array.isArray(only) ? only : [only]
}

function placesOf(oids: readonly string[]): Places {
  const places = new Map(oids.map((oid, place) => [oid, place]))
  // Every OID that a point speaks of is among its table's.
  return (oid) => places.get(oid) ?? -1
}

function columnOf(oid: string): WalkedColumn {
  return { oid, bytes: oidBytes(oid) }
}

function listOf(oids: string | readonly string[] | undefined): readonly string[] {
  return oids === undefined ? [] : typeof oids === 'string' ? [oids] : oids
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)]
}
