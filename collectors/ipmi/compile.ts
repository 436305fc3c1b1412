import { compilePattern, type LinePattern } from '../../src/model/pattern.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { Secret } from '../../src/model/secret.ts'
import type { SeriesScope } from '../../src/model/series.ts'
import { parseAddress } from '../address.ts'
import type { Order, PlanFace } from '../collector.ts'
import type { Target, Tool, Topic } from './commands.ts'
import type { IpmiPoint, RowKey, SensorValue, schemas } from './schema.ts'

/** Where a label's value comes from. */
export type LabelSource =
  | { readonly kind: 'row'; readonly key: RowKey }
  | { readonly kind: 'text'; readonly text: string }

/** A point that reads sensors, with its selection ready to use. */
export interface SensorPoint {
  readonly point: Point
  readonly types: ReadonlySet<string> | undefined
  /** In the order of the probe: the first that any sensor matches is taken. */
  readonly names: readonly LinePattern[]
  readonly unit: string | undefined
  readonly value: SensorValue | LinePattern
  readonly labels: readonly (readonly [name: string, source: LabelSource])[]
}

/** A point that reads one value of the whole machine. */
export interface StatusPoint<Key> {
  readonly point: Point
  readonly key: Key
  readonly labels: Readonly<Record<string, string>>
}

export interface Plan extends PlanFace {
  readonly target: Target
  readonly password: Secret | undefined
  /** Undefined: FreeIPMI where it is installed, else ipmitool. */
  readonly tool: Tool | undefined
  /** How long a tool waits for a silent BMC: less than the poll's deadline, so that it can say what it waited for. */
  readonly patience: number
  readonly series: SeriesScope
  readonly sensors: readonly SensorPoint[]
  readonly chassis: readonly StatusPoint<NonNullable<IpmiPoint['chassis']>>[]
  readonly dcmi: readonly StatusPoint<NonNullable<IpmiPoint['dcmi']>>[]
  readonly sel: readonly StatusPoint<NonNullable<IpmiPoint['sel']>>[]
  readonly fru: readonly StatusPoint<NonNullable<IpmiPoint['fru']>>[]
}

type IpmiOrder = Order<typeof schemas>
type SpecPoint = Point<IpmiPoint>

const defaultPort = 623

/** Older BMCs know suite 3 only, and nearly all newer ones still do. */
const defaultCipherSuite = 3

/** FreeIPMI's own default; slower BMCs than that are not waited for. */
const longestPatience = 20_000

/** Probe and device to a plan: what to ask the BMC for, and which sensors are which points. */
export function compile(order: IpmiOrder): Result<Plan> {
  const problems: Problem[] = []
  const target = targetOf(order, problems)
  const sensors: SensorPoint[] = []
  for (const point of order.points) {
    problems.push(...checkPoint(point))
    if (point.spec.sensor !== undefined) sensors.push(sensorPoint(point, problems))
  }
  if (target === undefined || problems.length > 0) return bad(...problems)
  return good({
    ...faceOf(target, order),
    target,
    password: order.credential?.password,
    tool: order.options.tool,
    patience: Math.min(order.timeout * 0.6, longestPatience),
    series: order.series,
    sensors,
    chassis: statusPoints(order.points, (spec) => spec.chassis),
    dcmi: statusPoints(order.points, (spec) => spec.dcmi),
    sel: statusPoints(order.points, (spec) => spec.sel),
    fru: statusPoints(order.points, (spec) => spec.fru),
  })
}

/** Everything that a plan asks for, in the order of asking. */
export function asksOf(plan: Plan): readonly Topic[] {
  const asks = ['sensors', 'chassis', 'dcmi', 'sel', 'fru'] as const
  return asks.filter((ask) => plan[ask].length > 0)
}

function faceOf({ host, port, user, ...rest }: Target, { options }: IpmiOrder): PlanFace {
  const endpoint = host === undefined ? 'ipmi local' : `ipmi ${host}:${port}`
  const manner = [options.tool ?? 'any', rest.privilege, rest.cipherSuite, ...rest.workarounds].join(',')
  // One process at a time: four at once made each a hundred times slower on the simulated BMC, and sessions are few.
  return { endpoint, session: `${endpoint} ${user} ${manner}`, parallel: 1, cost: 0 }
}

