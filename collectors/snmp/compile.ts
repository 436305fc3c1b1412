import type { Pattern } from '../../src/model/conversion.ts'
import { parseDuration } from '../../src/model/duration.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { good, type Result } from '../../src/model/result.ts'
import type { Series, SeriesScope } from '../../src/model/series.ts'
import { formatAddress, parseAddress } from '../address.ts'
import type { Order, PlanFace } from '../collector.ts'
import { isOid } from './oid.ts'
import type { Alternatives, Gate, LabelSource, SnmpCredential, SnmpSpec, schemas } from './schema.ts'
import { type Agent, versionOf } from './transport.ts'
import type { Charset } from './value.ts'
import type { Tuning } from './walk.ts'

/** RFC 3411 section 3: snmpEngine listens on UDP port 161. */
const defaultPort = 161
const defaultTimeout = 2000
const defaultRetries = 2
/** About 24 bytes a variable: 60 fit one Ethernet frame, which real agents do not exceed. */
const defaultVarbinds = 60
/** RFC 3414 section 11.2: passwords are at least 8 characters long. */
const shortestSecret = 8

/** A series that was made for a row, with the label texts that it was made of. */
export interface Kept {
  readonly texts: readonly string[]
  readonly series: Series | undefined
}

/** A label, and where its text comes from. */
export interface PlannedLabel {
  readonly name: string
  readonly source: LabelSource
  /** What of the text is kept, where only a part of it names the row. */
  readonly pattern: Pattern | undefined
}

/** One point, ready to decode. */
export interface PlannedPoint {
  readonly point: Point<SnmpSpec>
  /** OIDs of the scalar, or of the column: the first that has a value counts. */
  readonly from: readonly string[]
  /** What the value of each of them is multiplied by. */
  readonly scales: readonly number[]
  readonly labels: readonly PlannedLabel[]
  readonly gates: readonly Gate[]
  readonly divisors: readonly string[]
  /** By row index; a scalar's is under the empty index. */
  readonly kept: Map<string, Kept>
}

/** A probe compiled for an agent. */
export interface SnmpPlan extends PlanFace {
  readonly agent: Agent
  readonly isV1: boolean
  readonly charset: Charset
  readonly scalars: readonly string[]
  readonly scalarPoints: readonly PlannedPoint[]
  readonly tables: readonly Table[]
  readonly tuning: Tuning
  readonly series: SeriesScope
}

/** Columns that are walked together, and the points that are read from them. */
export interface Table {
  readonly columns: readonly string[]
  readonly points: readonly PlannedPoint[]
}

/** Probe and device to the requests to send and how to decode what comes. */
export function compile(order: Order<typeof schemas>): Result<SnmpPlan> {
  const { options, credential, device, probe, series } = order
  const problems: Problem[] = []
  const address = parseAddress(device.address)
  if (address === undefined)
    problems.push({ place: order.place, message: `"${device.address}" is no host or host:port` })
  if (credential === undefined) {
    problems.push({ place: device.at('credentials'), message: 'snmp needs a credential', hint: 'credentials: NAME' })
  } else problems.push(...checkCredential(credential, order))
  for (const point of order.points) problems.push(...checkPoint(point))
  if (address === undefined || credential === undefined || problems.length > 0) return { ok: false, problems }
  const planned = order.points.map(planPoint)
  const scalarPoints = planned.filter(({ point }) => point.spec.oid !== undefined)
  const tables = tablesOf(planned.filter(({ point }) => point.spec.oid === undefined))
  const timeout = parseDuration(options.timeout ?? '') ?? defaultTimeout
  const retries = options.retries ?? defaultRetries
  const port = address.port ?? options.port ?? defaultPort
  const endpoint = `snmp ${formatAddress(address.host, port)}`
  return good({
    endpoint,
    session: `${endpoint} ${device.name} ${probe.name}`,
    parallel: 1,
    cost: 0,
    agent: { host: address.host, port, credential, timeout, retries },
    isV1: versionOf(credential) === 1,
    charset: probe.settings.charset ?? 'utf-8',
    scalars: unique(scalarPoints.flatMap((one) => [...one.from, ...factorOids(one)])),
    scalarPoints,
    tables,
    tuning: { varbinds: options.varbinds ?? defaultVarbinds, bad: new Map() },
    series,
  })
}

