import type { Raw } from '../../src/model/conversion.ts'
import type { Harvest } from '../../src/model/harvest.ts'
import { labelValue } from '../../src/model/labels.ts'
import type { Series, SeriesScope } from '../../src/model/series.ts'
import type { PlannedLabel, PlannedPoint } from './compile.ts'
import type { Gate, LabelSource, SnmpSpec } from './schema.ts'
import { type Charset, rawOf, reinterpret } from './value.ts'
import type { Column } from './walk.ts'

/** Variables as they came, by column and row index; scalars lie in columns of their own OID under the empty index. */
export interface Variables {
  readonly columns: ReadonlyMap<string, Column>
  readonly charset: Charset
  /** Texts of label columns, decoded once a poll however many points are labelled by them. */
  readonly texts: Map<string, Map<string, string>>
}

const wordSize = 2 ** 32

/** The readings of scalar points. */
export function decodeScalar(planned: PlannedPoint, found: Variables, series: SeriesScope, harvest: Harvest): void {
  const at = firstOf(planned.from, '', found)
  if (at < 0) return
  const own = keep(planned, '', [], series, () =>
    Object.fromEntries(planned.labels.map(({ name, source }) => [name, String(source)])),
  )
  tell(planned, at, '', own, found, harvest)
}

/** The readings of a point that is read from a table: one a row for which its gates hold. */
export function decodeRows(planned: PlannedPoint, found: Variables, series: SeriesScope, harvest: Harvest): void {
  const indexes = new Set(planned.from.flatMap((oid) => [...(found.columns.get(oid)?.keys() ?? [])]))
  if (planned.point.spec.rows !== undefined) {
    decodeCount(planned, [...indexes].filter((index) => isWanted(planned.gates, index, found)).length, series, harvest)
    return
  }
  const seen = new Set<string>()
  for (const index of indexes) {
    if (!isWanted(planned.gates, index, found)) continue
    const at = firstOf(planned.from, index, found)
    if (at < 0) continue
    const texts = textsOf(planned, index, found, seen)
    const own = keep(planned, index, texts, series, () =>
      Object.fromEntries(planned.labels.map(({ name }, i) => [name, texts[i] ?? ''])),
    )
    tell(planned, at, index, own, found, harvest)
  }
}

function decodeCount(planned: PlannedPoint, count: number, series: SeriesScope, harvest: Harvest): void {
  const own = keep(planned, '', [], series, () =>
    Object.fromEntries(planned.labels.map(({ name, source }) => [name, String(source)])),
  )
  harvest.value(planned.point, own, count)
}

function tell(
  { point, from, scales, divisors }: PlannedPoint,
  at: number,
  index: string,
  series: Series | undefined,
  found: Variables,
  harvest: Harvest,
): void {
  const varbind = found.columns.get(from[at] ?? '')?.get(index)
  if (varbind === undefined) return
  const raw = reinterpret(rawOf(varbind, found.charset), point.spec.as)
  const factor = (scales[at] ?? 1) * factorOf(point.spec, divisors, index, found)
  harvest.value(point, series, withHighWord(raw, point.spec.high_word, index, found), factor)
}

/** Which of several OIDs is the first that has this row; -1 when none has. */
function firstOf(oids: readonly string[], index: string, { columns }: Variables): number {
  return oids.findIndex((oid) => columns.get(oid)?.has(index) === true)
}

