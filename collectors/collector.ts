import type { Static } from 'typebox'
import type { Clock, Milliseconds } from '../src/model/clock.ts'
import type { Device, ProbeUse } from '../src/model/device.ts'
import type { Log } from '../src/model/log.ts'
import type { Place } from '../src/model/place.ts'
import type { Point, Probe } from '../src/model/probe.ts'
import type { Schemas } from '../src/model/protocol.ts'
import type { PollResult } from '../src/model/reading.ts'
import { good, type Result } from '../src/model/result.ts'
import type { SeriesScope } from '../src/model/series.ts'

/** What a plan is compiled from, typed by the protocol's own schemas. */
export interface Order<S extends Schemas> {
  readonly device: Device
  readonly probe: Probe<Static<S['point']>, Static<S['settings']>>
  readonly points: readonly Point<Static<S['point']>>[]
  readonly options: Static<S['options']>
  readonly credential: Static<S['credential']> | undefined
  readonly timeout: Milliseconds
  readonly series: SeriesScope
  /** Where the device's address stands. */
  readonly place: Place
}

/** What the frame hands to every poll. */
export interface PollContext {
  /** Aborted at the poll's deadline or when siteward stops: the poll returns what it has, at once. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}

/** A plan says on its face what the scheduler must know of it. */
export interface PlanFace {
  /** What is shared on the wire: a host and port, a serial line, a BMC. At most `parallel` polls of it at once. */
  readonly endpoint: string
  /** Plans with the same session share one transport: the endpoint and whose credentials; holds no secret. */
  readonly session: string
  readonly parallel: number
  /** How long the endpoint is busy with one poll, as far as it can be known: 0 where it does not matter. */
  readonly cost: Milliseconds
}

/** One protocol, as its folder writes it. */
export interface Definition<S extends Schemas, Plan extends PlanFace, Transport> {
  readonly protocol: string
  readonly schemas: S
  /** Pure: probe and device to requests and how to decode the replies; Problems with their place. */
  compile(order: Order<S>): Result<Plan>
  /** The wire of one session; shared by all plans with the same session, opened at the first poll. */
  open(plan: Plan): Transport
  /** One poll. Never rejects for what a device does: that is a Fault. */
  poll(plan: Plan, transport: Transport, context: PollContext): Promise<PollResult>
  /** Gives everything back at once: no socket, child or timer is left. */
  close(transport: Transport): Promise<void>
}

/** A plan ready to run, without the protocol's types. */
export interface Job extends PlanFace {
  poll(context: PollContext): Promise<PollResult>
  /** Gives back this job's hold on the session; the last one closes it. */
  close(): Promise<void>
}

/** One protocol, as the rest of siteward sees it. */
export interface Collector {
  readonly protocol: string
  readonly schemas: Schemas
  /** Contacts nothing: `siteward check` calls it for every device and probe. */
  prepare(use: ProbeUse, device: Device, series: SeriesScope): Result<Job>
}

interface Shared<Transport> {
  readonly transport: Transport
  holders: number
}

/** Makes a Collector of a protocol's definition; plans with the same session share one transport. */
export function collector<S extends Schemas, Plan extends PlanFace, Transport>(
  definition: Definition<S, Plan, Transport>,
): Collector {
  const open = new Map<string, Shared<Transport>>()
  return {
    protocol: definition.protocol,
    schemas: definition.schemas,
    prepare(use, device, series) {
      const plan = definition.compile(orderOf(definition, use, device, series))
      return plan.ok ? good(jobOf(definition, plan.value, open)) : plan
    },
  }
}

function orderOf<S extends Schemas, Plan extends PlanFace, Transport>(
  { protocol }: Definition<S, Plan, Transport>,
  { probe, timeout }: ProbeUse,
  device: Device,
  series: SeriesScope,
): Order<S> {
  // The loader has checked every one of these against this protocol's schemas: here unknown becomes their type.
  const typed = probe as Probe<Static<S['point']>, Static<S['settings']>>
  return {
    device,
    probe: typed,
    points: typed.points,
    options: (device.options[protocol] ?? {}) as Static<S['options']>,
    credential: device.credentials[protocol] as Static<S['credential']> | undefined,
    timeout,
    series,
    place: device.at('address'),
  }
}

function jobOf<S extends Schemas, Plan extends PlanFace, Transport>(
  definition: Definition<S, Plan, Transport>,
  plan: Plan,
  open: Map<string, Shared<Transport>>,
): Job {
  let held: Shared<Transport> | undefined
  return {
    endpoint: plan.endpoint,
    session: plan.session,
    parallel: plan.parallel,
    cost: plan.cost,
    poll(context) {
      if (held === undefined) {
        held = open.get(plan.session) ?? { transport: definition.open(plan), holders: 0 }
        held.holders++
        open.set(plan.session, held)
      }
      return definition.poll(plan, held.transport, context)
    },
    async close() {
      if (held === undefined) return
      const shared = held
      held = undefined
      if (--shared.holders > 0) return
      open.delete(plan.session)
      await definition.close(shared.transport)
    },
  }
}