function checkCredential(credential: SnmpCredential, { device }: Order<typeof schemas>): readonly Problem[] {
  const place = device.at('credentials')
  const problems: Problem[] = []
  const { community, user, auth, priv } = credential
  if (versionOf(credential) !== 3) {
    if (community === undefined) problems.push({ place, message: 'SNMP v1 and v2c need a community' })
    return problems
  }
  if (user === undefined) problems.push({ place, message: 'SNMPv3 needs a user' })
  if (priv !== undefined && auth === undefined)
    problems.push({ place, message: 'priv needs auth (RFC 3414: there is no noAuthPriv)' })
  if (priv?.protocol === 'des') {
    problems.push({ place, message: 'des is broken, and refused by OpenSSL 3', hint: 'set the device to aes' })
  }
  for (const [name, part] of [['auth', auth] as const, ['priv', priv] as const]) {
    if (part === undefined || part.secret.reveal().length >= shortestSecret) continue
    problems.push({ place, message: `the ${name} secret is shorter than ${shortestSecret} characters (RFC 3414)` })
  }
  return problems
}

function checkPoint(point: Point<SnmpSpec>): readonly Problem[] {
  const { spec } = point
  const kinds = (['oid', 'column', 'rows'] as const).filter((key) => spec[key] !== undefined)
  const problems: Problem[] = []
  if (kinds.length !== 1)
    problems.push({ place: point.place, message: 'a point has exactly one of oid, column and rows' })
  if (
    spec.oid !== undefined &&
    (spec.only !== undefined || Object.values(spec.labels ?? {}).some((one) => typeof one !== 'string'))
  ) {
    problems.push({
      place: point.at('oid'),
      message: 'a scalar has no rows: only: and labels from columns are for column:',
    })
  }
  for (const source of Object.values(spec.labels ?? {})) {
    const written = writtenPattern(source)
    const compiled = written === undefined ? undefined : compilePattern(written)
    if (typeof compiled === 'string') problems.push({ place: point.at('labels'), message: compiled })
  }
  if (gatesOf(spec).some(({ column, index }) => (column === undefined) === (index === undefined)))
    problems.push({ place: point.at('only'), message: 'only: has a column, or an index' })
  for (const oid of mentioned(spec)) {
    if (!isOid(oid)) problems.push({ place: point.place, message: `${oid} has a number greater than 4294967295` })
  }
  return problems
}

function planPoint(point: Point<SnmpSpec>): PlannedPoint {
  const { oid, column, rows, labels = {}, divide_by } = point.spec
  return {
    point,
    from: oidsOf(oid ?? column ?? rows),
    scales: scalesOf(oid ?? column ?? rows),
    labels: Object.entries(labels).map(([name, source]) => ({ name, source, pattern: patternOf(source) })),
    gates: gatesOf(point.spec),
    divisors: listOf(divide_by),
    kept: new Map(),
  }
}

function patternOf(source: LabelSource): Pattern | undefined {
  const written = writtenPattern(source)
  const compiled = written === undefined ? undefined : compilePattern(written)
  return typeof compiled === 'string' ? undefined : compiled
}

function writtenPattern(source: LabelSource): string | undefined {
  return typeof source !== 'string' && 'column' in source ? source.pattern : undefined
}

/** Points that share a column are read from one walk; what stands in different tables is walked apart. */
function tablesOf(points: readonly PlannedPoint[]): readonly Table[] {
  const tables: { columns: Set<string>; points: PlannedPoint[] }[] = []
  for (const point of points) {
    const columns = mentioned(point.point.spec)
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
  return tables.map(({ columns, points: own }) => ({ columns: [...columns], points: own }))
}

/** Every OID that a point speaks of. */
function mentioned(spec: SnmpSpec): readonly string[] {
  const fromLabels = Object.values(spec.labels ?? {}).flatMap((source) =>
    typeof source === 'string' || !('column' in source) ? [] : [...listOf(source.column), ...listOf(source.by)],
  )
  const gates = gatesOf(spec)
  return unique([
    ...oidsOf(spec.oid ?? spec.column ?? spec.rows),
    ...fromLabels,
    ...gates.flatMap(({ column }) => listOf(column)),
    ...factorsOf(spec),
  ])
}

function gatesOf({ only }: SnmpSpec): readonly Gate[] {
  return only === undefined ? [] : Array.isArray(only) ? only : [only]
}

function factorOids({ point }: PlannedPoint): readonly string[] {
  return factorsOf(point.spec)
}

function factorsOf({ multiply_by, divide_by, digits, si_prefix, high_word }: SnmpSpec): readonly string[] {
  return [multiply_by, divide_by, digits, si_prefix, high_word].flatMap(listOf)
}

function oidsOf(written: Alternatives | undefined): readonly string[] {
  return alternativesOf(written).map((one) => (typeof one === 'string' ? one : one.oid))
}

function scalesOf(written: Alternatives | undefined): readonly number[] {
  return alternativesOf(written).map((one) => (typeof one === 'string' ? 1 : one.scale))
}

function alternativesOf(written: Alternatives | undefined): Exclude<Alternatives, string> {
  return written === undefined ? [] : typeof written === 'string' ? [written] : written
}

function listOf(oids: string | readonly string[] | undefined): readonly string[] {
  return oids === undefined ? [] : typeof oids === 'string' ? [oids] : oids
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)]
}
