import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import modbusSerial from 'modbus-serial'
import type { Tap } from '../collector.ts'
import { dial } from '../names.ts'
import type { Range } from './batch.ts'
import type { Failure } from './failure.ts'
import { type Framing, guard } from './guard.ts'
import type { Link } from './link.ts'

type Client = InstanceType<typeof modbusSerial.default>

/** What became of a read. After `failed` the wire is closed. */
export type Answer =
  /** 16-bit words, or 0 and 1 for bits: exactly as many as were asked for. */
  | { readonly kind: 'words'; readonly words: readonly number[] }
  | { readonly kind: 'exception'; readonly code: number }
  /** `silent`: the other side closed before it said anything. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly silent: boolean }

/** How a wire is closed, and when it is. */
interface Ending {
  close(): void
  readonly closed: Promise<void>
}

interface Pending {
  readonly range: Range
  settle(answer: Answer): void
}

/** The longest answer: a header of 7 bytes and 253 of Modbus (RTU: 256). More is no Modbus. */
const longestAnswer = 260

/** One open connection or serial line. One read at a time; whoever reads again must have had the answer. */
export class Wire {
  readonly #client: Client
  readonly #framing: Framing
  readonly #ending: Ending
  #pending: Pending | undefined
  /** Bytes since the request went out. */
  #received = 0
  #head = Buffer.alloc(0)
  #open = true

