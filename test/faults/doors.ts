import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Patient } from './course.ts'

/** A connection that was made to a door, or lasted until it fell ill. */
export interface Visit {
  readonly socket: Socket
  /** The connection to the good device behind the door. */
  good(): Socket
}

/** What is done with each piece of what comes over a connection; `first` also when it is made. */
export interface Illness {
  visited?(visit: Visit): void
  heard?(data: Buffer, visit: Visit, index: number): void
  /** What becomes of the connections there are when it falls ill; they stay when absent. */
  struck?(socket: Socket): void
}

/** The TCP door of a device: what comes goes to a good one behind it, until it falls ill. */
export class Door implements Patient {
  readonly name: string
  readonly entry: string
  /** All that was ever sent to it, but at most a megabyte. */
  readonly heard: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #illness: Illness
  readonly #target: number
  #isIll = false
  #index = 0
  #kept = 0

  private constructor(name: string, server: Server, target: number, entry: string, illness: Illness) {
    this.name = name
    this.#server = server
    this.#target = target
    this.#illness = illness
    this.entry = `address: '127.0.0.1:${portOf(server)}', ${entry}`
    server.on('connection', (socket) => this.#welcome(socket))
  }

  /** A door in front of a device on a port of 127.0.0.1; `entry` is the rest of the device's. */
  static async open(name: string, target: number, entry: string, illness: Illness): Promise<Door> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Door(name, server, target, entry, illness)
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size
  }

  fall(): void {
    this.#isIll = true
    for (const socket of this.#sockets) this.#illness.struck?.(socket)
  }

  recover(): void {
    // What was mistreated stays so: siteward has to give it up by itself.
    this.#isIll = false
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket)
    let behind: Socket | undefined
    const good = (): Socket => {
      behind ??= this.#behind(socket)
      return behind
    }
    const visit = { socket, good }
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      behind?.destroy()
    })
    socket.on('data', (data) => {
      this.#kept += data.length
      if (this.#kept < 1_000_000) this.heard.push(data)
      if (this.#isIll && this.#illness.heard !== undefined) this.#illness.heard(data, visit, this.#index++)
      else if (!this.#isIll || this.#illness.visited === undefined) good().write(data)
    })
    if (this.#isIll) this.#illness.visited?.(visit)
    // SSH's server speaks first.
    else good()
  }

  #behind(socket: Socket): Socket {
    const behind = connect(this.#target, '127.0.0.1')
    behind.on('error', () => socket.destroy())
    behind.on('close', () => socket.end())
    behind.on('data', (data) => socket.write(data))
    return behind
  }
}

/** An illness in which somebody else answers: whoever comes is led to another port, and who is there is sent away. */
export function leadingTo(port: number): Illness {
  return {
    visited: ({ socket }) => {
      const other = connect(port, '127.0.0.1')
      other.on('error', () => socket.destroy())
      socket.on('close', () => other.destroy())
      socket.pipe(other).pipe(socket)
    },
    struck: (socket) => void socket.destroy(),
  }
}

/** The port that a server was given. */
export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
