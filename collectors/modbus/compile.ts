import type { Milliseconds, Moment } from '../../src/model/clock.ts'
import { parseDuration } from '../../src/model/duration.ts'
import { type Labels, labelKey } from '../../src/model/labels.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Problem } from '../../src/model/problem.ts'
import { bad, good, type Result } from '../../src/model/result.ts'
import type { Series, SeriesScope } from '../../src/model/series.ts'
import type { Order, PlanFace } from '../collector.ts'
import { type Block, merge } from './batch.ts'
import { endpointOf, type Link, linkOf, sessionOf } from './link.ts'
import { type Register, type RegisterDefaults, registerOf } from './register.ts'
import { repeated } from './repeat.ts'
import type { ModbusSchemas, PointSpec } from './schema.ts'

/** A point with its place on the wire. */
export interface Part extends Register {
  readonly point: Point<PointSpec>
  readonly labels: Labels
}

/** A probe compiled for a device. */
export interface ModbusPlan extends PlanFace {
  readonly link: Link
  /** The device's own unit; a point may name another. */
  readonly unit: number
  /** How long one request may take. */
  readonly requestTimeout: Milliseconds
  /** How long the bus is left alone before a request. */
  readonly pause: Milliseconds
  readonly scope: SeriesScope
  /** What to read, as merged from the probe. */
  readonly blocks: readonly Block<Part>[]
  readonly memory: PlanMemory
}

/** What a plan learns from its device. */
export interface PlanMemory {
  /** Blocks that the device refused, split until it took them, and since when. */
  learnt: { readonly blocks: readonly Block<Part>[]; readonly at: Moment } | undefined
  /** The series of a part, once it has been read. */
  readonly series: Map<Part, Series>
}

/** Long enough for a gateway that asks a slow unit behind it. */
const defaultTimeout: Milliseconds = 1000

/** Probe and device to merged reads; a Problem for each mistake. */
export function compile(order: Order<ModbusSchemas>): Result<ModbusPlan> {
  const { device, options, probe, series: scope, place } = order
  const link = linkOf(device.address, options, place)
  const { gap = 8, block = 125, counted_from: countedFrom = 0, word_order: wordOrder = 'abcd' } = probe.settings
  const unit = options.unit ?? 1
  const parts = partsOf(order.points, { unit, order: wordOrder, countedFrom, block })
  const problems = [...(link.ok ? [] : link.problems), ...(parts.ok ? [] : parts.problems)]
  if (!link.ok || !parts.ok) return bad(...problems)
  if (link.value.kind === 'serial') {
    const wrong = parts.value.find(({ unit }) => unit < 1 || unit > 247)
    if (wrong !== undefined) return bad(noSerialUnit(order, wrong))
  }
  const blocks = merge(parts.value, { gap, block })
  const pause = parseDuration(options.pause ?? '') ?? 0
  return good({
    endpoint: endpointOf(link.value),
    session: sessionOf(link.value),
    parallel: 1,
    cost: costOf(blocks, link.value, pause),
    link: link.value,
    unit,
    requestTimeout: parseDuration(options.request_timeout ?? '') || defaultTimeout,
    pause,
    scope,
    blocks,
    memory: { learnt: undefined, series: new Map() },
  })
}

function partsOf(points: readonly Point<PointSpec>[], defaults: RegisterDefaults): Result<readonly Part[]> {
  const parts: Part[] = []
  const problems: Problem[] = []
  const seen = new Map<string, Point>()
  for (const point of points) {
    const label = point.spec.repeat?.label
    if (label !== undefined && !point.metric.labels.includes(label)) problems.push(unknownLabel(point, label))
  }
  for (const point of points.flatMap(repeated)) {
    const register = registerOf(point, defaults)
    if (!register.ok) {
      problems.push(...register.problems)
      continue
    }
    const labels = point.spec.labels ?? {}
    const key = point.metric.name + labelKey(labels)
    const twin = seen.get(key)
    seen.set(key, point)
    if (twin === undefined) parts.push({ ...register.value, point, labels })
    else problems.push(sameSeries(point, twin))
  }
  return problems.length === 0 ? good(parts) : bad(...problems)
}

function unknownLabel({ at, metric }: Point, label: string): Problem {
  const hint = `its labels: ${metric.labels.join(', ')}`
  return { place: at('repeat'), message: `${metric.name} has no label "${label}"`, hint }
}

function sameSeries(point: Point<PointSpec>, twin: Point): Problem {
  const message = `${point.metric.name} is read twice with the same labels, first in line ${twin.place.line}`
  return { place: point.place, message, hint: 'labels: tell the two apart' }
}

function noSerialUnit({ device, place }: Order<ModbusSchemas>, { unit, point }: Part): Problem {
  const own = point.spec.unit !== undefined
  const at = own ? point.at('unit') : device.options['modbus'] === undefined ? place : device.at('modbus')
  // Modbus over Serial Line V1.02, 2.2: 0 is a broadcast that nobody answers, 248-255 are reserved.
  return { place: at, message: `unit ${unit}: on a serial line units are 1 to 247` }
}

/** What a request costs on a serial line beside its bytes: the unit's own time and the silences around frames. */
const serialTurn: Milliseconds = 25
const tcpTurn: Milliseconds = 5

/** How long one poll keeps the bus busy. A byte has 11 bits on a serial line (start, 8, parity or stop, stop). */
function costOf(blocks: readonly Block<Part>[], link: Link, pause: Milliseconds): Milliseconds {
  let total = 0
  for (const { code, count } of blocks) {
    const bytes = 8 + 5 + (code <= 2 ? Math.ceil(count / 8) : count * 2)
    total += pause + (link.kind === 'serial' ? (bytes * 11 * 1000) / link.baud + serialTurn : tcpTurn)
  }
  return Math.ceil(total)
}
