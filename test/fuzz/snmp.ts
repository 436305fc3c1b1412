import { createSocket, type Socket } from 'node:dgram'
import { oidBytes } from '../../collectors/snmp/ber.ts'
import { requestPdus } from '../../collectors/snmp/codec.ts'
import { variablesOf } from '../../collectors/snmp/message.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import type { SnmpSpec } from '../../collectors/snmp/schema.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import type { Point } from '../../src/model/probe.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { PollResult, Reading } from '../../src/model/reading.ts'
import { Secret } from '../../src/model/secret.ts'
import { Library } from '../collectors/snmp/library.ts'
import { at, prepare } from '../collectors/snmp/poll-snmp.ts'
import { answerOf, bound, element, idOf, oidsOf, pduTagOf, variable } from '../faults/agents.ts'
import { type Random, spoil } from './spoil.ts'
import { type FuzzedDevice, pollUntil, type Tally } from './tally.ts'
import { isSame } from './texts.ts'

/** One variable of the good agent: its value on the wire, and as a number. */
interface Held {
  readonly oid: string
  readonly bytes: Buffer
  readonly number: number
}

const base = '1.3.6.1.4.1.99'

function held(oid: string, tag: number, content: string, number: number): Held {
  return { oid: `${base}.${oid}`, bytes: element(tag, Buffer.from(content, 'hex')), number }
}

/** One of each type that has a number (RFC 2578 section 7.1, and net-snmp's Opaque float and double). */
const scalars: readonly Held[] = [
  held('1.1.0', 0x02, 'fb', -5),
  held('1.2.0', 0x02, '0144', 324),
  held('1.3.0', 0x41, '00ffffff38', 4_294_967_096),
  held('1.4.0', 0x42, '3b9aca00', 1_000_000_000),
  held('1.5.0', 0x43, '057e40', 360_000),
  held('1.6.0', 0x46, '0123456789abcd', 0x0123456789abcd),
  held('1.7.0', 0x44, '9f7804420d0000', 35.25),
  held('1.8.0', 0x44, '9f7908404b000000000000', 54),
  held('1.9.0', 0x04, Buffer.from('23.5 C').toString('hex'), 23.5),
  held('1.10.0', 0x04, Buffer.from('  -7,25').toString('hex'), -7.25),
]
const columns = ['2.1', '2.2', '2.3']
const rows = [1, 2, 3, 7, 19]
const table: readonly Held[] = columns.flatMap((column, i) =>
  rows.map((row) =>
    held(`${column}.${row}`, 0x42, `0${i + 1}${row.toString(16).padStart(2, '0')}`, 256 * (i + 1) + row),
  ),
)
const all = [...scalars, ...table]
const byOid = new Map(all.map((one) => [one.oid, one]))
/** What follows each OID that siteward may ask behind. */
const following = new Map([
  ...all.map(({ oid }, i) => [oid, all[i + 1]] as const),
  ...columns.map((column) => [`${base}.${column}`, byOid.get(`${base}.${column}.${rows[0]}`)] as const),
])

const noSuchInstance = element(0x81)
const endOfMibView = element(0x82)
const repetitions = 6

/** The answer of a good agent. */
function goodAnswer(request: Buffer): Buffer {
  const asked = oidsOf(request)
  if (pduTagOf(request) === requestPdus.get)
    return answerOf(request, ...asked.map((oid) => variable(oid, byOid.get(oid)?.bytes ?? noSuchInstance)))
  const variables: Buffer[] = []
  let last = asked
  for (let i = 0; i < repetitions; i++) {
    const next = last.map((oid) => following.get(oid) ?? { oid, bytes: endOfMibView })
    variables.push(...next.map(({ oid, bytes }) => variable(oid, bytes)))
    last = next.map(({ oid }) => oid)
  }
  return answerOf(request, ...variables)
}

const points: readonly Point<SnmpSpec>[] = [
  ...scalars.map(({ oid }) => at(oid, { oid })),
  ...columns.map((column) => at(`${base}.${column}`, { column: `${base}.${column}`, labels: { index: 'index' } })),
]

/** The OID that a reading is of. */
function oidOf({ series: { metric, labels } }: Reading): string {
  const { index } = labels
  return index === undefined ? metric.name : `${metric.name}.${index}`
}

/** The number that a value of the reference is. */
function numberOf(type: number, value: unknown): number {
  if (typeof value === 'number') return value
  if (!Buffer.isBuffer(value)) return Number.NaN
  if (type === 0x46) return Number(BigInt.asUintN(53, BigInt(`0x0${value.subarray(-8).toString('hex')}`)))
  if (type === 0x44) return value[1] === 0x78 ? value.readFloatBE(3) : value.readDoubleBE(3)
  return Number.parseFloat(value.toString('latin1').replaceAll('\0', '').trim().replace(',', '.'))
}

/** A reply with the id of the request that it is an answer to. */
interface Sent {
  readonly id: number
  readonly message: Buffer
}

/** RFC 3416 section 3: Null, and what stands where there is no value. */
const empty: readonly number[] = [0x05, 0x80, 0x81, 0x82]

/**
 * A message as the reference can read it: without what stands behind it in the datagram, and with octets in place of a
 * Null that has a content, behind which the library is lost. Values are as they were.
 */
function readable(message: Buffer): Buffer {
  const [, first = 0, second = 0, third = 0] = message
  const length = first < 0x80 ? 2 + first : first === 0x81 ? 3 + second : first === 0x82 ? 4 + second * 256 + third : 0
  const copy = Buffer.from(length === 0 ? message : message.subarray(0, length))
  const variables = variablesOf(copy)
  for (const { tag, value } of variables === 'encrypted' ? [] : variables) {
    if (!empty.includes(tag) || value.length === 0 || value.length > 0x7f) continue
    copy[value.byteOffset - copy.byteOffset - 2] = 0x04
  }
  return copy
}

