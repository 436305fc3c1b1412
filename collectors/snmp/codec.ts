import {
  type Element,
  elementAt,
  headSize,
  isOidContent,
  lengthAt,
  oidBytes,
  oidText,
  sizeOfLength,
  writeHead,
} from './ber.ts'
import { endOfMibView, noSuchInstance, noSuchObject, opaqueBytes, opaqueNumber, type Value } from './value.ts'

const sequence = 0x30
const integer = 0x02
const octets = 0x04
const nothing = 0x05
const oid = 0x06

/** What is asked (RFC 3416 section 3): nothing here can write. */
export const requestPdus = { get: 0xa0, next: 0xa1, bulk: 0xa5 } as const

export type RequestPdu = (typeof requestPdus)[keyof typeof requestPdus]

/** RFC 3416 section 3: Response. */
export const responsePdu = 0xa2

/** An OID as BER content: the bytes of `bytes` from `begin` to `end`. */
export interface OidSlice {
  readonly bytes: Uint8Array
  readonly begin: number
  readonly end: number
}

/** An OID from dotted text. */
export function sliceOf(text: string): OidSlice {
  const bytes = oidBytes(text)
  return { bytes, begin: 0, end: bytes.length }
}

/** An OID in dotted text. */
export function oidOf({ bytes, begin, end }: OidSlice): string {
  return oidText(bytes, begin, end)
}

/** A request of SNMPv1 or v2c. */
export interface Request {
  readonly version: 1 | 2
  readonly community: Uint8Array
  readonly pdu: RequestPdu
  /** 1 to 2^31 - 1 (RFC 3416 section 3: Integer32). */
  readonly id: number
  readonly repetitions: number
  readonly oids: readonly OidSlice[]
}

/** A request as bytes (RFC 1157 section 4, RFC 1901 section 3, RFC 3416 section 3). */
export function encodeRequest({ version, community, pdu, id, repetitions, oids }: Request): Buffer {
  let list = 0
  for (const { begin, end } of oids) list += sizeOfVarbind(end - begin)
  const repeating = pdu === requestPdus.bulk ? integerSize(repetitions) : 3
  const body = 6 + 3 + repeating + 1 + sizeOfLength(list) + list
  const inner = 3 + 1 + sizeOfLength(community.length) + community.length + 1 + sizeOfLength(body) + body
  const message = Buffer.allocUnsafe(1 + sizeOfLength(inner) + inner)
  let at = writeHead(message, 0, sequence, inner)
  at = writeInteger(message, at, version - 1)
  at = writeHead(message, at, octets, community.length)
  message.set(community, at)
  at = writeHead(message, at + community.length, pdu, body)
  at = writeHead(message, at, integer, 4)
  at = message.writeInt32BE(id, at)
  // error-status and error-index; of a GETBULK non-repeaters and max-repetitions.
  at = writeInteger(message, at, 0)
  at = writeInteger(message, at, pdu === requestPdus.bulk ? repetitions : 0)
  at = writeHead(message, at, sequence, list)
  for (const slice of oids) at = writeAsked(message, at, slice)
  return message
}

function sizeOfVarbind(length: number): number {
  const content = 1 + sizeOfLength(length) + length + 2
  return 1 + sizeOfLength(content) + content
}

/** A variable that is asked for: its OID, and nothing for its value. */
function writeAsked(message: Buffer, from: number, { bytes, begin, end }: OidSlice): number {
  const length = end - begin
  let at = writeHead(message, from, sequence, 1 + sizeOfLength(length) + length + 2)
  at = writeHead(message, at, oid, length)
  for (let i = begin; i < end; i++) message[at++] = bytes[i] ?? 0
  message[at++] = nothing
  message[at++] = 0
  return at
}

function integerSize(value: number): number {
  return value < 0x80 ? 3 : value < 0x8000 ? 4 : 5
}

