import { parseDuration } from '../../src/model/duration.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { good, type Result } from '../../src/model/result.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import { formatAddress, parseAddress } from '../address.ts'
import type { Order, PlanFace } from '../collector.ts'
import { type KeptScalars, type KeptTable, newKeptTable } from './kept.ts'
import { gatesOf, type Layout, layoutOf, oidsOf, patternsOf } from './layout.ts'
import { isOid } from './oid.ts'
import type { SnmpCredential, SnmpSpec, schemas } from './schema.ts'
import { type Agent, versionOf } from './transport.ts'
import type { Charset } from './value.ts'
import type { Tuning } from './walk.ts'

/** RFC 3411 section 3: snmpEngine listens on UDP port 161. */
const defaultPort = 161
const defaultTimeout = 2000
const defaultRetries = 2
/** More do not fit one Ethernet frame, which real agents do not exceed: no variable takes fewer than 14 bytes. */
const defaultVarbinds = 100
/** RFC 3414 section 11.2: passwords are at least 8 characters long. */
const shortestSecret = 8

/** A probe compiled for an agent. */
export interface SnmpPlan extends PlanFace {
  readonly agent: Agent
  readonly isV1: boolean
  readonly charset: Charset
  readonly layout: Layout
  /** What is kept of each table from poll to poll. */
  readonly tables: readonly KeptTable[]
  readonly scalars: KeptScalars
  readonly tuning: Tuning
  readonly series: SeriesScope
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
  const layout = layoutOf(order.points)
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
    layout,
    tables: layout.tables.map(newKeptTable),
    scalars: new Map(),
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
  for (const [key, written] of patternsOf(spec)) {
    const pattern = compilePattern(written)
    if (typeof pattern === 'string') problems.push({ place: point.at(key), message: pattern })
  }
  if (gatesOf(spec).some(({ column, index }) => (column === undefined) === (index === undefined)))
    problems.push({ place: point.at('only'), message: 'only: has a column, or an index' })
  for (const oid of oidsOf(spec)) {
    if (!isOid(oid)) problems.push({ place: point.place, message: `${oid} has a number greater than 4294967295` })
  }
  return problems
}
