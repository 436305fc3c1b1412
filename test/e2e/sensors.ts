import { createServer, type Server, type Socket } from 'node:net'

/** How many registers a request asks for stands behind header, function code and address (Modbus TCP/IP V1.0b, 3.1.3). */
const countAt = 10

/** One sensor of temperature and humidity, on an address of its own. */
export interface Sensor {
  celsius: number
  connections: number
  /** When it was read (performance.now). */
  readonly reads: number[]
}

/** Sensors that speak Modbus TCP, one on each loopback address that somebody connects to; each tells who reads it when. */
export class Sensors {
  port = 0
  readonly #sensors = new Map<string, Sensor>()
  readonly #open = new Set<Socket>()
  readonly #server: Server

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      const sensor = this.at(socket.localAddress ?? '')
      sensor.connections++
      this.#open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#open.delete(socket))
      socket.on('data', (request) => answer(socket, request, sensor))
    })
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, '0.0.0.0', () => {
        const address = this.#server.address()
        this.port = typeof address === 'object' && address !== null ? address.port : 0
        resolve()
      })
    })
  }

  /** The sensor at an address of 127.0.0.0/8. */
  at(address: string): Sensor {
    const known = this.#sensors.get(address)
    if (known !== undefined) return known
    const sensor: Sensor = { celsius: 24, connections: 0, reads: [] }
    this.#sensors.set(address, sensor)
    return sensor
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }
}

function answer(socket: Socket, request: Buffer, sensor: Sensor): void {
  sensor.reads.push(performance.now())
  const count = request.readUInt16BE(countAt)
  const reply = Buffer.alloc(9 + count * 2)
  request.copy(reply, 0, 0, 8)
  reply.writeUInt16BE(3 + count * 2, 4)
  reply[8] = count * 2
  for (let i = 0; i < count; i++) reply.writeUInt16BE(i === 0 ? Math.round(sensor.celsius * 10) : 552, 9 + i * 2)
  socket.write(reply)
}
