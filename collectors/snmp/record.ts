import type { Fault } from '../../src/model/fault.ts'
import type { PollContext, Recorded, RecordOrder } from '../collector.ts'
import { sliceOf, variableAt, type Variable as WireVariable } from './codec.ts'
import type { SnmpPlan } from './compile.ts'
import { maskVariables } from './masking.ts'
import { follows } from './oid.ts'
import { tagOf, tags, type Variable, writeRecording } from './recording.ts'
import type { Reply, SnmpTransport } from './transport.ts'
import { Turn } from './turn.ts'
import { endOfMibView, isThere, type Value } from './value.ts'

/** The bounds of a recording: of the largest switches, what is more is neighbours and addresses, which are left out. */
const mostVariables = 50_000
const mostRequests = 5000
const firstRepetitions = 25

/** The system group (RFC 3418), by which a probe is found for the device. */
const system = '1.3.6.1.2.1.1'

/** All that agents have: ISO's standards (LLDP among them) and the internet's. */
const everything = ['1.0', '1.3']

/** Tables of other hosts' addresses, of users and their keys, and of programs: nothing that a probe reads. */
const leftOut = [
  '1.3.6.1.2.1.3', // atTable
  '1.3.6.1.2.1.4.20', // ipAddrTable
  '1.3.6.1.2.1.4.21', // ipRouteTable
  '1.3.6.1.2.1.4.22', // ipNetToMediaTable
  '1.3.6.1.2.1.4.24', // ipForward
  '1.3.6.1.2.1.4.34', // ipAddressTable
  '1.3.6.1.2.1.4.35', // ipNetToPhysicalTable
  '1.3.6.1.2.1.6.13', // tcpConnTable
  '1.3.6.1.2.1.6.19', // tcpConnectionTable
  '1.3.6.1.2.1.6.20', // tcpListenerTable
  '1.3.6.1.2.1.7.5', // udpTable
  '1.3.6.1.2.1.7.7', // udpEndpointTable
  '1.3.6.1.2.1.17.4.3', // dot1dTpFdbTable
  '1.3.6.1.2.1.17.7.1.2', // dot1qTp: forwarding
  '1.3.6.1.2.1.25.4.2.1.5', // hrSWRunParameters: passwords on command lines
  '1.3.6.1.2.1.25.6', // installed software
  '1.3.6.1.6.3', // SNMP's own users, communities and views
  '1.0.8802.1.1.2.1.3.8', // lldpLocManAddrTable
  '1.0.8802.1.1.2.1.4.2', // lldpRemManAddrTable
]

/** Reads an agent's variables by GETBULK and writes them as a recording, masked. */
export async function record(
  plans: readonly SnmpPlan[],
  transport: SnmpTransport,
  { whole, mask }: RecordOrder,
  context: PollContext,
): Promise<Recorded> {
  const walk = new Walk(
    transport,
    plans.some(({ isV1 }) => isV1),
    new Turn(context),
  )
  const roots = whole ? everything : rootsOf(plans)
  for (const root of roots) if (!(await walk.subtree(root, whole ? leftOut : []))) break
  const variables = maskVariables([...walk.found.values()], secretsOf(plans), mask)
  return { text: writeRecording(variables), values: variables.length, faults: walk.faults }
}

/** What the plans read, each subtree once and in order. */
function rootsOf(plans: readonly SnmpPlan[]): readonly string[] {
  const named = plans.flatMap(({ layout: { scalars, tables } }) =>
    [...scalars, ...tables.flatMap(({ columns }) => columns)].map(({ oid }) => oid),
  )
  const all = [...new Set([system, ...named])].sort((a, b) => (follows(a, b) ? -1 : 1))
  return all.filter((root) => !all.some((other) => root.startsWith(`${other}.`)))
}

function secretsOf(plans: readonly SnmpPlan[]): readonly string[] {
  return plans.flatMap(({ agent: { credential } }) => [
    credential.community?.reveal() ?? '',
    credential.user ?? '',
    credential.auth?.secret.reveal() ?? '',
    credential.priv?.secret.reveal() ?? '',
  ])
}

