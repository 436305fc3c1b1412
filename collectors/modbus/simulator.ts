import { createServer, type Server, type Socket } from 'node:net'

/** The four tables of the Modbus data model. */
export type SimulatedTable = 'holding' | 'input' | 'coil' | 'discrete'

/** What one unit holds, by wire address: words of 16 bits, or 0 and 1 for coils and discrete inputs. */
export type SimulatedUnit = { readonly [Table in SimulatedTable]?: Map<number, number> }

/** `silent` answers nothing, `reset` ends the connection at each request, `exception` refuses with `exceptionCode`. */
export type SimulatorMode = 'normal' | 'silent' | 'reset' | 'exception'

export interface SimulatorOptions {
  readonly units: ReadonlyMap<number, SimulatedUnit>
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** RTU frames with CRC on TCP in place of MBAP. */
  readonly rtuOverTcp?: boolean
}

/** A running simulator. */
export interface ModbusSimulator {
  readonly host: string
  readonly port: number
  mode: SimulatorMode
  /** What `exception` mode answers; 4 (device failure) unless set. */
  exceptionCode: number
  /** Puts words at consecutive addresses; a unit that was not there is made. */
  set(unit: number, table: SimulatedTable, address: number, words: readonly number[]): void
  /** Requests so far, of any function code. */
  requests(): number
  /** Requests that were no reads (function codes other than 1-4): a read-only client leaves it at 0. */
  refused(): number
  close(): Promise<void>
}

/** Modbus Application Protocol V1.1b3, 6.1-6.4: what a read may ask for at most. */
const reads: Readonly<
  Record<number, { readonly table: SimulatedTable; readonly most: number; readonly bits: boolean }>
> = {
  1: { table: 'coil', most: 2000, bits: true },
  2: { table: 'discrete', most: 2000, bits: true },
  3: { table: 'holding', most: 125, bits: false },
  4: { table: 'input', most: 125, bits: false },
}

const longestFrame = 260
const mostConnections = 64

/** Serves units over Modbus TCP, or RTU over TCP; rejects when the port cannot be had. */
export async function startModbusSimulator(options: SimulatorOptions): Promise<ModbusSimulator> {
  const bank = new Bank(options.units)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.setNoDelay()
    if (options.rtuOverTcp === true) serveRtu(socket, bank)
    else serveTcp(socket, bank)
  })
  server.maxConnections = mostConnections
  const host = options.host ?? '127.0.0.1'
  const port = await listen(server, host, options.port ?? 0)
  return Object.assign(bank, {
    host,
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  })
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      server.on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** The units and their answers, whatever the framing. */
class Bank {
  mode: SimulatorMode = 'normal'
  exceptionCode = 4
  readonly #units = new Map<number, Record<SimulatedTable, Map<number, number>>>()
  #requests = 0
  #refused = 0

  constructor(units: ReadonlyMap<number, SimulatedUnit>) {
    for (const [unit, { holding, input, coil, discrete }] of units) {
      this.#units.set(unit, {
        holding: holding ?? new Map(),
        input: input ?? new Map(),
        coil: coil ?? new Map(),
        discrete: discrete ?? new Map(),
      })
    }
  }

  set(unit: number, table: SimulatedTable, address: number, words: readonly number[]): void {
    const tables = this.#units.get(unit) ?? {
      holding: new Map(),
      input: new Map(),
      coil: new Map(),
      discrete: new Map(),
    }
    this.#units.set(unit, tables)
    for (const [index, word] of words.entries()) tables[table].set(address + index, word & 0xffff)
  }

  requests(): number {
    return this.#requests
  }

  refused(): number {
    return this.#refused
  }

  /** The answer to a request (function code and data); `nobody` when no such unit is there. */
  answer(unit: number, request: Buffer): Buffer | 'nobody' | 'silent' | 'reset' {
    this.#requests++
    const code = request[0] ?? 0
    const read = reads[code]
    if (read === undefined) this.#refused++
    if (this.mode === 'silent' || this.mode === 'reset') return this.mode
    if (this.mode === 'exception') return exception(code, this.exceptionCode)
    const tables = this.#units.get(unit)
    if (tables === undefined) return 'nobody'
    if (read === undefined) return exception(code, 1)
    if (request.length !== 5) return exception(code, 3)
    const count = request.readUInt16BE(3)
    if (count < 1 || count > read.most) return exception(code, 3)
    const words = wordsOf(tables[read.table], request.readUInt16BE(1), count)
    if (words === undefined) return exception(code, 2)
    const data = read.bits ? packBits(words) : packWords(words)
    return Buffer.concat([Buffer.from([code, data.length]), data])
  }
}

