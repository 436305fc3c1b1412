import type { Harvest } from '../../src/model/harvest.ts'
import { type Labels, labelValue, markedValue } from '../../src/model/labels.ts'
import type { Metric } from '../../src/model/metric.ts'
import type { Series, SeriesScope } from '../../src/model/series.ts'
import type { Grid } from './grid.ts'
import type { KeptRow, KeptScalars } from './kept.ts'
import type { Factors, Group, Part, PlannedGate, PlannedLabel, PlannedPoint } from './layout.ts'
import type { SnmpSpec } from './schema.ts'
import { type Charset, rawOf, reinterpret } from './value.ts'

const wordSize = 2 ** 32
const noMetrics: readonly Metric[] = []

/** What came, as those read it who decode: texts of label columns are decoded once a poll. */
export class Found {
  readonly grid: Grid
  readonly charset: Charset
  readonly #texts: (string | undefined)[][] = []
  /** Made when a label is looked up by another row's index. */
  #rows: ReadonlyMap<string, number> | undefined

  constructor(grid: Grid, charset: Charset) {
    this.grid = grid
    this.charset = charset
  }

  /** A variable's text as a label has it; empty where there is none. */
  text(column: number, row: number): string {
    const texts = this.#texts[column] ?? []
    this.#texts[column] = texts
    const known = texts[row]
    if (known !== undefined) return known
    const value = this.grid.value(column, row)
    const raw = value === undefined ? null : rawOf(value, this.charset)
    const text = raw === null ? '' : labelValue(String(raw))
    texts[row] = text
    return text
  }

  number(column: number, row: number, as?: SnmpSpec['as']): number {
    const value = this.grid.value(column, row)
    const raw = value === undefined ? null : reinterpret(rawOf(value, this.charset), as)
    return raw === null || raw === '' ? Number.NaN : Number(raw)
  }

  /** The index of a row in dotted text. */
  index(row: number): string {
    return String(this.grid.keys[row] ?? '')
  }

  /** The row with this index in text. */
  rowOf(index: string): number | undefined {
    this.#rows ??= new Map(this.grid.keys.map((key, row) => [String(key), row]))
    return this.#rows.get(index)
  }
}

/** What came, and where the readings of it go. */
export interface Decoding {
  readonly found: Found
  readonly scope: SeriesScope
  readonly harvest: Harvest
}

/** The reading of a scalar point. */
export function decodeScalar(planned: PlannedPoint, kept: KeptScalars, { found, scope, harvest }: Decoding): void {
  const from = first(planned, found.grid, 0)
  if (from >= 0) tell(planned, from, 0, keepScalar(planned, kept, scope), found, harvest)
}

/** How many rows there are for which a point's gates hold. */
export function decodeCount(planned: PlannedPoint, kept: KeptScalars, { found, scope, harvest }: Decoding): void {
  let count = 0
  for (let row = 0; row < found.grid.keys.length; row++) if (isThere(planned, row, found)) count++
  harvest.value(planned.point, keepScalar(planned, kept, scope), count)
}

function keepScalar(planned: PlannedPoint, kept: KeptScalars, scope: SeriesScope): Series | undefined {
  const known = kept.get(planned)
  if (known !== undefined) return known
  const { metric, spec } = planned.point
  const labels = Object.entries(spec.labels ?? {}).map(([name, text]) => [name, String(text)])
  const series = scope.series(metric, Object.fromEntries(labels))
  if (series !== undefined) kept.set(planned, series)
  return series
}

