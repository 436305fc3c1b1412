import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AgentFault, DoorFault } from './faults.ts'

const host = '127.0.0.1'
const noise = Buffer.from('30820fff02010104067075626c6963a2ff80deadbeef'.repeat(8), 'hex')
const flood = Buffer.alloc(16_384, 'soak ')
/** After the timeout of a request. */
const lateness = 2500

/** The way to an agent on a port of this machine: it hands on both ways, and spoils what comes back while something is wrong. */
export class AgentGate {
  readonly #near: UdpSocket = createSocket('udp4')
  readonly #far: UdpSocket = createSocket('udp4')
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #target: number
  #fault: AgentFault | undefined
  #client = 0

  constructor(target: number) {
    this.#target = target
  }

  /** Opens the way on this port. */
  async open(port: number): Promise<void> {
    for (const socket of [this.#near, this.#far]) socket.on('error', () => {})
    this.#near.on('message', (request, { port }) => {
      this.#client = port
      this.#far.send(request, this.#target, host)
    })
    this.#far.on('message', (reply) => this.#answer(reply))
    await new Promise<void>((resolve) => this.#far.bind(0, host, resolve))
    await new Promise<void>((resolve) => this.#near.bind(port, host, resolve))
  }

  set fault(fault: AgentFault | undefined) {
    this.#fault = fault
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#near.close()
    this.#far.close()
  }

  #answer(reply: Buffer): void {
    const send = (message: Buffer): void => this.#near.send(message, this.#client, host)
    if (this.#fault === undefined) send(reply)
    if (this.#fault === 'garbled') send(noise.subarray(0, reply.length))
    if (this.#fault === 'truncated') send(reply.subarray(0, Math.floor(reply.length / 2)))
    if (this.#fault === 'late') this.#later(() => send(reply))
  }

  #later(run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, lateness)
    this.#timers.add(timer)
  }
}

/** The door of a device behind TCP, on a port of this machine. */
export class DoorGate {
  readonly #target: number
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>()
  #server: Server | undefined
  #fault: DoorFault | undefined
  #port = 0

  constructor(target: number) {
    this.#target = target
  }

  /** Opens the door on this port. */
  async open(port: number): Promise<void> {
    this.#port = port
    await this.#listen()
  }

  set fault(fault: DoorFault | undefined) {
    const was = this.#fault
    this.#fault = fault
    if (fault === 'refuses') this.#shut()
    else if (was === 'refuses') void this.#listen()
    if (fault === 'resets' || fault === 'refuses') for (const [near] of this.#pairs) near.resetAndDestroy()
    // Whoever has heard noise is at odds with the device for good.
    if (fault === undefined && (was === 'garbles' || was === 'floods')) for (const [near] of this.#pairs) near.destroy()
  }

  close(): void {
    this.#shut()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => this.#welcome(near))
    server.on('error', () => {})
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#port, host, resolve))
  }

  #shut(): void {
    this.#server?.close()
    this.#server = undefined
  }

  #welcome(near: Socket): void {
    near.on('error', () => {})
    if (this.#fault === 'resets') {
      near.resetAndDestroy()
      return
    }
    const far = connect(this.#target, host)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    far.on('error', () => near.destroy())
    for (const socket of pair) {
      socket.on('close', () => {
        this.#pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (data) => this.#ask(data, near, far))
    far.on('data', (data) => this.#answer(data, near))
  }

  #ask(data: Buffer, near: Socket, far: Socket): void {
    if (this.#fault === 'hangs') return
    if (this.#fault === 'floods') this.#pour(near)
    else far.write(data)
  }

  /** Sends without end, as fast as it is taken, until this is over or the other side has had enough. */
  #pour(near: Socket): void {
    while (this.#fault === 'floods' && !near.destroyed) if (!near.write(flood)) break
    if (this.#fault === 'floods' && !near.destroyed) near.once('drain', () => this.#pour(near))
  }

  #answer(data: Buffer, near: Socket): void {
    if (this.#fault === 'hangs' || this.#fault === 'floods') return
    if (this.#fault === 'garbles') near.write(noise.subarray(0, Math.max(1, Math.min(noise.length, data.length))))
    else near.write(this.#fault === 'hot' ? heated(data) : data)
  }
}

const heat = 315

/** A reply of the room's sensor (Modbus TCP, registers from 0 on, the first in 0.1 °C) that tells 31.5 °C. */
function heated(reply: Buffer): Buffer {
  const registers = { at: 9, least: 11 }
  if (reply.length < registers.least || reply[7] !== 3) return reply
  const copy = Buffer.from(reply)
  copy.writeUInt16BE(heat, registers.at)
  return copy
}