/** A number that is not negative and has at most 23 bits. */
function writeInteger(message: Buffer, from: number, value: number): number {
  const length = integerSize(value) - 2
  const at = writeHead(message, from, integer, length)
  return message.writeUIntBE(value, at, length)
}

/** The outside of a message, up to its variables. */
export interface Header {
  readonly version: 1 | 2
  readonly pdu: number
  readonly id: number
  /** error-status (RFC 3416 section 3); 0 is none. */
  readonly status: number
  /** Where the variables lie. */
  readonly begin: number
  readonly end: number
}

/** Reads the outside of an SNMPv1 or v2c message; undefined for whatever is none. Never throws. */
export function decodeHeader(message: Uint8Array): Header | undefined {
  const whole = elementAt(message, 0, message.length)
  if (whole?.tag !== sequence) return undefined
  const version = elementAt(message, whole.begin, whole.end)
  const number = version === undefined ? undefined : smallInteger(message, version)
  if (version === undefined || (number !== 0 && number !== 1)) return undefined
  const community = elementAt(message, version.end, whole.end)
  if (community?.tag !== octets) return undefined
  const pdu = elementAt(message, community.end, whole.end)
  if (pdu === undefined) return undefined
  const id = elementAt(message, pdu.begin, pdu.end)
  const status = id === undefined ? undefined : elementAt(message, id.end, pdu.end)
  const index = status === undefined ? undefined : elementAt(message, status.end, pdu.end)
  const list = index === undefined ? undefined : elementAt(message, index.end, pdu.end)
  if (id === undefined || status === undefined || index?.tag !== integer || list?.tag !== sequence) return undefined
  const [idNumber, statusNumber] = [smallInteger(message, id), smallInteger(message, status)]
  if (idNumber === undefined || statusNumber === undefined) return undefined
  const { begin, end } = list
  return { version: number === 0 ? 1 : 2, pdu: pdu.tag, id: idNumber, status: statusNumber, begin, end }
}

/** An INTEGER of at most 4 bytes, or 5 where the first is a sign. */
function smallInteger(message: Uint8Array, { tag, begin, end }: Element): number | undefined {
  if (tag !== integer || end === begin || end - begin > 5) return undefined
  return signed(message, begin, end)
}

/**
 * Variables as they came, side by side: of each the places in `bytes` of its OID (`begins` to `ends`) and of its content
 * (`contents` to `stops`), its type (the BER tag) and its value.
 */
export interface Varbinds {
  readonly bytes: Buffer
  readonly begins: readonly number[]
  readonly ends: readonly number[]
  readonly contents: readonly number[]
  readonly stops: readonly number[]
  readonly types: readonly number[]
  readonly values: readonly Value[]
}

/** One of them by itself. */
export interface Variable {
  readonly oid: string
  readonly type: number
  readonly content: Buffer
}

export function variableAt({ bytes, begins, ends, contents, stops, types }: Varbinds, i: number): Variable {
  return {
    oid: oidText(bytes, begins[i] ?? 0, ends[i] ?? 0),
    type: types[i] ?? nothing,
    content: bytes.subarray(contents[i], stops[i]),
  }
}

/** Reads the variables between `begin` and `end`; undefined when one of them is malformed. Never throws. */
export function decodeVarbinds(message: Buffer, begin: number, end: number): Varbinds | undefined {
  const begins: number[] = []
  const ends: number[] = []
  const contents: number[] = []
  const stops: number[] = []
  const types: number[] = []
  const values: Value[] = []
  let at = begin
  while (at < end) {
    const length = message[at] === sequence ? lengthAt(message, at, end) : -1
    const name = at + headSize(message, at)
    const last = name + length
    const nameLength = length >= 0 && message[name] === oid ? lengthAt(message, name, last) : -1
    const nameBegin = name + headSize(message, name)
    const nameEnd = nameBegin + nameLength
    const valueLength = nameLength < 0 ? -1 : lengthAt(message, nameEnd, last)
    if (valueLength < 0 || !isOidContent(message, nameBegin, nameEnd)) return undefined
    const type = message[nameEnd] ?? 0
    const valueBegin = nameEnd + headSize(message, nameEnd)
    const valueEnd = valueBegin + valueLength
    if (valueEnd !== last) return undefined
    const value = valueAt(message, type, valueBegin, valueEnd)
    if (value === undefined) return undefined
    begins.push(nameBegin)
    ends.push(nameEnd)
    contents.push(valueBegin)
    stops.push(valueEnd)
    types.push(type)
    values.push(value)
    at = last
  }
  return { bytes: message, begins, ends, contents, stops, types, values }
}

