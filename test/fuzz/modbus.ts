import { createServer, type Socket } from 'node:net'
import type { DeviceOptions, PointSpec } from '../../collectors/modbus/schema.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { jobOf, withCrc } from '../collectors/modbus/polling.ts'
import { portOf } from '../faults/doors.ts'
import { below, type Random, spoil } from './spoil.ts'
import { type FuzzedDevice, pollUntil, type Tally } from './tally.ts'
import { isSame } from './texts.ts'

/** A value of the good device: the table that it is in (by function code), where, and how it is read of its bytes. */
interface Held {
  readonly spec: PointSpec
  readonly code: number
  readonly start: number
  readonly words: number
  read(bytes: Buffer): number
}

const held: readonly Held[] = [
  { spec: { register: 0, type: 'int16' }, code: 3, start: 0, words: 1, read: (bytes) => bytes.readInt16BE(0) },
  { spec: { register: 1 }, code: 3, start: 1, words: 1, read: (bytes) => bytes.readUInt16BE(0) },
  { spec: { register: 2, type: 'uint32' }, code: 3, start: 2, words: 2, read: (bytes) => bytes.readUInt32BE(0) },
  { spec: { register: 4, type: 'float32' }, code: 3, start: 4, words: 2, read: (bytes) => bytes.readFloatBE(0) },
  {
    spec: { register: 6, type: 'int32', word_order: 'cdab' },
    code: 3,
    start: 6,
    words: 2,
    read: (bytes) => (bytes.readUInt16BE(2) << 16) | bytes.readUInt16BE(0),
  },
  { spec: { input_register: 0, type: 'float64' }, code: 4, start: 0, words: 4, read: (bytes) => bytes.readDoubleBE(0) },
  ...[0, 1, 9].map((coil) => bit({ coil }, 1, coil)),
  ...[0, 4].map((input) => bit({ discrete_input: input }, 2, input)),
]

function bit(spec: PointSpec, code: number, start: number): Held {
  return { spec, code, start, words: 1, read: (bytes) => bytes.readUInt16BE(0) }
}

/** What the good device holds in a table, word by word, or bit by bit. */
function wordAt(code: number, address: number): number {
  return code <= 2 ? address % 2 : (0x4100 + address * 0x0123) & 0xffff
}

/** What is asked: the unit, the function code, and from where how many words or bits. */
interface Asked {
  readonly unit: number
  readonly code: number
  readonly start: number
  readonly count: number
}

/** A right answer without its frame (Modbus Application Protocol V1.1b3, 6.1-6.4). */
function goodAnswer({ unit, code, start, count }: Asked): readonly number[] {
  const words = Array.from({ length: count }, (_, i) => wordAt(code, start + i))
  if (code > 2) return [unit, code, 2 * count, ...words.flatMap((word) => [word >> 8, word & 0xff])]
  const bytes = Array.from({ length: Math.ceil(count / 8) }, (_, at) =>
    words.slice(8 * at, 8 * at + 8).reduce((byte, one, i) => byte | (one << i), 0),
  )
  return [unit, code, bytes.length, ...bytes]
}

/** The words of an answer by the letter of the specification; undefined where it is none to this request. */
function wordsOf(answer: Buffer, { unit, code, count }: Asked): readonly number[] | undefined {
  const length = code > 2 ? 2 * count : Math.ceil(count / 8)
  if (answer.length < 3 + length || answer[0] !== unit || answer[1] !== code || answer[2] !== length) return undefined
  const data = answer.subarray(3, 3 + length)
  return Array.from({ length: count }, (_, i) =>
    code > 2 ? data.readUInt16BE(2 * i) : ((data[i >> 3] ?? 0) >> (i % 8)) & 1,
  )
}

/** The two ways in which an answer is wrapped. */
interface Wrapping {
  readonly transport: NonNullable<DeviceOptions['transport']>
  asked(request: Buffer): Asked
  wrap(answer: readonly number[], request: Buffer): Buffer
  /** What of the bytes that were sent may be an answer, wherever it begins: noise may come before it, or half a frame. */
  answers(sent: Buffer, request: Buffer, asked: Asked): readonly Buffer[]
}

const askedAt = (request: Buffer, at: number): Asked => ({
  unit: request[at] ?? 0,
  code: request[at + 1] ?? 0,
  start: request.readUInt16BE(at + 2),
  count: request.readUInt16BE(at + 4),
})