/**
 * Whether a value stands in a message right behind an OID, by the letter of BER (X.690 section 8). The library refuses whole
 * replies for what is wrong elsewhere: an empty error-index, seven bytes of a type of 32 bits, bytes behind the list.
 */
function standsThere(message: Buffer, oid: string, value: number): boolean {
  const name = element(0x06, oidBytes(oid))
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    const [tag = 0, length = 0] = message.subarray(at + name.length)
    const content = message.subarray(at + name.length + 2, at + name.length + 2 + length)
    if (length > 0 && length < 0x80 && content.length === length && isSame(literal(tag, content), value)) return true
  }
  return false
}

function literal(tag: number, content: Buffer): number {
  if (tag === 0x04 || tag === 0x44 || tag === 0x46) return numberOf(tag, content)
  const signed = BigInt.asIntN(8 * content.length, BigInt(`0x${content.toString('hex')}`))
  return Number(tag === 0x02 ? signed : BigInt.asUintN(32, signed))
}

/** Whether a reading is what the good agent holds, or what net-snmp reads in one of these replies. */
function isRight(reading: Reading, sent: readonly Sent[], library: Library): boolean {
  const oid = oidOf(reading)
  const same = (number: number): boolean => isSame(number, reading.value)
  if (same(byOid.get(oid)?.number ?? Number.NaN)) return true
  return sent.some(
    ({ id, message }) =>
      library.decode(readable(message), id)?.some((one) => one.oid === oid && same(numberOf(one.type, one.value))) ??
      standsThere(message, oid, reading.value),
  )
}

/** An agent of v1 or v2c: each request gets a spoilt answer, and a good one behind it. */
class SpoilingAgent implements FuzzedDevice {
  readonly job
  readonly #socket: Socket
  readonly #tally: Tally
  readonly #library: Library
  /** What was sent during the poll that is under way. */
  #sent: Sent[] = []

  constructor(socket: Socket, version: '1' | '2c', random: Random, tally: Tally) {
    this.#socket = socket
    this.#tally = tally
    this.#library = new Library(version)
    const credential = { version, community: new Secret('public') }
    this.job = prepare(socket.address().port, points, credential, { timeout: '400ms', retries: 0 })
    socket.on('message', (request, { port }) => {
      const good = goodAnswer(request)
      const message = spoil(good, random)
      tally.replies++
      this.#sent.push({ id: idOf(request), message })
      socket.send(message, port, '127.0.0.1')
      socket.send(good, port, '127.0.0.1')
    })
  }

  readonly judge = (result: PollResult): void => {
    const sent = this.#sent
    this.#sent = []
    this.#tally.take(
      result,
      (reading) => isRight(reading, sent, this.#library),
      () => sent.map(({ message }) => message.toString('hex')).join(' '),
    )
  }

  close(): void {
    this.#socket.close()
  }
}

const agents = 24

/** Replies of v1 and v2c. */
export async function fuzzCommunity(count: number, seed: number, tally: Tally): Promise<void> {
  const devices = await Promise.all(
    Array.from({ length: agents }, async (_, i) => {
      const version = i % 4 === 0 ? '1' : '2c'
      return new SpoilingAgent(await bound(), version, seededRandom(seed + i), tally)
    }),
  )
  await pollUntil(count, tally, devices)
  for (const device of devices) device.close()
}

const user = {
  name: 'siteward',
  auth: { protocol: 'sha256', secret: 'canary-auth' },
  priv: { protocol: 'aes', secret: 'canary-priv' },
}
const credential = {
  version: 3,
  user: user.name,
  auth: { protocol: 'sha256', secret: new Secret(user.auth.secret) },
  priv: { protocol: 'aes', secret: new Secret(user.priv.secret) },
}
const uptime = { oid: '1.3.6.1.2.1.1.3.0', ticks: 360_000 }

/** Replies of v3, of which a spoilt one says nothing at all: its digest is wrong. */
export async function fuzzUsers(count: number, seed: number, tally: Tally): Promise<void> {
  const recording = parseRecording(`${uptime.oid}|67|${uptime.ticks}\n`, 'good.snmprec')
  if (!recording.ok) throw new Error('no recording')
  const simulator = await startSnmpSimulator({ recording: recording.value, users: [user] })
  const sockets: Socket[] = []
  const devices = await Promise.all(
    Array.from({ length: agents }, async (_, i): Promise<FuzzedDevice> => {
      const random = seededRandom(seed + i)
      const [near, far] = [await bound(), createSocket('udp4')]
      sockets.push(near, far)
      let client = 0
      near.on('message', (request, { port }) => {
        client = port
        far.send(request, simulator.port, '127.0.0.1')
      })
      far.on('message', (good) => {
        tally.replies++
        near.send(spoil(good, random), client, '127.0.0.1')
        near.send(good, client, '127.0.0.1')
      })
      const job = prepare(near.address().port, [at(uptime.oid, { oid: uptime.oid })], credential, {
        timeout: '400ms',
        retries: 0,
      })
      const judge = (result: PollResult): void =>
        tally.take(
          result,
          ({ value }) => value === uptime.ticks,
          () => 'v3',
        )
      return { job, judge }
    }),
  )
  await pollUntil(count, tally, devices)
  for (const socket of sockets) socket.close()
  await simulator.close()
}