/** Types by their BER tags (RFC 2578 section 7.1); 71 is UInteger32 of RFC 1442, which some old agents send. */
const address = 64
const counter = 65
const gauge = 66
const ticks = 67
const opaque = 68
const counter64 = 70
const unsigned32 = 71
const wordSize = 2 ** 32
/** More bytes than these are no number: 64 bits with a sign. */
const longestNumber = 9

/** The value of a variable; undefined when its content cannot be of its type. */
function valueAt(message: Buffer, type: number, begin: number, end: number): Value | undefined {
  switch (type) {
    case integer:
      return isNumber(begin, end) ? signed(message, begin, end) : undefined
    case counter:
    case gauge:
    case ticks:
    case unsigned32:
      return isNumber(begin, end) ? lowWord(message, begin, end) : undefined
    case counter64:
      return isNumber(begin, end) ? unsigned(message, begin, end) : undefined
    case octets:
      return message.subarray(begin, end)
    case opaque:
      return opaqueNumber(message.subarray(begin, end))
    case oid:
      if (begin === end) return ''
      return isOidContent(message, begin, end) ? oidText(message, begin, end) : undefined
    case address:
      return end - begin === 4 ? message.subarray(begin, end).join('.') : undefined
    case nothing:
    case noSuchObject:
    case noSuchInstance:
    case endOfMibView:
      return null
    default:
      return undefined
  }
}

function isNumber(begin: number, end: number): boolean {
  return end > begin && end - begin <= longestNumber
}

function signed(message: Uint8Array, begin: number, end: number): number {
  let value = ((message[begin] ?? 0) << 24) >> 24
  for (let i = begin + 1; i < end; i++) value = value * 256 + (message[i] ?? 0)
  return value
}

/** The last 32 bits: agents send counters with and without a leading zero, some with a sign. */
function lowWord(message: Uint8Array, begin: number, end: number): number {
  let value = 0
  for (let i = Math.max(begin, end - 4); i < end; i++) value = (value << 8) | (message[i] ?? 0)
  // A short negative number is one with its sign spread.
  if (end - begin < 4 && (message[begin] ?? 0) >= 0x80) value |= -1 << (8 * (end - begin))
  return value >>> 0
}

/**
 * Counter64 as a number, modulo 2^53, where JavaScript's numbers stop being exact: the counter then looks as if it had
 * been reset, which rate() bears. Agents send 1 to 9 bytes of it.
 */
export function unsigned(message: Uint8Array, begin: number, end: number): number {
  let low = 0
  let high = 0
  for (let i = Math.max(begin, end - 4); i < end; i++) low = (low << 8) | (message[i] ?? 0)
  for (let i = Math.max(begin, end - 8); i < end - 4; i++) high = (high << 8) | (message[i] ?? 0)
  return (high & 0x1f_ffff) * wordSize + (low >>> 0)
}