/** A row's series is made once, and anew only when the device has changed a text that its labels are made of. */
function keep(
  { kept, point }: PlannedPoint,
  index: string,
  texts: readonly string[],
  scope: SeriesScope,
  labels: () => Record<string, string>,
): Series | undefined {
  const known = kept.get(index)
  if (known?.series !== undefined && sameTexts(known.texts, texts)) return known.series
  const series = scope.series(point.metric, labels())
  kept.set(index, { texts, series })
  return series
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

/** The label texts of a row; where another row of the point has the very same, the index tells them apart. */
function textsOf(
  { labels, point }: PlannedPoint,
  index: string,
  found: Variables,
  seen: Set<string>,
): readonly string[] {
  // What tells rows apart is never empty; what only describes them may be.
  const otherwise = point.metric.kind === 'info' ? '' : index
  const texts = labels.map((label) => labelOf(label, index, otherwise, found))
  const key = texts.join('\u0000')
  if (!seen.has(key)) {
    seen.add(key)
    return texts
  }
  const at = Math.max(
    0,
    labels.findIndex(({ source }) => typeof source !== 'string' && 'column' in source),
  )
  return texts.map((text, i) => (i === at ? `${text}#${index}` : text))
}

function labelOf({ source, pattern }: PlannedLabel, index: string, otherwise: string, found: Variables): string {
  if (typeof source === 'string') return source === 'index' ? index : source
  const text = 'column' in source ? columnText(source, index, otherwise, found) : partOf(index, source.index)
  const kept = pattern?.first(text) ?? text
  return source.names?.[kept] ?? kept
}

type ColumnSource = Extract<LabelSource, { column: unknown }>

function columnText({ column, by }: ColumnSource, index: string, otherwise: string, found: Variables): string {
  const row = by === undefined ? index : textAt(by, index, found)
  for (const oid of typeof column === 'string' ? [column] : column) {
    const text = textAt(oid, row, found)
    if (text !== '') return text
  }
  return otherwise
}

function textAt(oid: string, index: string, { columns, charset, texts }: Variables): string {
  const known = texts.get(oid) ?? new Map<string, string>()
  const kept = known.get(index)
  if (kept !== undefined) return kept
  const varbind = columns.get(oid)?.get(index)
  const raw = varbind === undefined ? null : rawOf(varbind, charset)
  const text = raw === null ? '' : labelValue(String(raw))
  texts.set(oid, known)
  known.set(index, text)
  return text
}

/** Numbers of an index, counted from 1. */
function partOf(index: string, place: number | readonly number[]): string {
  const arcs = index.split('.')
  const [from = 1, to = from] = typeof place === 'number' ? [place] : place
  return arcs.slice(from - 1, to).join('.')
}

function isWanted(gates: readonly Gate[], index: string, found: Variables): boolean {
  return gates.every(({ column, index: place = 1, is, not }) => {
    const text = column === undefined ? partOf(index, place) : textAt(column, index, found)
    return (is === undefined || holds(is, text)) && (not === undefined || !holds(not, text))
  })
}

function holds(list: readonly (string | number)[], text: string): boolean {
  return list.some((one) => String(one) === text)
}

/** The scale that the device itself tells; NaN, so no value, where it does not tell it. */
function factorOf(spec: SnmpSpec, divisors: readonly string[], index: string, found: Variables): number {
  let factor = 1
  const number = (oid: string): number => numberAt(oid, index, found)
  if (spec.multiply_by !== undefined) factor *= number(spec.multiply_by)
  if (divisors.length > 0) factor /= divisors.reduce((sum, oid) => sum + number(oid), 0)
  if (spec.digits !== undefined) factor *= 10 ** -number(spec.digits)
  // EntitySensorDataScale: each step is a thousand, 9 is units (RFC 3433).
  if (spec.si_prefix !== undefined) factor *= 10 ** (3 * (number(spec.si_prefix) - 9))
  return factor
}

function numberAt(oid: string, index: string, { columns, charset }: Variables): number {
  const varbind = columns.get(oid)?.get(index)
  const raw = varbind === undefined ? null : rawOf(varbind, charset)
  return raw === null || raw === '' ? Number.NaN : Number(raw)
}

function withHighWord(raw: Raw, high: string | undefined, index: string, found: Variables): Raw {
  if (high === undefined || typeof raw !== 'number') return raw
  return numberAt(high, index, found) * wordSize + (raw >>> 0)
}