/** The readings of points whose rows are labelled alike: one a row for which a point's gates hold. */
export function decodeGroup(group: Group, kept: (KeptRow | undefined)[], { found, scope, harvest }: Decoding): void {
  const twins = keepRows(group, found, kept, scope)
  for (const [place, planned] of group.points.entries()) {
    const taken = new Set<string>()
    for (let row = 0; row < found.grid.keys.length; row++) {
      const from = first(planned, found.grid, row)
      if (from < 0 || !isWanted(planned.gates, row, found)) continue
      const own = kept[row]
      if (own === undefined) continue
      const texts = twins.get(row)
      const series =
        texts === undefined
          ? seriesOf(own, place, planned, scope)
          : twinOf(own, place, group, taken.has(texts), found.grid.keys[row], scope)
      if (texts !== undefined) taken.add(texts)
      tell(planned, from, row, series, found, harvest)
    }
  }
}

/** Rows that have the same texts as another, and which texts these are. */
type Twins = ReadonlyMap<number, string>

/** Makes what is kept of the rows agree with the texts that came. */
function keepRows(group: Group, found: Found, kept: (KeptRow | undefined)[], scope: SeriesScope): Twins {
  const seen = new Map<string, number>()
  const twins = new Map<number, string>()
  for (let row = 0; row < found.grid.keys.length; row++) {
    if (!group.points.some((planned) => first(planned, found.grid, row) >= 0)) continue
    const texts = group.labels.map((label) => labelOf(label, row, group.mayBeEmpty, found))
    const key = texts.length === 1 ? (texts[0] ?? '') : texts.join('\u0000')
    const same = seen.get(key)
    if (same === undefined) seen.set(key, row)
    else twins.set(same, key).set(row, key)
    const known = kept[row]
    if (known === undefined || !hasTexts(known, group.names, texts))
      kept[row] = newRow(group, row, texts, same !== undefined, found, scope)
  }
  return twins
}

function hasTexts({ labels }: KeptRow, names: readonly string[], texts: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (labels[names[i] ?? ''] !== texts[i]) return false
  return true
}

function newRow(
  group: Group,
  row: number,
  texts: readonly string[],
  isTwin: boolean,
  found: Found,
  scope: SeriesScope,
): KeptRow | undefined {
  const present = group.points.filter((planned) => isThere(planned, row, found))
  if (present.length === 0) return undefined
  const labels = labelsOf(group, texts)
  const metrics = [...new Set(present.map(({ point }) => point.metric))]
  const made = isTwin ? undefined : scope.row(metrics, labels)
  return {
    labels: made?.labels ?? labels,
    row: made,
    places: placesIn(group, made?.metrics ?? noMetrics),
    others: undefined,
  }
}

function labelsOf({ names }: Group, texts: readonly string[]): Labels {
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? '']))
}

function placesIn({ places, points }: Group, metrics: readonly Metric[]): readonly number[] {
  const known = places.get(metrics)
  if (known !== undefined) return known
  const made = points.map(({ point }) => metrics.indexOf(point.metric))
  places.set(metrics, made)
  return made
}

function seriesOf(kept: KeptRow, place: number, planned: PlannedPoint, scope: SeriesScope): Series | undefined {
  const at = kept.places[place] ?? -1
  if (at >= 0) return kept.row?.series(at)
  return otherOf(kept, String(place), () => scope.series(planned.point.metric, kept.labels))
}

/** The series of a row with the texts of another: where the point is in both, the index tells them apart. */
function twinOf(
  kept: KeptRow,
  place: number,
  group: Group,
  isMarked: boolean,
  index: string | number | undefined,
  scope: SeriesScope,
): Series | undefined {
  const metric = group.points[place]?.point.metric
  if (metric === undefined) return undefined
  return otherOf(kept, `${place}${isMarked ? '#' : ''}`, () => {
    const name = group.names[group.marked]
    const marked = name !== undefined && isMarked ? { [name]: markedValue(kept.labels[name] ?? '', `#${index}`) } : {}
    return scope.series(metric, { ...kept.labels, ...marked })
  })
}

function otherOf(kept: KeptRow, key: string, make: () => Series | undefined): Series | undefined {
  const known = kept.others?.get(key)
  if (known !== undefined) return known
  const series = make()
  if (series === undefined) return undefined
  kept.others ??= new Map()
  kept.others.set(key, series)
  return series
}

