import { createServer, type Server, type Socket } from 'node:net'

/** How many registers a request asks for stands behind header, function code and address (Modbus TCP/IP V1.0b, 3.1.3). */
const countAt = 10

/** A gateway with RS-485 units behind it that tells who reads what. */
export class Gateway {
  port = 0
  /** Every unit that was read since `forget`. */
  readonly reads = new Set<number>()
  readonly #open = new Set<Socket>()
  readonly #server: Server

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#open.delete(socket))
      socket.on('data', (request) => this.#answer(socket, request))
    })
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        this.port = typeof address === 'object' && address !== null ? address.port : 0
        resolve()
      })
    })
  }

  /** How many masters are connected now. */
  get masters(): number {
    return this.#open.size
  }

  forget(): void {
    this.reads.clear()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }

  #answer(socket: Socket, request: Buffer): void {
    const unit = request[6] ?? 0
    this.reads.add(unit)
    const count = request.readUInt16BE(countAt)
    const reply = Buffer.alloc(9 + count * 2)
    request.copy(reply, 0, 0, 8)
    reply.writeUInt16BE(3 + count * 2, 4)
    reply[8] = count * 2
    // 24.1 °C and 55.2 %RH, as the shipped probe scales them.
    for (let i = 0; i < count; i++) reply.writeUInt16BE(i === 0 ? 241 : 552, 9 + i * 2)
    socket.write(reply)
  }
}