function targetOf(order: IpmiOrder, problems: Problem[]): Target | undefined {
  const { device, options, credential, place } = order
  const { workarounds = [] } = options
  if (options.tool === 'ipmitool' && workarounds.length > 0)
    problems.push({ place: device.at('ipmi'), message: "workarounds: are FreeIPMI's; ipmitool has none of them" })
  const manner = {
    privilege: options.privilege ?? 'user',
    cipherSuite: options.cipher_suite ?? defaultCipherSuite,
    workarounds,
  } as const
  if (device.address === 'local') return { host: undefined, port: 0, user: '', ...manner }
  const address = parseAddress(device.address)
  if (address === undefined) {
    problems.push({ place, message: `"${device.address}" is no address`, hint: 'a host, host:port, or local' })
    return undefined
  }
  if (address.port !== undefined && options.port !== undefined && address.port !== options.port)
    problems.push({ place, message: `port ${address.port} here, but port: ${options.port} under ipmi:` })
  if (credential === undefined) {
    const hint = 'a credential with ipmi: { user: .., password: .. }'
    problems.push({ place: device.at('credentials'), message: `${device.name} needs an ipmi credential`, hint })
    return undefined
  }
  return { host: address.host, port: address.port ?? options.port ?? defaultPort, user: credential.user, ...manner }
}

const kinds = ['sensor', 'chassis', 'dcmi', 'sel', 'fru'] as const

function checkPoint(point: SpecPoint): readonly Problem[] {
  const { spec, metric, conversion, place } = point
  const present = kinds.filter((kind) => spec[kind] !== undefined)
  if (present.length !== 1) {
    const found = present.length === 0 ? 'none' : present.join(', ')
    return [{ place, message: `a point of ipmi has one of sensor:, chassis:, dcmi:, sel:, fru:; here is ${found}` }]
  }
  const problems: Problem[] = []
  const report = (key: string, message: string, hint?: string): void => {
    problems.push({ place: point.at(key), message, ...(hint === undefined ? {} : { hint }) })
  }
  if (spec.sensor === undefined) {
    for (const key of ['value', 'event'] as const)
      if (spec[key] !== undefined) report(key, `${key}: belongs to sensor:`)
    if (Object.values(spec.labels ?? {}).some((source) => typeof source === 'string'))
      report('labels', 'only a sensor has a name, type and id', 'label: { text: .. }')
  }
  if (spec.value !== undefined && spec.event !== undefined) report('event', 'event: and value: exclude each other')
  if (spec.fru !== undefined && metric.kind !== 'info')
    report('metric', `${metric.name} is no info metric, and an inventory is names`, 'device_info')
  const isText = spec.value === 'state' || spec.value === 'events' || spec.chassis !== undefined
  if (isText && metric.kind !== 'state' && conversion.pattern === undefined)
    report(
      'metric',
      `${metric.name} is no state, and what is read here is a word`,
      'a state metric with states:, or pattern:',
    )
  return problems
}

function sensorPoint(point: SpecPoint, problems: Problem[]): SensorPoint {
  const { sensor = {}, event, value = 'reading', labels = {} } = point.spec
  const pattern = (source: string, key: string): LinePattern[] => {
    const compiled = compilePattern(source)
    if (typeof compiled !== 'string') return [compiled]
    problems.push({ place: point.at(key), message: `"${source}" is ${compiled}` })
    return []
  }
  const [eventPattern] = event === undefined ? [] : pattern(event, 'event')
  return {
    point,
    types: sensor.type === undefined ? undefined : new Set<string>(listOf(sensor.type)),
    names: listOf(sensor.name ?? []).flatMap((name) => pattern(name, 'sensor')),
    unit: sensor.unit,
    value: eventPattern ?? value,
    labels: Object.entries(labels).map(([name, source]) => [name, sourceOf(source)] as const),
  }
}

function listOf<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value
}

function sourceOf(source: RowKey | { readonly text: string }): LabelSource {
  return typeof source === 'string' ? { kind: 'row', key: source } : { kind: 'text', text: source.text }
}

function statusPoints<Key>(
  points: readonly SpecPoint[],
  keyOf: (spec: IpmiPoint) => Key | undefined,
): readonly StatusPoint<Key>[] {
  return points.flatMap((point) => {
    const key = keyOf(point.spec)
    if (key === undefined) return []
    const labels = Object.entries(point.spec.labels ?? {}).flatMap(([name, source]) =>
      typeof source === 'string' ? [] : [[name, source.text] as const],
    )
    return [{ point, key, labels: Object.fromEntries(labels) }]
  })
}