function tell(
  planned: PlannedPoint,
  from: number,
  row: number,
  series: Series | undefined,
  found: Found,
  harvest: Harvest,
): void {
  const { point, factors, highWord, scales } = planned
  const value = found.grid.value(planned.from[from] ?? -1, row) ?? null
  const raw = reinterpret(rawOf(value, found.charset), point.spec.as)
  const whole =
    highWord === undefined || typeof raw !== 'number' ? raw : found.number(highWord, row) * wordSize + (raw >>> 0)
  const scale = scales[from] ?? 1
  harvest.value(
    point,
    series,
    whole,
    factors === undefined ? scale : scale * factorOf(factors, point.spec.as, row, found),
  )
}

/** Which of several columns is the first that has this row; -1 when none has. */
function first({ from }: PlannedPoint, grid: Grid, row: number): number {
  for (let i = 0; i < from.length; i++) if (grid.value(from[i] ?? -1, row) !== undefined) return i
  return -1
}

function isThere(planned: PlannedPoint, row: number, found: Found): boolean {
  return first(planned, found.grid, row) >= 0 && isWanted(planned.gates, row, found)
}

function isWanted(gates: readonly PlannedGate[], row: number, found: Found): boolean {
  for (const { column, by, index, pattern, is, not } of gates) {
    const text =
      column === undefined ? partOf(found.index(row), index, index) : textIn(found, column, rowBy(by, row, found))
    if (pattern !== undefined && pattern.first(text) === undefined) return false
    if ((is !== undefined && !is.has(text)) || not?.has(text) === true) return false
  }
  return true
}

function labelOf(label: PlannedLabel, row: number, mayBeEmpty: boolean, found: Found): string {
  if (label.kind === 'text') return label.text
  if (label.kind === 'index') {
    const part = partOf(found.index(row), label.from, label.to)
    return label.names?.[part] ?? part
  }
  const text = columnText(label, row, mayBeEmpty ? '' : found.index(row), found)
  const kept = label.pattern?.first(text) ?? text
  return label.names?.[kept] ?? kept
}

type ColumnLabel = Extract<PlannedLabel, { kind: 'column' }>

function columnText({ columns, by }: ColumnLabel, row: number, otherwise: string, found: Found): string {
  const at = rowBy(by, row, found)
  for (const column of columns) {
    const text = textIn(found, column, at)
    if (text !== '') return text
  }
  return otherwise
}

/** The row of another table that a row belongs to; itself where nothing says another. */
function rowBy(by: number | Part | undefined, row: number, found: Found): number | undefined {
  if (by === undefined) return row
  return found.rowOf(typeof by === 'number' ? found.text(by, row) : partOf(found.index(row), by.from, by.to))
}

function textIn(found: Found, column: number, row: number | undefined): string {
  return row === undefined ? '' : found.text(column, row)
}

/** Numbers of an index, counted from 1. */
function partOf(index: string, from: number, to: number): string {
  if (from === 1 && to === Number.POSITIVE_INFINITY) return index
  return index
    .split('.')
    .slice(from - 1, to)
    .join('.')
}

/** The scale that the device itself tells; NaN, so no value, where it does not tell it. */
function factorOf(
  { multiply, divisors, digits, siPrefix }: Factors,
  as: SnmpSpec['as'],
  row: number,
  found: Found,
): number {
  let factor = 1
  if (multiply !== undefined) factor *= found.number(multiply, row)
  if (divisors.length > 0) factor /= divisors.reduce((sum, column) => sum + found.number(column, row, as), 0)
  if (digits !== undefined) factor *= 10 ** -found.number(digits, row)
  // EntitySensorDataScale: each step is a thousand, 9 is units (RFC 3433).
  if (siPrefix !== undefined) factor *= 10 ** (3 * (found.number(siPrefix, row) - 9))
  return factor
}