function exception(code: number, reason: number): Buffer {
  return Buffer.from([code | 0x80, reason])
}

function wordsOf(table: ReadonlyMap<number, number>, start: number, count: number): readonly number[] | undefined {
  const words: number[] = []
  for (let address = start; address < start + count; address++) {
    const word = table.get(address)
    if (word === undefined) return undefined
    words.push(word)
  }
  return words
}

function packWords(words: readonly number[]): Buffer {
  const data = Buffer.alloc(words.length * 2)
  for (const [index, word] of words.entries()) data.writeUInt16BE(word & 0xffff, index * 2)
  return data
}

function packBits(bits: readonly number[]): Buffer {
  const data = Buffer.alloc(Math.ceil(bits.length / 8))
  for (const [index, bit] of bits.entries()) {
    if (bit !== 0) data[index >> 3] = (data[index >> 3] ?? 0) | (1 << (index & 7))
  }
  return data
}

/** MBAP: transaction, protocol 0, length, unit, then the request. Whatever is none ends the connection. */
function serveTcp(socket: Socket, bank: Bank): void {
  let received = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    while (received.length >= 8) {
      const length = received.readUInt16BE(4)
      if (received.readUInt16BE(2) !== 0 || length < 2 || length > 254) {
        socket.destroy()
        return
      }
      if (received.length < 6 + length) return
      const head = received.subarray(0, 7)
      const request = received.subarray(7, 6 + length)
      const answer = bank.answer(received[6] ?? 0, request)
      received = received.subarray(6 + length)
      // A gateway says 0x0B for a unit that does not answer on its bus.
      send(socket, answer === 'nobody' ? exception(request[0] ?? 0, 0x0b) : answer, (reply) => mbap(head, reply))
    }
  })
}

function mbap(head: Buffer, reply: Buffer): Buffer {
  const frame = Buffer.concat([head, reply])
  frame.writeUInt16BE(1 + reply.length, 4)
  return frame
}

/** RTU: unit, request, CRC. A frame is the shortest run of bytes whose CRC is right. */
function serveRtu(socket: Socket, bank: Bank): void {
  let received = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    for (let end = frameEnd(received); end !== undefined; end = frameEnd(received)) {
      const unit = received[0] ?? 0
      const answer = bank.answer(unit, received.subarray(1, end - 2))
      received = received.subarray(end)
      // On a bus nobody answers for a unit that is not there.
      send(socket, answer === 'nobody' ? 'silent' : answer, (reply) => withCrc(Buffer.from([unit, ...reply])))
    }
    if (received.length > longestFrame) received = Buffer.alloc(0)
  })
}

function send(socket: Socket, answer: Buffer | 'silent' | 'reset', frame: (reply: Buffer) => Buffer): void {
  if (answer === 'silent') return
  if (answer === 'reset') socket.resetAndDestroy()
  else if (socket.writable) socket.write(frame(answer))
}

/** CRC-16 of Modbus over Serial Line V1.02, 6.2.2: polynomial 0xA001 reflected, from 0xFFFF; low byte first on the wire. */
function crcStep(crc: number, byte: number): number {
  let next = crc ^ byte
  for (let bit = 0; bit < 8; bit++) next = (next & 1) === 1 ? (next >>> 1) ^ 0xa001 : next >>> 1
  return next
}

function withCrc(body: Buffer): Buffer {
  let crc = 0xffff
  for (const byte of body) crc = crcStep(crc, byte)
  return Buffer.concat([body, Buffer.from([crc & 0xff, crc >>> 8])])
}

/** Where the first frame ends; over a frame and its CRC the CRC is 0. */
function frameEnd(received: Buffer): number | undefined {
  let crc = 0xffff
  for (let index = 0; index < Math.min(received.length, longestFrame); index++) {
    crc = crcStep(crc, received[index] ?? 0)
    if (crc === 0 && index >= 3) return index + 1
  }
  return undefined
}