/** The same with another content of one variable, which is read anew; undefined where it cannot be of its type. */
export function withContent(varbinds: Varbinds, i: number, content: Uint8Array): Varbinds | undefined {
  const { bytes, begins, ends, contents, stops, types, values } = varbinds
  const begin = contents[i] ?? 0
  const end = stops[i] ?? begin
  const by = content.length - (end - begin)
  const moved = (places: readonly number[]): readonly number[] =>
    places.map((place, at) => (at > i ? place + by : place))
  const changed = Buffer.concat([bytes.subarray(0, begin), content, bytes.subarray(end)])
  const value = valueAt(changed, types[i] ?? nothing, begin, end + by)
  if (value === undefined) return undefined
  return {
    bytes: changed,
    begins: moved(begins),
    ends: moved(ends),
    contents: moved(contents),
    stops: moved(stops).with(i, end + by),
    types,
    values: values.with(i, value),
  }
}

/**
 * A raw value as an agent would send it in a variable of this type (RFC 2578 section 7.1), to the nearest whole number
 * where the type has no others; `like` is what it did send. Undefined where the type cannot hold it.
 */
export function contentFor(type: number, raw: number | string | boolean, like: Uint8Array): Uint8Array | undefined {
  const number = Math.round(Number(raw))
  switch (type) {
    case integer:
      return number >= -(2 ** 31) && number < 2 ** 31 ? integerBytes(number) : undefined
    case counter:
    case gauge:
    case ticks:
    case unsigned32:
      return number >= 0 && number < wordSize ? unsignedBytes(number) : undefined
    case counter64:
      return number >= 0 && number <= Number.MAX_SAFE_INTEGER ? integerBytes(number) : undefined
    case octets:
      return Buffer.from(String(raw))
    case opaque:
      return opaqueBytes(Number(raw), like)
    case oid:
      return /^[0-2](\.\d+)+$/.test(String(raw)) ? oidBytes(String(raw)) : undefined
    default:
      return undefined
  }
}

/** The types by their names (RFC 2578 section 7.1, RFC 3416 section 3). */
export const typeNames: Readonly<Record<number, string>> = {
  [integer]: 'INTEGER',
  [octets]: 'OCTET STRING',
  [nothing]: 'NULL',
  [oid]: 'OBJECT IDENTIFIER',
  [address]: 'IpAddress',
  [counter]: 'Counter32',
  [gauge]: 'Gauge32',
  [ticks]: 'TimeTicks',
  [opaque]: 'Opaque',
  [counter64]: 'Counter64',
  [unsigned32]: 'UInteger32',
  [noSuchObject]: 'noSuchObject',
  [noSuchInstance]: 'noSuchInstance',
  [endOfMibView]: 'endOfMibView',
}

/** A variable as the library for SNMPv3 has it; Counter64, Opaque and octets are bytes. */
export interface Varbind {
  readonly oid: string
  readonly type: number
  readonly value: number | string | boolean | Buffer | null | undefined
}

/** Variables that the library has read, in our form. */
export function varbindsOf(list: readonly Varbind[]): Varbinds {
  const parts = list.map((varbind) => ({
    name: oidBytes(varbind.oid),
    content: contentOf(varbind),
    type: varbind.type,
  }))
  const bytes = Buffer.concat(parts.flatMap(({ name, content }) => [name, content]))
  const begins: number[] = []
  const ends: number[] = []
  const stops: number[] = []
  let at = 0
  for (const { name, content } of parts) {
    begins.push(at)
    at += name.length
    ends.push(at)
    at += content.length
    stops.push(at)
  }
  const values = parts.map(({ type }, i) => valueAt(bytes, type, ends[i] ?? 0, stops[i] ?? 0) ?? null)
  return { bytes, begins, ends, contents: ends, stops, types: list.map(({ type }) => type), values }
}

/** A value as BER content. */
function contentOf({ type, value }: Varbind): Uint8Array {
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'number') return type === integer ? integerBytes(value) : unsignedBytes(value)
  if (typeof value !== 'string') return new Uint8Array()
  return type === address ? Uint8Array.from(value.split('.').map(Number)) : oidBytes(value)
}

function integerBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(Math.trunc(value)))
  return bytes
}

function unsignedBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32BE(value >>> 0, 1)
  return bytes
}