/** A walk through an agent, with what it has found so far. */
class Walk {
  readonly found = new Map<string, Variable>()
  readonly faults: Fault[] = []
  readonly #transport: SnmpTransport
  readonly #isV1: boolean
  readonly #turn: Turn
  #repetitions = firstRepetitions
  #requests = 0

  constructor(transport: SnmpTransport, isV1: boolean, turn: Turn) {
    this.#transport = transport
    this.#isV1 = isV1
    this.#turn = turn
  }

  /** Reads everything below an OID, and the OID itself; false when there is no use in going on. */
  async subtree(root: string, without: readonly string[]): Promise<boolean> {
    const exact = await this.#transport.get([sliceOf(root)], this.#turn)
    this.#requests++
    if (exact.kind === 'fault') return this.#fault(exact)
    for (const varbind of listOf(exact)) if (isThere(varbind.type)) this.#keep(varbind)
    let last = root
    for (;;) {
      if (this.#isOver()) return false
      const reply = await this.#ask(last)
      if (reply.kind === 'fault' && this.#halve()) continue
      if (reply.kind === 'fault') return this.#fault(reply)
      // In v1 the end of the agent is an error (noSuchName).
      if (reply.kind === 'refused') return true
      const next = this.#take(root, last, listOf(reply), without)
      if (next === undefined) return true
      last = next
    }
  }

  #ask(last: string): Promise<Reply> {
    this.#requests++
    return this.#isV1 || this.#repetitions === 1
      ? this.#transport.next([sliceOf(last)], this.#turn)
      : this.#transport.bulk([sliceOf(last)], this.#repetitions, this.#turn)
  }

  /** Takes what came; where to go on, or undefined at the end of the subtree. */
  #take(root: string, from: string, varbinds: readonly Found[], without: readonly string[]): string | undefined {
    let last = from
    for (const varbind of varbinds) {
      const { oid } = varbind
      if (varbind.type === endOfMibView || !oid.startsWith(`${root}.`) || !follows(last, oid)) return undefined
      const skipped = without.find((one) => oid.startsWith(`${one}.`))
      if (skipped !== undefined) return behind(skipped)
      this.#keep(varbind)
      last = oid
    }
    return last === from ? undefined : last
  }

  #keep(varbind: Found): void {
    const variable = variableOf(varbind)
    if (variable !== undefined) this.found.set(varbind.oid, variable)
  }

  #isOver(): boolean {
    if (this.found.size < mostVariables && this.#requests < mostRequests && !this.#turn.signal.aborted) return false
    const detail = `the recording ends early, after ${this.found.size} variables in ${this.#requests} requests`
    this.faults.push({ kind: this.#turn.signal.aborted ? 'timeout' : 'limit', detail, points: 0 })
    return true
  }

  #halve(): boolean {
    if (this.#repetitions === 1 || this.#isV1 || this.#turn.signal.aborted) return false
    this.#repetitions = Math.max(1, Math.floor(this.#repetitions / 4))
    return true
  }

  #fault({ fault, detail }: Extract<Reply, { kind: 'fault' }>): false {
    this.faults.push({ kind: fault, detail, points: 0 })
    return false
  }
}

/** The first OID that is not below this one any more. */
function behind(oid: string): string {
  const arcs = oid.split('.')
  return [...arcs.slice(0, -1), Number(arcs.at(-1)) + 1].join('.')
}

function listOf(reply: Reply): readonly Found[] {
  if (reply.kind !== 'varbinds') return []
  return reply.varbinds.types.map((_, i) => ({
    ...variableAt(reply.varbinds, i),
    value: reply.varbinds.values[i] ?? null,
  }))
}

/** A variable with what was read of it. */
interface Found extends WireVariable {
  readonly value: Value
}

/** Octets, opaque values and Counter64 stay the bytes that came. */
function variableOf({ oid, type, content, value }: Found): Variable | undefined {
  const tag = tagOf(type)
  if (tag === undefined) return undefined
  const isBytes = tag === tags.octets || tag === tags.opaque || tag === tags.counter64
  return { oid, tag, value: isBytes ? content : value }
}
