import type { Static } from 'typebox'
import type { Outcome } from '../src/model/aim.ts'
import type { Clock, Milliseconds } from '../src/model/clock.ts'
import type { Raw } from '../src/model/conversion.ts'
import type { Device, ProbeUse } from '../src/model/device.ts'
import type { Fault } from '../src/model/fault.ts'
import type { Witness, Witnessed } from '../src/model/harvest.ts'
import type { Log } from '../src/model/log.ts'
import type { Mask } from '../src/model/mask.ts'
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
  /** A folder for what a protocol must remember over restarts; absent where nothing may be written. */
  readonly stateDirectory?: string
  /** Where the device's address stands. */
  readonly place: Place
}

/** What the frame hands to every poll. */
export interface PollContext {
  /** Aborted at the poll's deadline or when siteward stops: the poll returns what it has, at once. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
  /** Told each value as it is converted, for `siteward explain`; absent in the daemon. */
  readonly witness?: Witness
}

/** A message as a transport's edge saw it: the very bytes of the wire; of a command its text and what it printed. */
export interface Message {
  readonly way: 'sent' | 'received'
  readonly bytes: Uint8Array
}

/** Is told every message of a wire; absent in the daemon. */
export type Tap = (message: Message) => void

/** What a drill puts in the place of one value that a device sends. */
export interface Substitute {
  /** The value as a poll of the very plan has brought it. */
  readonly was: Witnessed
  /** What the decoder is to find in its place. */
  readonly raw: Raw
  /** Is told, at each poll, how it was sent (`register 0: 01 5e`), or why the device cannot send it. */
  placed(outcome: Outcome<string>): void
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

/** What a device has said by itself: the address that it came from, and what its protocol calls it. */
export interface DeviceEvent {
  readonly address: string
  readonly id: string
}

/** Why something that came was not heard: from whom the site does not know, too much, or not to be believed or read. */
export type Dropped = 'stranger' | 'flood' | 'refused'

/** Where to listen for events, and whom to tell. */
export interface EventOrder {
  readonly site: string
  readonly host: string
  readonly port: number
  /** This protocol's credentials that are believed. */
  readonly credentials: readonly unknown[]
  readonly clock: Clock
  knows(address: string): boolean
  heard(event: DeviceEvent): void
  dropped(why: Dropped): void
}

/** What hears devices speak by themselves. */
export interface EventSource {
  /** Where it listens, with the port that was really taken. */
  readonly port: number
  close(): Promise<void>
}

/** One protocol, as its folder writes it. */
export interface Definition<S extends Schemas, Plan extends PlanFace, Transport> {
  readonly protocol: string
  readonly schemas: S
  /** Pure: probe and device to requests and how to decode the replies; Problems with their place. */
  compile(order: Order<S>): Result<Plan>
  /** The wire of one session; shared by all plans with the same session, opened at the first poll. */
  open(plan: Plan, tap?: Tap): Transport
  /** One poll. Never rejects for what a device does: that is a Fault. */
  poll(plan: Plan, transport: Transport, context: PollContext): Promise<PollResult>
  /**
   * The same poll of the real device, but one value of what comes is another: put in as near to the wire as can be, so
   * that the protocol's own decoder reads it. Absent where values are not sent by a device.
   */
  pollWith?(plan: Plan, transport: Transport, substitute: Substitute, context: PollContext): Promise<PollResult>
  /** Gives everything back at once: no socket, child or timer is left. */
  close(transport: Transport): Promise<void>
  /** Listens for what devices say by themselves; absent where the protocol has no such thing. Rejects where it cannot. */
  listen?(order: EventOrder): Promise<EventSource>
  /** What the commands for whoever writes a probe need; absent where a device cannot stand in a file. */
  readonly workbench?: WorkbenchLoader<Plan, Transport>
}

/** A protocol's workbench, loaded only when a command needs it: the daemon does not. */
interface WorkbenchLoader<Plan, Transport> {
  /** The name of a recording in fixtures/probes/PROBE/CASE/. */
  readonly fileName: string
  /** Whether what a device answers says what it is (names, outputs), or is bare numbers, which any probe can read. */
  readonly telling: boolean
  load(): Promise<Workbench<Plan, Transport>>
}

/** What a protocol can do with recordings (files that hold what a device answered) and with single readings. */
export interface Workbench<Plan, Transport> {
  /** Whether a text is a recording of this protocol. */
  recognises(text: string): boolean
  /** A device that answers on loopback what a recording holds; `port` 0 is any free one. */
  play(text: string, file: string, port: number): Promise<Result<Stand<Plan, Transport>>>
  /** Reads what the plans read, and of SNMP more where that is asked for; masked, as the text of a recording. */
  record(plans: readonly Plan[], transport: Transport, order: RecordOrder, context: PollContext): Promise<Recorded>
  /** Asks a device what it is; absent where the protocol has no such question. */
  introduce?(
    plan: Plan,
    transport: Transport,
    questions: readonly string[],
    context: PollContext,
  ): Promise<Introduction>
  /** From the messages of one poll to a point's raw value, or to why there is none. */
  explain(plan: Plan, point: Point, value: Witnessed | undefined, messages: readonly Message[]): readonly Step[]
}

/** What stands in for a device. */
interface StandIn {
  readonly address: string
  readonly credential: unknown
  /** How a person reaches it, for `siteward simulate`; undefined where nothing listens. */
  readonly reach: string | undefined
  close(): Promise<void>
}

/** What stands in for a device; `open` where a tool and no wire is between (IPMI): nothing listens then. */
export interface Stand<Plan, Transport> extends StandIn {
  readonly open?: (plan: Plan, tap?: Tap) => Transport
}

/** A recording at play, and what speaks to it. */
export interface Played extends StandIn {
  readonly collector: Collector
}

/** How a device is to be recorded. */
export interface RecordOrder {
  /** Everything that the device has, within bounds, and not only what its probes read. */
  readonly whole: boolean
  readonly mask: Mask
}

/** A recording, and what could not be read. */
export interface Recorded {
  readonly text: string
  /** How many values it holds: variables, registers, outputs. */
  readonly values: number
  readonly faults: readonly Fault[]
}

/** What a device tells of itself, to be compared with what probes are known by (Fingerprint). */
export interface Introduction {
  readonly objectId: string | undefined
  readonly description: string | undefined
  /** Of the identifiers that were asked about, those under which it answers. */
  readonly answers: ReadonlySet<string>
  readonly faults: readonly Fault[]
}

/** One step of an explanation. */
export interface Step {
  readonly name: string
  readonly text: string
}

/** A plan ready to run, without the protocol's types. */
export interface Job extends PlanFace {
  poll(context: PollContext): Promise<PollResult>
  /** The same with one value of what the device sends replaced, for a drill; absent where the protocol has no way to. */
  pollWith?(substitute: Substitute, context: PollContext): Promise<PollResult>
  /** From the messages of one poll to a point's raw value, or to why there is none. */
  explain?(point: Point, value: Witnessed | undefined, messages: readonly Message[]): Promise<readonly Step[]>
  /** Gives back this job's hold on the session; the last one closes it. */
  close(): Promise<void>
}

/** One protocol, as the rest of siteward sees it. */
export interface Collector {
  readonly protocol: string
  readonly schemas: Schemas
  /** Contacts nothing: `siteward check` calls it for every device and probe. */
  prepare(use: ProbeUse, device: Device, series: SeriesScope, tap?: Tap, stateDirectory?: string): Result<Job>
  /** Listens for what devices say by themselves; absent where the protocol has no such thing. */
  listen?(order: EventOrder): Promise<EventSource>
  /** Absent where a device cannot stand in a file. */
  readonly recordings?: Recordings
}

/** What a protocol does with recordings, without its types. */
export interface Recordings {
  readonly fileName: string
  /** Whether what a device answers says what it is (names, outputs), or is bare numbers, which any probe can read. */
  readonly telling: boolean
  recognises(text: string): Promise<boolean>
  play(text: string, file: string, port?: number): Promise<Result<Played>>
  record(
    uses: readonly ProbeUse[],
    device: Device,
    series: SeriesScope,
    order: RecordOrder,
    context: PollContext,
  ): Promise<Result<Recorded>>
  /** Undefined where the protocol cannot be asked. */
  introduce(
    use: ProbeUse,
    device: Device,
    series: SeriesScope,
    questions: readonly string[],
    context: PollContext,
  ): Promise<Result<Introduction | undefined>>
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
  const { workbench, listen } = definition
  return {
    protocol: definition.protocol,
    schemas: definition.schemas,
    ...(listen === undefined ? {} : { listen }),
    prepare(use, device, series, tap, stateDirectory) {
      const order = orderOf(definition, use, device, series)
      const plan = definition.compile(stateDirectory === undefined ? order : { ...order, stateDirectory })
      return plan.ok ? good(jobOf(definition, plan.value, open, tap)) : plan
    },
    ...(workbench === undefined ? {} : { recordings: recordingsOf(definition, workbench) }),
  }
}

function recordingsOf<S extends Schemas, Plan extends PlanFace, Transport>(
  definition: Definition<S, Plan, Transport>,
  workbench: WorkbenchLoader<Plan, Transport>,
): Recordings {
  const compile = (use: ProbeUse, device: Device, series: SeriesScope): Result<Plan> =>
    definition.compile(orderOf(definition, use, device, series))
  const withTransport = async <T>(plan: Plan, run: (transport: Transport) => Promise<T>): Promise<T> => {
    const transport = definition.open(plan)
    try {
      return await run(transport)
    } finally {
      await definition.close(transport)
    }
  }
  return {
    fileName: workbench.fileName,
    telling: workbench.telling,
    recognises: async (text) => (await workbench.load()).recognises(text),
    async play(text, file, port = 0) {
      const stand = await (await workbench.load()).play(text, file, port)
      if (!stand.ok) return stand
      const { open = definition.open, ...standIn } = stand.value
      return good({ ...standIn, collector: collector({ ...definition, open }) })
    },
    async record(uses, device, series, order, context) {
      const plans: Plan[] = []
      for (const use of uses) {
        const plan = compile(use, device, series)
        if (!plan.ok) return plan
        plans.push(plan.value)
      }
      const [first] = plans
      if (first === undefined) throw new Error('a recording needs a probe')
      const { record } = await workbench.load()
      // One device is one wire, whatever its probes.
      return good(await withTransport(first, (transport) => record(plans, transport, order, context)))
    },
    async introduce(use, device, series, questions, context) {
      const { introduce } = await workbench.load()
      const plan = compile(use, device, series)
      if (!plan.ok) return plan
      if (introduce === undefined) return good(undefined)
      return good(await withTransport(plan.value, (transport) => introduce(plan.value, transport, questions, context)))
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
  tap: Tap | undefined,
): Job {
  let held: Shared<Transport> | undefined
  const transport = (): Transport => {
    if (held === undefined) {
      held = open.get(plan.session) ?? { transport: definition.open(plan, tap), holders: 0 }
      held.holders++
      open.set(plan.session, held)
    }
    return held.transport
  }
  const { pollWith } = definition
  return {
    endpoint: plan.endpoint,
    session: plan.session,
    parallel: plan.parallel,
    cost: plan.cost,
    poll: (context) => definition.poll(plan, transport(), context),
    ...(pollWith === undefined
      ? {}
      : { pollWith: (substitute, context) => pollWith(plan, transport(), substitute, context) }),
    async explain(point, value, messages) {
      const workbench = await definition.workbench?.load()
      return workbench?.explain(plan, point, value, messages) ?? []
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