  constructor(client: Client, stream: Duplex, framing: Framing, ending: Ending) {
    this.#client = client
    this.#framing = framing
    this.#ending = ending
    for (const event of ['close', 'error', 'end']) stream.on(event, () => this.#lost())
    // Before the library's own listener: what is no answer to the request must be told before it is believed.
    stream.prependListener('data', (data: Buffer) => this.#hear(data))
  }

  /** Whether it can be read from. False once it is closed, or when bytes came that nobody had asked for. */
  get usable(): boolean {
    return this.#open
  }

  /** Bytes that came since the request went out. */
  get received(): number {
    return this.#received
  }

  /** Resolves with the answer; never by itself when none comes: the caller closes the wire at its deadline. */
  read(range: Range): Promise<Answer> {
    return new Promise((resolve) => {
      this.#received = 0
      this.#head = Buffer.alloc(0)
      const settle = (answer: Answer): void => {
        this.#pending = undefined
        resolve(answer)
      }
      if (!this.#open) return settle(closedByPeer(true))
      const pending = { range, settle }
      this.#pending = pending
      const { unit, start, count } = range
      const hear = (error: unknown, result: { data: readonly (number | boolean)[] } | undefined): void => {
        if (this.#pending !== pending) return
        this.#answered(range, error, result?.data ?? [])
      }
      // "writeFC" is the library's word for sending a request: these four are its reads. They carry the unit with them,
      // where setID() is state that two devices on one wire would share.
      if (range.code === 1) this.#client.writeFC1(unit, start, count, hear)
      else if (range.code === 2) this.#client.writeFC2(unit, start, count, hear)
      else if (range.code === 3) this.#client.writeFC3(unit, start, count, hear)
      else this.#client.writeFC4(unit, start, count, hear)
    })
  }

  /** Closes it, whatever is under way; resolves when the port is free again. */
  close(): Promise<void> {
    this.#open = false
    this.#ending.close()
    return this.#ending.closed
  }

  #hear(data: Buffer): void {
    this.#received += data.length
    if (this.#pending === undefined) {
      // Nobody asked: a late or doubled answer, or noise. It could be taken for the next answer, so no more reads here.
      this.#open = false
      return
    }
    if (this.#received > longestAnswer) {
      this.#fail('more bytes came than a Modbus answer has')
      return
    }
    if (this.#framing === 'rtu' || this.#head.length >= 8) return
    this.#head = Buffer.concat([this.#head, data]).subarray(0, 8)
    const wrong = this.#head.length < 8 ? undefined : wrongHead(this.#head, this.#pending.range)
    if (wrong !== undefined) this.#fail(wrong)
  }

  #answered(range: Range, error: unknown, data: readonly (number | boolean)[]): void {
    const isException = typeof error === 'object' && error !== null && 'modbusCode' in error
    if (isException && typeof error.modbusCode === 'number') {
      this.#settleWhole(5, { kind: 'exception', code: error.modbusCode })
      return
    }
    // Bits come padded to whole bytes.
    const bytes = range.code <= 2 ? Math.ceil(range.count / 8) : range.count * 2
    if (error || data.length !== (range.code <= 2 ? bytes * 8 : range.count)) {
      this.#fail('an answer came that does not fit the request')
      return
    }
    this.#settleWhole(5 + bytes, { kind: 'words', words: data.slice(0, range.count).map(Number) })
  }

  /** Settles with a good answer of `length` bytes as an RTU frame; more bytes than that spoil the wire for later. */
  #settleWhole(length: number, answer: Answer): void {
    if (this.#received > (this.#framing === 'mbap' ? length + 4 : length)) this.#open = false
    this.#pending?.settle(answer)
  }

  #fail(detail: string): void {
    const hint = this.#framing === 'mbap' ? 'is it Modbus TCP?' : 'check baud, parity and the wiring'
    const failure = { kind: 'protocol', detail: `${detail}; ${hint}` } as const
    this.#pending?.settle({ kind: 'failed', failure, silent: false })
    void this.close()
  }

  #lost(): void {
    this.#open = false
    this.#ending.close()
    this.#pending?.settle(closedByPeer(this.#received === 0))
  }
}

function closedByPeer(silent: boolean): Answer {
  const detail = 'the connection was ended before the answer; another master may hold the device, or it restarts'
  return { kind: 'failed', failure: { kind: 'refused', detail }, silent }
}

/** The library takes any protocol and reads any length; what cannot be an answer to `range` is told here. */
function wrongHead(head: Buffer, { unit, code }: Range): string | undefined {
  const length = head.readUInt16BE(4)
  if (head.readUInt16BE(2) !== 0) return 'an answer of another protocol came'
  if (length < 3 || length > 254) return `an answer came that says it has ${length} bytes`
  if (head[6] !== unit) return `unit ${head[6]} answered in place of unit ${unit}`
  const answered = head[7] ?? 0
  return (answered & 0x7f) === code ? undefined : `function code ${answered} came as the answer to ${code}`
}

/** A link on its way to be open. */
export interface Opening {
  /** Rejects with the system's error. */
  readonly opened: Promise<Wire>
  /** Gives everything back, however far it has come. */
  abandon(): void
}

/** Starts to open a link; `tap` is told every request and answer. */
export function openWire(link: Link, tap?: Tap): Opening {
  return link.kind === 'tcp' ? openTcp(link, tap) : openSerial(link, tap)
}

function openTcp({ host, port, framing }: Extract<Link, { kind: 'tcp' }>, tap: Tap | undefined): Opening {
  const socket = dial(host, port)
  const close = (): void => {
    socket.destroy()
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
  const open = async (): Promise<Wire> => {
    await connected
    if (tap !== undefined) listen(socket, tap)
    guard(socket, framing)
    const client = makeClient()
    const wire = new Wire(client, socket, framing, { close, closed })
    await (framing === 'mbap' ? client.linkTCP(socket, { port }) : client.linkTelnet(socket, { port }))
    return wire
  }
  return { opened: open(), abandon: close }
}

function openSerial(
  { path, baud, parity, dataBits, stopBits }: Extract<Link, { kind: 'serial' }>,
  tap: Tap | undefined,
): Opening {
  const client = makeClient()
  let isAbandoned = false
  const open = async (): Promise<Wire> => {
    const connected = client.connectRTUBuffered(path, { baudRate: baud, parity, dataBits, stopBits })
    const stream = streamOf(client)
    await connected
    const ending = serialEnding(client)
    // Should the library hide its stream some day, nothing is sent rather than something unguarded.
    if (isAbandoned || stream === undefined) {
      ending.close()
      throw new Error(isAbandoned ? 'abandoned' : 'no stream under the client')
    }
    if (tap !== undefined) listen(stream, tap)
    guard(stream, 'rtu')
    return new Wire(client, stream, 'rtu', ending)
  }
  return {
    opened: open(),
    abandon: () => {
      isAbandoned = true
    },
  }
}

/** Tells a tap what goes out on a stream and what comes in. */
function listen(stream: Duplex, tap: Tap): void {
  const write: unknown = stream.write
  if (typeof write !== 'function') throw new TypeError('a stream can be written to')
  const told = (chunk: unknown, ...rest: readonly unknown[]): boolean => {
    if (chunk instanceof Uint8Array) tap({ way: 'sent', bytes: chunk })
    return Boolean(Reflect.apply(write, stream, [chunk, ...rest]))
  }
  Object.defineProperty(stream, 'write', { value: told, writable: true })
  stream.on('data', (data: Buffer) => tap({ way: 'received', bytes: data }))
}

function serialEnding(client: Client): Ending {
  let close = (): void => {}
  const closed = new Promise<void>((resolve) => {
    close = () => {
      close = () => {}
      client.close(() => resolve())
    }
  })
  return { close: () => close(), closed }
}

/** A client that no error event can end the process through, and that leaves deadlines to us. */
function makeClient(): Client {
  const client = new modbusSerial.default()
  client.on('error', () => {})
  return client
}

/** The serial port under a client: the library has no other way to it. */
function streamOf(client: Client): Duplex | undefined {
  const port: unknown = Reflect.get(client, '_port')
  if (!(port instanceof EventEmitter)) return undefined
  // It passes on the stream's errors also when the client listens no longer.
  port.on('error', () => {})
  const stream: unknown = Reflect.get(port, '_client')
  return stream instanceof Duplex ? stream : undefined
}
