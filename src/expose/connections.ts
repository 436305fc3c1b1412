import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../model/clock.ts'

/** What all clients together may cost. */
export interface ConnectionLimits {
  /** Open at once; of one address, so that no machine takes all. */
  readonly connections: number
  readonly ofOneAddress: number
  /** Requests that a client may send before it has the answer to the first. */
  readonly requestsAhead: number
  /** Bytes of answers that nobody has taken yet. */
  readonly bytes: number
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly reading: Milliseconds
}

/** What a connection does; one that comes first here is worth less, and is cut off sooner. */
const doings = ['idle', 'read from', 'worked for'] as const

type Doing = (typeof doings)[number]

/** A client's connection. It answers one request after the other, whatever the client sends ahead. */
export class Connection {
  readonly address: string
  readonly #clock: Clock
  readonly #requestsAhead: number
  /** The one that is closed when it is cut off: with TLS, that of TLS. */
  #socket: Socket
  #doing: Doing = 'idle'
  #since: Milliseconds
  #bytes = 0
  #requests = 0
  #last: Promise<void> = Promise.resolve()

  constructor(socket: Socket, clock: Clock, requestsAhead: number) {
    this.address = socket.remoteAddress ?? ''
    this.#socket = socket
    this.#clock = clock
    this.#requestsAhead = requestsAhead
    this.#since = clock.now().mono
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** Bytes of an answer that it has not taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** How little it is worth: the larger, the less. Whoever does nothing, and that for longest, is worth least. */
  get idleness(): readonly [rank: number, time: Milliseconds] {
    return [doings.length - doings.indexOf(this.#doing), this.#clock.now().mono - this.#since]
  }

  /** For how long a piece of an answer has waited to be taken. */
  get untakenFor(): Milliseconds {
    return this.#doing === 'read from' ? this.#clock.now().mono - this.#since : 0
  }

  /** It speaks TLS from now on. */
  secured(socket: Socket): void {
    this.#socket = socket
    this.#does('idle')
  }

  /** Answers a request when those before it are answered; one that sends too many ahead is cut off. */
  answer(work: () => Promise<void>): void {
    if (++this.#requests > this.#requestsAhead) {
      this.cut()
      return
    }
    this.#last = this.#last.then(async () => {
      if (this.isOpen) {
        this.#does('worked for')
        await work()
      }
      this.#requests--
      this.#does('idle')
    })
  }

  /** Hands bytes on; `taken` is resolved when the client's side has them, or has gone. */
  async give(bytes: number, taken: Promise<void>): Promise<void> {
    this.#bytes = bytes
    this.#does('read from')
    await taken
    this.#bytes = 0
    this.#does('worked for')
  }

  cut(): void {
    this.#socket.destroy()
  }

  #does(doing: Doing): void {
    this.#doing = doing
    this.#since = this.#clock.now().mono
  }
}

/**
 * All connections of the server. A new one is always taken: where it is one too many, the one that is worth least goes, of
 * its own address where that has more than its share. So clients that hold connections, and do nothing with them, keep
 * nobody out.
 */
export class Connections {
  readonly #limits: ConnectionLimits
  readonly #clock: Clock
  /** By address and port of the client: with TLS there are two sockets of one connection. */
  readonly #open = new Map<string, Connection>()

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  add(socket: Socket): void {
    const key = keyOf(socket)
    const connection = new Connection(socket, this.#clock, this.#limits.requestsAhead)
    const all = [...this.#open.values()].filter(({ isOpen }) => isOpen)
    const ofAddress = all.filter(({ address }) => address === connection.address)
    if (ofAddress.length >= this.#limits.ofOneAddress) cutLeast(ofAddress)
    else if (all.length >= this.#limits.connections) cutLeast(all)
    this.#open.set(key, connection)
    socket.once('close', () => {
      if (this.#open.get(key) === connection) this.#open.delete(key)
    })
  }

  /** The connection of a socket; undefined where the client has gone. */
  of(socket: Socket): Connection | undefined {
    return this.#open.get(keyOf(socket))
  }

  /** Makes room for bytes that wait to be taken: whoever has taken none for longest is cut off. */
  makeRoom(bytes: number): void {
    const holding = [...this.#open.values()].filter((one) => one.isOpen && one.bytes > 0)
    let held = holding.reduce((sum, one) => sum + one.bytes, bytes)
    if (held <= this.#limits.bytes) return
    for (const one of holding.sort((a, b) => b.untakenFor - a.untakenFor)) {
      if (held <= this.#limits.bytes) return
      held -= one.bytes
      one.cut()
    }
  }

  /** Cuts off whoever takes nothing of an answer. */
  sweep(): void {
    for (const one of this.#open.values()) if (one.untakenFor > this.#limits.reading) one.cut()
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function cutLeast(connections: readonly Connection[]): void {
  const [least] = connections
    .map((one) => ({ one, idleness: one.idleness }))
    .sort((a, b) => b.idleness[0] - a.idleness[0] || b.idleness[1] - a.idleness[1])
  least?.one.cut()
}
