import { createSocket, type Socket } from 'node:dgram'
import { elementAt, oidBytes } from '../../collectors/snmp/ber.ts'
import { variablesOf } from '../../collectors/snmp/message.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SimulatedUser, type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import type { Patient } from './course.ts'

/** A request that an agent has, and what it can do with it. */
export interface Asked {
  readonly request: Buffer
  /** How many came before it while the agent was ill. */
  readonly index: number
  /** The answer of a good agent. */
  good(): Promise<Buffer>
  send(message: Buffer): void
  /** Sends from another port of the same machine. */
  sendFromElsewhere(message: Buffer): void
}

/** What an agent does with a request. */
export type Behaviour = (asked: Asked) => void

const answerWell: Behaviour = ({ good, send }) => void good().then(send)

/** An agent that is a good one until it falls ill. */
export class Agent implements Patient {
  readonly name: string
  readonly entry: string
  /** PDU types of all that it was ever asked, by the byte on the wire. */
  readonly asked = new Set<number>()
  readonly #socket: Socket
  readonly #upstream: Socket
  readonly #elsewhere: Socket
  readonly #illness: Behaviour
  #behaviour = answerWell
  #index = 0

  private constructor(name: string, entry: string, sockets: readonly [Socket, Socket, Socket], illness: Behaviour) {
    this.name = name
    this.#illness = illness
    ;[this.#socket, this.#upstream, this.#elsewhere] = sockets
    this.entry = `address: '127.0.0.1:${this.#socket.address().port}', ${entry}`
    for (const socket of sockets) socket.on('error', () => {})
  }

  /** An agent in front of the simulator that answers for it while it is well; `entry` is the rest of the device's. */
  static async start(name: string, simulator: SnmpSimulator, entry: string, illness: Behaviour): Promise<Agent> {
    const sockets = await Promise.all([bound(), bound(), bound()])
    const agent = new Agent(name, entry, sockets, illness)
    agent.#socket.on('message', (request, { port }) => agent.#hear(request, port, simulator.port))
    return agent
  }

  fall(): void {
    this.#behaviour = this.#illness
  }

  recover(): void {
    this.#behaviour = answerWell
  }

  close(): void {
    for (const socket of [this.#socket, this.#upstream, this.#elsewhere]) socket.close()
  }

  #hear(request: Buffer, port: number, simulator: number): void {
    const pdu = pduTagOf(request)
    if (pdu !== undefined) this.asked.add(pdu)
    const good = (): Promise<Buffer> =>
      new Promise((resolve) => {
        this.#upstream.once('message', resolve)
        this.#upstream.send(request, simulator, '127.0.0.1')
      })
    this.#behaviour({
      request,
      index: this.#index++,
      good,
      send: (message) => this.#socket.send(message, port, '127.0.0.1'),
      sendFromElsewhere: (message) => this.#elsewhere.send(message, port, '127.0.0.1'),
    })
  }
}

/** A UDP socket of 127.0.0.1. */
export async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return socket
}

/** The good agent behind all: the system group and a table of three ports. */
export async function startGoodAgent(users: readonly SimulatedUser[] = []): Promise<SnmpSimulator> {
  const ports = [1, 2, 3].map(
    (port) => `1.3.6.1.2.1.2.2.1.2.${port}|4|port${port}\n1.3.6.1.2.1.2.2.1.5.${port}|66|1000000000`,
  )
  const lines = ['1.3.6.1.2.1.1.1.0|4|A good agent', '1.3.6.1.2.1.1.3.0|67|360000', '1.3.6.1.2.1.1.5.0|4|good']
  const sorted = [...lines, ...ports.join('\n').split('\n').sort()]
  const recording = parseRecording(`${sorted.join('\n')}\n`, 'good.snmprec')
  if (!recording.ok) throw new Error(recording.problems.map(({ message }) => message).join())
  return startSnmpSimulator({ recording: recording.value, users })
}

/** A BER element (X.690) of whatever length. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, (length >> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

/** A variable: an OID in dotted text and a value with its tag. */
export function variable(oid: string, value: Buffer): Buffer {
  return element(0x30, element(0x06, oidBytes(oid)), value)
}

/** A good answer to a v1 or v2c request, with these variables in place of what was asked for. */
export function answerOf(request: Buffer, ...variables: readonly Buffer[]): Buffer {
  const [version, community, pdu] = childrenOf(request, 0)
  if (version === undefined || community === undefined || pdu === undefined) throw new Error('no request')
  const [id] = childrenOf(pdu, 0)
  if (id === undefined) throw new Error('no id')
  const none = element(0x02, Buffer.of(0))
  return element(0x30, version, community, element(0xa2, id, none, none, element(0x30, ...variables)))
}

/** The OIDs that a request asks for. */
export function oidsOf(request: Buffer): readonly string[] {
  const variables = variablesOf(request)
  return variables === 'encrypted' ? [] : variables.map(({ oid }) => oid)
}

/** The id of a v1 or v2c request. */
export function idOf(request: Buffer): number {
  const pdu = childrenOf(request, 0)[2]
  const id = pdu === undefined ? undefined : childrenOf(pdu, 0)[0]
  return id === undefined ? 0 : id.readIntBE(2, id.length - 2)
}

/** The elements inside the element at a place, each with its head. */
function childrenOf(message: Buffer, at: number): readonly Buffer[] {
  const parent = elementAt(message, at, message.length)
  const children: Buffer[] = []
  for (let next = parent?.begin ?? 0; parent !== undefined && next < parent.end; ) {
    const child = elementAt(message, next, parent.end)
    if (child === undefined) break
    children.push(message.subarray(next, child.end))
    next = child.end
  }
  return children
}

/** The PDU type of a v1 or v2c request, by the byte on the wire; undefined of v3. */
export function pduTagOf(request: Buffer): number | undefined {
  const [version, , pdu] = childrenOf(request, 0)
  return version?.at(-1) === 3 ? undefined : pdu?.[0]
}

/**
 * What somebody on the way can send in place of an authenticated and encrypted answer: the same message, in the clear,
 * with one variable (RFC 3412 section 6, RFC 3414 section 2.4).
 */
export function answerInTheClear(request: Buffer, value: Buffer): Buffer {
  const [version, header, security] = childrenOf(request, 0)
  const [id, size, , model] = header === undefined ? [] : childrenOf(header, 0)
  const inside = security === undefined ? undefined : childrenOf(security, 0)[0]
  const [engine, boots, time, user] = inside === undefined ? [] : childrenOf(inside, 0)
  const parts = [version, id, size, model, engine, boots, time, user]
  if (parts.some((part) => part === undefined)) throw new Error('no SNMPv3')
  const [none, empty] = [element(0x02, Buffer.of(0)), element(0x04)]
  const known = parts.map((part) => part ?? empty)
  const at = (index: number): Buffer => known[index] ?? empty
  const pdu = element(0xa2, at(1), none, none, element(0x30, value))
  return element(
    0x30,
    at(0),
    element(0x30, at(1), at(2), element(0x04, Buffer.of(0)), at(3)),
    element(0x04, element(0x30, at(4), at(5), at(6), at(7), empty, empty)),
    element(0x30, at(4), empty, pdu),
  )
}

/** Whether an SNMPv3 message is encrypted: discovery is not. */
export function isEncrypted(message: Buffer): boolean {
  const [, header] = childrenOf(message, 0)
  const flags = header === undefined ? undefined : childrenOf(header, 0)[2]
  return ((flags?.at(-1) ?? 0) & 2) !== 0
}