/** Modbus Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol 0, length. */
const mbap: Wrapping = {
  transport: 'tcp',
  asked: (request) => askedAt(request, 6),
  wrap(answer, request) {
    const head = Buffer.from([request[0] ?? 0, request[1] ?? 0, 0, 0, 0, answer.length])
    return Buffer.concat([head, Buffer.from(answer)])
  },
  answers(sent, request) {
    const places = Array.from({ length: Math.max(0, sent.length - 5) }, (_, at) => at)
    return places
      .filter((at) => sent.readUInt16BE(at) === request.readUInt16BE(0) && sent.readUInt16BE(at + 2) === 0)
      .map((at) => sent.subarray(at + 6, at + 6 + sent.readUInt16BE(at + 4)))
  },
}

/** Modbus over Serial Line V1.02, 2.5.1: the answer and its CRC. */
const rtu: Wrapping = {
  transport: 'rtu_over_tcp',
  asked: (request) => askedAt(request, 0),
  wrap: (answer) => withCrc(...answer),
  answers(sent, _request, { code, count }) {
    const length = 3 + (code > 2 ? 2 * count : Math.ceil(count / 8))
    const places = Array.from({ length: Math.max(0, sent.length - length - 1) }, (_, at) => at)
    return places
      .map((at) => sent.subarray(at, at + length))
      .filter((answer, at) => withCrc(...answer).equals(sent.subarray(at, at + length + 2)))
  },
}

/** Words that the reference has read of what was sent. */
interface Known extends Asked {
  readonly words: readonly number[]
}

/** A device whose answers are spoilt, most of them; a connection over which such a one went is ended soon after. */
class SpoilingDevice implements FuzzedDevice {
  readonly job
  readonly #wrapping: Wrapping
  readonly #random: Random
  readonly #tally: Tally
  #known: Known[] = []
  #sent: string[] = []

  constructor(address: string, wrapping: Wrapping, random: Random, tally: Tally) {
    this.#wrapping = wrapping
    this.#random = random
    this.#tally = tally
    const options = { transport: wrapping.transport, request_timeout: '100ms' }
    this.job = jobOf(
      address,
      held.map(({ spec }) => spec),
      options,
    ).job
  }

  answer(request: Buffer, socket: Socket): void {
    const { asked, wrap, answers } = this.#wrapping
    const question = asked(request)
    const good = wrap(goodAnswer(question), request)
    const isSpoilt = this.#random() < 0.7
    const sent = isSpoilt ? spoil(good, this.#random) : good
    this.#tally.replies++
    this.#sent.push(`${request.toString('hex')} ${sent.toString('hex')}`)
    for (const answer of answers(sent, request, question)) {
      const words = wordsOf(answer, question)
      if (words !== undefined) this.#known.push({ ...question, words })
    }
    this.#send(sent, socket)
    if (isSpoilt) setTimeout(() => socket.destroy(), 3)
  }

  readonly judge = (result: PollResult): void => {
    const [known, sent] = [this.#known, this.#sent]
    this.#known = []
    this.#sent = []
    this.#tally.take(
      result,
      (reading) => isRight(reading, known),
      () => sent.join(', '),
    )
  }

  /** Now and then in two pieces. */
  #send(sent: Buffer, socket: Socket): void {
    const at = this.#random() < 0.1 ? below(sent.length + 1, this.#random) : sent.length
    socket.write(sent.subarray(0, at))
    if (at < sent.length) setImmediate(() => socket.write(sent.subarray(at)))
  }
}

function isRight({ series, value }: Reading, known: readonly Known[]): boolean {
  const one = held[Number(series.labels['at'])]
  if (one === undefined) return false
  return known.some(({ code, start, words }) => {
    const from = one.start - start
    if (code !== one.code || from < 0 || from + one.words > words.length) return false
    const bytes = Buffer.alloc(8)
    for (let i = 0; i < one.words; i++) bytes.writeUInt16BE(words[from + i] ?? 0, 2 * i)
    // A float of 32 bits is read with as many digits as it has.
    return isSame(one.read(bytes), value) || (one.spec.type === 'float32' && Math.fround(value) === one.read(bytes))
  })
}

const devices = 48

/** Answers in both framings. */
export async function fuzzModbus(count: number, seed: number, tally: Tally): Promise<void> {
  const byAddress = new Map<string, SpoilingDevice>()
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (request) => byAddress.get(socket.localAddress ?? '')?.answer(request, socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server)
  server.close()
  // Each device at an address of its own: the ports of one would be used up by connections that have ended.
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve))
  for (let i = 0; i < devices; i++) {
    const address = `127.30.0.${i + 1}`
    const wrapping = i % 3 === 0 ? rtu : mbap
    byAddress.set(address, new SpoilingDevice(`${address}:${port}`, wrapping, seededRandom(seed + i), tally))
  }
  await pollUntil(count, tally, [...byAddress.values()])
  server.close()
}
