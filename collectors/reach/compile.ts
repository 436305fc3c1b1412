import type { Milliseconds } from '../../src/model/clock.ts'
import { compilePattern, type LinePattern } from '../../src/model/pattern.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { Series, SeriesScope } from '../../src/model/series.ts'
import { parseAddress } from '../address.ts'
import type { Order, PlanFace } from '../collector.ts'
import { type CheckKind, type CheckValue, checkValues, type ReachPoint, type schemas } from './schema.ts'

/** One thing to try, once a poll, for all points that want something of it. */
export interface Check {
  readonly kind: CheckKind
  /** 0 for icmp. */
  readonly port: number
  readonly path: string
  /** Good status codes; undefined is 200 to 399. */
  readonly status: readonly number[] | undefined
  readonly body: LinePattern | undefined
  readonly points: readonly CheckPoint[]
}

export interface CheckPoint {
  readonly point: Point
  readonly value: CheckValue
  readonly series: Series | undefined
}

export interface Plan extends PlanFace {
  readonly host: string
  /** For TLS and HTTP. */
  readonly serverName: string
  readonly packets: number
  /** Milliseconds that a check may take. */
  readonly patience: Milliseconds
  /** Seconds that ping waits for the last answer. */
  readonly pingWait: number
  readonly series: SeriesScope
  readonly checks: readonly Check[]
}

type ReachOrder = Order<typeof schemas>
type SpecPoint = Point<ReachPoint>

const defaultPackets = 3

const defaultPorts: Readonly<Partial<Record<CheckKind, number>>> = { icmp: 0, tls: 443, http: 80, https: 443 }

/** Probe and device to a plan: points that ask for the same check share it. */
export function compile(order: ReachOrder): Result<Plan> {
  const { device, options, place, timeout } = order
  const address = device.address === 'local' ? undefined : parseAddress(device.address)
  if (address === undefined)
    return bad({ place, message: `"${device.address}" is no address`, hint: 'a host name or an IP address' })
  const problems: Problem[] = []
  const packets = options.packets ?? defaultPackets
  if (order.points.some(({ spec }) => spec.check === 'icmp') && timeout < packets * 1000) {
    const message = `${packets} echo requests take ${packets} s, and the poll has ${timeout / 1000} s`
    problems.push({ place, message, hint: 'a longer timeout:, or fewer packets: under reach:' })
  }
  const checks = new Map<string, Check & { points: CheckPoint[] }>()
  for (const point of order.points) {
    const check = checkOf(point, order, address.port, problems)
    if (check === undefined) continue
    const key = JSON.stringify([check.kind, check.port, check.path, point.spec.expect])
    const known = checks.get(key) ?? { ...check, points: [] }
    known.points.push(checkPoint(point, known, order.series))
    checks.set(key, known)
  }
  if (problems.length > 0) return bad(...problems)
  const endpoint = `reach ${address.host}`
  return good({
    ...{ endpoint, session: endpoint, parallel: 4, cost: 0 },
    host: address.host,
    serverName: options.server_name ?? address.host,
    packets,
    patience: timeout * 0.9,
    // The requests are a second apart.
    pingWait: Math.max(1, Math.floor((timeout * 0.9) / 1000) - (packets - 1)),
    series: order.series,
    checks: [...checks.values()],
  })
}

function checkOf(
  point: SpecPoint,
  { options }: ReachOrder,
  addressPort: number | undefined,
  problems: Problem[],
): Omit<Check, 'points'> | undefined {
  const { check: kind, path = '/', expect = {} } = point.spec
  problems.push(...checkKeys(point))
  const optional = kind === 'icmp' ? undefined : options.ports?.[kind]
  const fromAddress = kind === 'tcp' ? addressPort : undefined
  const port = point.spec.port ?? optional ?? fromAddress ?? defaultPorts[kind]
  if (port === undefined) {
    const hint = 'port: here, or reach: { ports: { tcp: .. } } in the device'
    problems.push({ place: point.at('check'), message: 'a tcp check needs a port', hint })
    return undefined
  }
  const body = expect.body === undefined ? undefined : compilePattern(expect.body)
  if (typeof body === 'string') {
    problems.push({ place: point.at('expect'), message: `"${expect.body}" is ${body}` })
    return undefined
  }
  return { kind, port, path, status: expect.status, body }
}

function checkKeys(point: SpecPoint): readonly Problem[] {
  const { check, value = 'up', port, path, expect } = point.spec
  const problems: Problem[] = []
  const kinds: readonly CheckKind[] = checkValues[value]
  if (!kinds.includes(check))
    problems.push({
      place: point.at('value'),
      message: `${check} gives no ${value}`,
      hint: `${kinds.join(' or ')} does`,
    })
  if (check === 'icmp' && port !== undefined) problems.push({ place: point.at('port'), message: 'icmp has no ports' })
  const isWeb = check === 'http' || check === 'https'
  if (!isWeb && path !== undefined) problems.push({ place: point.at('path'), message: `${check} has no path` })
  if (!isWeb && expect !== undefined) problems.push({ place: point.at('expect'), message: `${check} gives no page` })
  return problems
}

function checkPoint(point: SpecPoint, check: Omit<Check, 'points'>, scope: SeriesScope): CheckPoint {
  const labels = Object.entries(point.spec.labels ?? {}).map(([name, source]) => [
    name,
    source === 'name' ? nameOf(check) : source.text,
  ])
  return { point, value: point.spec.value ?? 'up', series: scope.series(point.metric, Object.fromEntries(labels)) }
}

/** `icmp`, `tcp 554`, `https 443`, `https 8443 /login`. */
function nameOf({ kind, port, path }: Omit<Check, 'points'>): string {
  if (kind === 'icmp') return kind
  return path === '/' ? `${kind} ${port}` : `${kind} ${port} ${path}`
}
